//! The manager against a slow and plain reference, over random sequences of operations.
//!
//! `PROPTEST_CASES` sets how many sequences are tried, `MODEL_SEED` takes up those of a run that
//! failed. A bug that is found here gets a test of its own in `model_manager/found.rs`.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "model_manager/beside.rs"]
mod beside;
#[path = "model_manager/cast.rs"]
mod cast;
#[path = "model_manager/coverage.rs"]
mod coverage;
#[path = "model_manager/found.rs"]
mod found;
#[path = "model_manager/generate.rs"]
mod generate;
#[path = "model_manager/log.rs"]
mod log;
#[path = "model_manager/messages.rs"]
mod messages;
#[path = "model_manager/play.rs"]
mod play;
#[path = "model_manager/quiet.rs"]
mod quiet;
#[path = "model_manager/reference.rs"]
mod reference;
#[path = "model_manager/shrink.rs"]
mod shrink;
#[path = "model_manager/stage.rs"]
mod stage;

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::env;
use std::fmt::Write;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use proptest::test_runner::{
    Config, RngAlgorithm, TestCaseError, TestCaseResult, TestError, TestRng, TestRunner,
};

use coverage::Coverage;
use log::Event;
use play::Play;
use reference::Reference;
use stage::{FUEL, Real};

/// How many cases are tried unless `PROPTEST_CASES` says otherwise: some seconds' worth.
const CASES: u32 = 10_000;

#[test]
fn the_manager_does_what_the_reference_does() {
    let seed = match env::var("MODEL_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => RandomState::new().build_hasher().finish(),
    };
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let seed_bytes: Vec<u8> = [seed; 4].iter().flat_map(|part: &u64| part.to_le_bytes()).collect();
    let cases = config.cases;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed_bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let coverage = RefCell::new(Coverage::default());
    let outcome = runner.run(&generate::Plays, |play| {
        let (result, seen) = compare(&play);
        coverage.borrow_mut().add(&seen);
        result
    });
    match outcome {
        Ok(()) => {
            let coverage = coverage.borrow();
            println!("{coverage}");
            let missing = if cases < CASES { Vec::new() } else { coverage.missing() };
            assert!(missing.is_empty(), "never came about: {missing:?}\nMODEL_SEED={seed}");
        }
        Err(TestError::Fail(_, play)) => {
            let (result, _) = compare(&play);
            panic!("{}\n{play:?}MODEL_SEED={seed} {runner}", result.unwrap_err());
        }
        Err(aborted) => panic!("{aborted}"),
    }
}

/// Plays on both stages; what is seen of them has to be the same after every step.
fn compare(play: &Play) -> (TestCaseResult, Coverage) {
    quiet::quietly(|| compare_loudly(play))
        .unwrap_or_else(|panic| (Err(TestCaseError::fail(panic)), Coverage::default()))
}

fn compare_loudly(play: &Play) -> (TestCaseResult, Coverage) {
    let (real, mut reference) = (Real::new(play.rules), Reference::new(play.rules));
    for (step, op) in play.steps.iter().enumerate() {
        let really = Arc::new(real.step(op));
        let expected = reference.step(op, FUEL, &really);
        if *really != expected {
            let found = format!("step {step}, {op:?}:\n{}", difference(&really, &expected));
            return (Err(TestCaseError::fail(found)), reference.coverage);
        }
        let (really, expected) = (real.standing(), reference.standing());
        if really != expected {
            let found = format!("after step {step}, {op:?}:\n  {really:?}\nnot\n  {expected:?}");
            return (Err(TestCaseError::fail(found)), reference.coverage);
        }
    }
    (Ok(()), reference.coverage)
}

/// The logs from a little before the first line in which they differ.
fn difference(really: &[Event], expected: &[Event]) -> String {
    let alike = really.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let mut text = String::new();
    for event in &really[alike.saturating_sub(8)..alike] {
        writeln!(text, "    {event:?}").unwrap();
    }
    for (sign, log) in [("was", really), ("not", expected)] {
        let shown = log[alike..].iter().take(3);
        shown.for_each(|event| writeln!(text, "{sign} {event:?}").unwrap());
    }
    text
}
