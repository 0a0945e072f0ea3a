//! What nobody else can guess; or, for simulations, what follows from a seed.

use std::hash::{BuildHasher, RandomState};

/// Where random numbers come from.
pub(crate) struct Random {
    source: Source,
    drawn: u64,
}

enum Source {
    /// The keys of hash maps are the randomness of the operating system that std has: a keyed hash
    /// of a counter tells nobody what comes next.
    System(RandomState),
    Seed(u64),
}

impl Random {
    pub(crate) fn new(seed: Option<u64>) -> Random {
        let source = seed.map_or_else(|| Source::System(RandomState::new()), Source::Seed);
        Random { source, drawn: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.drawn += 1;
        match &self.source {
            Source::System(keys) => keys.hash_one(self.drawn),
            Source::Seed(seed) => split_mix(seed.wrapping_add(self.drawn.wrapping_mul(GOLDEN))),
        }
    }

    /// Draws a secret: from the operating system itself, unless there is a seed.
    #[cfg(feature = "secure")]
    pub(crate) fn secret(&mut self) -> zeroize::Zeroizing<[u8; 32]> {
        use ring::rand::{SecureRandom, SystemRandom};

        let mut secret = zeroize::Zeroizing::new([0; 32]);
        match self.source {
            Source::System(_) => {
                let drawn = SystemRandom::new().fill(&mut *secret);
                drawn.expect("the operating system has random numbers");
            }
            Source::Seed(_) => {
                for eight in secret.chunks_mut(8) {
                    eight.copy_from_slice(&self.next().to_le_bytes());
                }
            }
        }
        secret
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64: Steele, Lea and Flood, 2014.
fn split_mix(seed: u64) -> u64 {
    let mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
