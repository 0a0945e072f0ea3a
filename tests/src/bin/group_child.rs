//! The program of the groups in processes that the tests add.
//!
//! It is no group unless a test starts it as one: then it says so, and ends.

#![allow(missing_docs)]

#[path = "../../support/group_entries.rs"]
mod group_entries;

fn main() {
    if std::env::args().any(|argument| argument == "--forget") {
        forget();
    }
    pysage_group::enable_groups(group_entries::ENTRIES);
    println!("this is the program of groups in tests; it does nothing by itself");
}

/// A program that did not call `enable_groups`, and goes on as if it were the first process.
fn forget() {
    use pysage_group::{ActorManager, GroupConfig, Groups};
    let config = GroupConfig::default();
    let added =
        ActorManager::new().add_process_group("child", group_entries::WORKER, config).map(drop);
    eprintln!("{}", added.expect_err("it was not enabled"));
    std::process::exit(7);
}
