//! The program `soak`, for two seconds.

#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// Processes of one soak would hold up those of another one.
static ALONE: Mutex<()> = Mutex::new(());

/// Plays a soak; gives its line.
fn soak(more: &[&str]) -> Value {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_soak"))
        .args(["group", "--seconds", "2", "--groups", "3", "--kill-every-ms", "200"])
        .args(["--seed", &seed])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    println!("{lines}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "seed {seed}: {}", output.status);
    assert_eq!(lines.lines().count(), 1);
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line["seed"].to_string(), seed);
    line
}

fn number(line: &Value, name: &str) -> u64 {
    line[name].as_u64().unwrap_or_else(|| panic!("{name} in {line}"))
}

/// The fields of a line.
const FIELDS: &str = "seed kills restarts sent handled redelivered reported_undelivered \
    reported_unknown lost_unreported reported_but_handled out_of_order duplicated notice_ms_max \
    ready_ms_max tick_p99_ms_main rss_growth_bytes";

fn assert_promises(line: &Value) {
    let mut fields: Vec<_> = FIELDS.split(' ').collect();
    fields.sort_unstable();
    assert!(line.as_object().unwrap().keys().eq(fields), "{line}");
    for name in ["lost_unreported", "reported_but_handled", "out_of_order"] {
        assert_eq!(number(line, name), 0, "{name} in {line}");
    }
    assert!(number(line, "sent") > 0);
    assert!(number(line, "kills") > 0);
    assert_eq!(number(line, "restarts"), number(line, "kills"));
    assert!(line["notice_ms_max"].as_f64().unwrap() < 50.0, "{line}");
    for name in ["ready_ms_max", "tick_p99_ms_main", "rss_growth_bytes"] {
        assert!(line[name].is_number(), "{name} in {line}");
    }
}

#[test]
fn each_message_to_groups_that_are_killed_is_accounted_for() {
    let line = soak(&[]);
    assert_promises(&line);
    let reported = number(&line, "reported_undelivered") + number(&line, "reported_unknown");
    let (sent, handled) = (number(&line, "sent"), number(&line, "handled"));
    assert!(handled <= sent && handled + reported >= sent, "{line}");
    assert_eq!((number(&line, "duplicated"), number(&line, "redelivered")), (0, 0), "{line}");
}

#[test]
fn each_message_to_acked_groups_that_are_killed_is_handled() {
    let line = soak(&["--acked", "--bytes", "1000"]);
    assert_promises(&line);
    let (handled, duplicated) = (number(&line, "handled"), number(&line, "duplicated"));
    assert_eq!(handled - duplicated, number(&line, "sent"), "{line}");
    assert!(duplicated <= number(&line, "redelivered"), "{line}");
    let reported = number(&line, "reported_undelivered") + number(&line, "reported_unknown");
    assert_eq!(reported, 0, "{line}");
}
