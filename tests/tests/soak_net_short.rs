//! The program `soak` over simulated networks, with few messages.

#![allow(clippy::unwrap_used, missing_docs)]

use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

fn run(flags: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_soak"))
        .arg("net")
        .args(flags.split_whitespace())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Plays a soak that keeps all promises; gives its line.
#[track_caller]
fn soak(seed: u64, flags: &str) -> Value {
    let output = run(&format!("--seed {seed} {flags}"));
    let lines = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seed {seed}, {flags}: {lines}{told}");
    assert_eq!(lines.lines().count(), 1, "seed {seed}, {flags}");
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line["seed"].as_u64(), Some(seed));
    line
}

#[track_caller]
fn number(line: &Value, name: &str) -> f64 {
    line[name].as_f64().unwrap_or_else(|| panic!("{name} in {line}"))
}

fn any_seed() -> u64 {
    u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos())
}

const BAD_LINE: &str = "--loss 0.2 --duplicate 0.02 --reorder 0.1 --latency-ms 50 --jitter-ms 30 --streams 3 --two-way";

#[test]
fn what_is_reliable_arrives_once_and_as_it_was_sent() {
    for delivery in ["reliable-ordered", "reliable-unordered"] {
        for (bytes, messages) in [(1, 2_000), (7, 2_000), (8, 2_000), (64, 2_000), (5_000, 50)] {
            let flags =
                format!("{BAD_LINE} --delivery {delivery} --bytes {bytes} --messages {messages}");
            let line = soak(any_seed(), &flags);
            let count = f64::from(2 * messages);
            assert_eq!((number(&line, "sent"), number(&line, "delivered")), (count, count));
            for name in ["lost", "duplicated", "out_of_order", "corrupted", "reported_undelivered"]
            {
                assert_eq!(number(&line, name), 0.0, "{name}: {flags}: {line}");
            }
            assert!(number(&line, "bytes") > f64::from(2 * messages * bytes), "{flags}: {line}");
        }
    }
}

#[test]
fn a_part_is_lost_of_what_may_be_and_the_rest_is_as_it_was_sent() {
    for delivery in ["unreliable", "sequenced"] {
        for bytes in [1, 7, 64] {
            let flags = format!(
                "{BAD_LINE} --delivery {delivery} --bytes {bytes} --messages 500 --rate-hz 100"
            );
            let line = soak(any_seed(), &flags);
            let (delivered, lost) = (number(&line, "delivered"), number(&line, "lost"));
            assert_eq!((number(&line, "sent"), delivered + lost), (1_000.0, 1_000.0), "{line}");
            assert!(delivered > 500.0 && lost > 50.0, "{flags}: {line}");
            let wrong = number(&line, "corrupted") + number(&line, "out_of_order");
            assert_eq!(wrong, 0.0, "{flags}: {line}");
        }
    }
}

#[test]
fn the_seed_decides_all() {
    for line in [
        format!("{BAD_LINE} --carrier udp"),
        format!("{BAD_LINE} --carrier laminar"),
        format!("{BAD_STREAM} --cut-every-ms 200"),
    ] {
        let flags = format!("{line} --messages 500 --flows 2");
        let mut lines = [7, 7, 8].map(|seed| soak(seed, &flags));
        let hash_of = |line: &Value| line["state_hash"].as_str().unwrap().to_owned();
        assert_ne!(hash_of(&lines[0]), hash_of(&lines[2]));
        for line in &mut lines {
            line["wall_seconds"].take();
        }
        assert_eq!(lines[0], lines[1]);
    }
}

/// Over byte streams nothing comes twice or out of its order, and a loss is a delay.
const BAD_STREAM: &str =
    "--carrier tcp --loss 0.05 --latency-ms 50 --jitter-ms 30 --streams 3 --two-way";

#[test]
fn byte_streams_that_split_join_and_stall_lose_nothing() {
    for delivery in ["reliable-ordered", "reliable-unordered", "sequenced", "unreliable"] {
        for (bytes, messages) in [(1, 2_000), (7, 2_000), (64, 2_000), (20_000, 50)] {
            let flags =
                format!("{BAD_STREAM} --delivery {delivery} --bytes {bytes} --messages {messages}");
            let line = soak(any_seed(), &flags);
            let count = f64::from(2 * messages);
            assert_eq!((number(&line, "sent"), number(&line, "delivered")), (count, count));
            for name in ["lost", "duplicated", "out_of_order", "corrupted", "reported_undelivered"]
            {
                assert_eq!(number(&line, name), 0.0, "{name}: {flags}: {line}");
            }
        }
    }
    let narrow = "--carrier tcp --messages 2000 --flows 3 --bandwidth-kbps 2000 \
                  --queue-bytes 25000 --latency-ms 20 --blackout-ms 3000";
    let line = soak(any_seed(), narrow);
    assert_eq!(number(&line, "delivered"), 6_000.0, "{line}");
    assert!((0.1..=1.0).contains(&number(&line, "goodput_ratio")), "{line}");
    assert!(number(&line, "virtual_seconds") > 3.0, "{line}");
}

#[test]
fn what_a_connection_that_broke_off_did_not_deliver_is_reported_and_the_next_one_goes_on() {
    for delivery in ["reliable-ordered", "reliable-unordered"] {
        let flags = format!(
            "{BAD_STREAM} --delivery {delivery} --messages 2000 --rate-hz 500 --cut-every-ms 1500"
        );
        let line = soak(any_seed(), &flags);
        let (delivered, reported) =
            (number(&line, "delivered"), number(&line, "reported_undelivered"));
        assert_eq!(delivered + reported, 4_000.0, "{line}");
        assert!(reported > 0.0 && delivered > 1_000.0, "{line}");
        assert!(number(&line, "cuts") > 1.0, "{line}");
    }
}

#[test]
fn blackouts_and_silence_lose_nothing() {
    let line = soak(
        any_seed(),
        "--messages 300 --rate-hz 100 --latency-ms 20 --loss 0.1 --blackout-ms 7000 --tail-ms 40000",
    );
    assert_eq!(number(&line, "delivered"), 300.0, "{line}");
    assert!((42.0..50.0).contains(&number(&line, "virtual_seconds")), "{line}");
    assert!(number(&line, "delay_p99_ms") > 5_000.0, "{line}");
    let line = soak(
        any_seed(),
        "--messages 600 --rate-hz 100 --latency-ms 20 --blackout-ms 500 --blackout-every-ms 2000",
    );
    assert_eq!(number(&line, "delivered"), 600.0, "{line}");
    assert!(number(&line, "delay_p99_ms") > 300.0, "{line}");
}

#[test]
fn flows_share_the_bandwidth() {
    let line = soak(
        any_seed(),
        "--messages 2000 --flows 3 --bandwidth-kbps 2000 --queue-bytes 25000 --latency-ms 20",
    );
    let goodput = number(&line, "goodput_ratio");
    assert!(goodput > 0.1 && goodput <= 1.0, "{line}");
    let fairness = number(&line, "fairness");
    assert!((0.33..=1.0).contains(&fairness), "{line}");
    let (median, most) = (number(&line, "queue_delay_p50_ms"), number(&line, "queue_delay_p99_ms"));
    assert!(median <= most && most <= 102.0, "{line}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    for flags in [
        "--blackout-ms 9 --blackout-every-ms 9",
        "--loss 1.5",
        "--streams 17",
        "--flows 0",
        "--carrier tcp --reorder 0.1",
        "--carrier tcp --duplicate 0.1",
        "--carrier tcp --cut-every-ms 100 --bytes 7",
        "--cut-every-ms 100",
    ] {
        let output = run(flags);
        assert!(!output.status.success() && output.stdout.is_empty(), "{flags}");
        assert!(!output.stderr.is_empty(), "{flags}");
    }
}
