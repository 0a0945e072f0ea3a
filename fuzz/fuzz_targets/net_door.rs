#![no_main]

#[allow(dead_code)]
#[path = "../../tests/support/fuzzing.rs"]
mod fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzing::net_door(bytes));
