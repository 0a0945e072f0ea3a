//! The fuzz targets, for a second each, with bytes of a seeded generator. `FUZZ_SEED` takes up the
//! seed that a failing test printed.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/fuzzing.rs"]
mod fuzzing;

use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

const TIME: Duration = Duration::from_secs(1);
const MOST_BYTES: u64 = 512;

/// Xorshift64* (Vigna 2016): quick, and good enough to make up bytes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    /// Below a bound.
    fn below(&mut self, bound: u64) -> usize {
        (self.next() % bound.max(1)) as usize
    }

    /// Mostly small, since small numbers are lengths, variants and options that there are.
    fn byte(&mut self) -> u8 {
        match self.below(8) {
            0 => self.next() as u8,
            1 => 247 + self.below(9) as u8,
            2 => b'a' + self.below(26) as u8,
            _ => self.below(6) as u8,
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(MOST_BYTES);
        let length = self.below(length as u64 + 1);
        (0..length).map(|_| self.byte()).collect()
    }

    /// A seed with something changed, cut out, put in, or said twice.
    fn changed(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() as u64);
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, self.byte()),
                2 => bytes.extend_from_within(at..),
                _ if at >= bytes.len() => {}
                3 => bytes[at] = self.byte(),
                _ => bytes[at] ^= 1 << self.below(8),
            }
        }
        bytes
    }
}

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

/// The inputs that are kept beside the fuzz target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(corpus(target)).expect("each target has a corpus");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let kept = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-"))
    };
    let mut paths: Vec<_> = paths.filter(kept).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a seed can be read")).collect()
}

fn play(target: &str) {
    let (_, run) = fuzzing::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let given = env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| RandomState::new().hash_one(target) | 1);
    let mut random = Random(seed | 1);
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let started = Instant::now();
    let mut inputs = seeds.clone().into_iter();
    while started.elapsed() < TIME {
        let bytes = inputs.next().unwrap_or_else(|| match random.below(4) {
            0 => random.bytes(),
            _ => {
                let seed = random.below(seeds.len() as u64);
                random.changed(&seeds[seed])
            }
        });
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&bytes))) {
            eprintln!("{target} failed with FUZZ_SEED={seed}, on the bytes {bytes:02x?}");
            resume_unwind(panic);
        }
    }
}

#[test]
fn the_seeds_of_whole_messages_are_messages() {
    for seed in seeds("round_trip") {
        assert!(fuzzing::is_message(&seed), "{seed:02x?}");
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                play(stringify!($name));
            }
        )*

        #[test]
        fn all_targets_are_played() {
            let played = [$(stringify!($name)),*];
            assert_eq!(fuzzing::TARGETS.map(|(name, _)| name), played);
        }
    };
}

targets! {
    frame_head
    decode_compact
    decode_fixed
    decode_pysage
    message_table
    pipe_stream
    round_trip
    net_frames
    net_handshake
    net_endpoint
    net_hosts
    net_stream
    net_legacy
    net_sealed
    net_door
}
