//! The program `soak` at the door of a listener, with few of each attack.

#![allow(clippy::unwrap_used, missing_docs)]

use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

const FIELDS: &str = "seed spoofed_hellos reply_bytes_per_request_byte memory_growth_bytes \
    legit_sent legit_lost replayed_sent replayed_accepted forged_sent forged_accepted \
    wrong_key_tries wrong_key_bytes_to_app revoked_bytes_to_app rekeys rekey_lost";

#[test]
fn nobody_comes_in_or_is_believed_who_must_not() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_soak"))
        .args(["door", "--seed", &seed, "--hellos", "5000", "--datagrams", "10000"])
        .args(["--strangers", "8", "--revocations", "4", "--rekeys", "100"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seed {seed}: {lines}{told}");
    assert_eq!(lines.lines().count(), 1);
    let line: Value = serde_json::from_str(&lines).unwrap();
    let mut fields: Vec<_> = FIELDS.split(' ').collect();
    fields.sort_unstable();
    assert!(line.as_object().unwrap().keys().eq(fields), "{line}");
    let number = |name: &str| line[name].as_f64().unwrap();
    for name in FIELDS.split(' ') {
        let is_none = name.ends_with("lost") || name.ends_with("accepted") || name.ends_with("app");
        assert!(!is_none || number(name) == 0.0, "{name} in {line}");
    }
    assert_eq!(line["seed"].to_string(), seed);
    assert_eq!((number("spoofed_hellos"), number("wrong_key_tries")), (5_000.0, 8.0));
    assert_eq!((number("replayed_sent"), number("forged_sent")), (10_000.0, 10_000.0));
    assert!(number("rekeys") >= 100.0 && number("legit_sent") > 1_000.0, "{line}");
    assert!(number("reply_bytes_per_request_byte") < 0.1, "{line}");
}
