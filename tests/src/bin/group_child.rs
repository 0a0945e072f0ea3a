//! The program of the groups in processes that the tests add.
//!
//! It is no group unless a test starts it as one: then it says so, and ends.

#![allow(missing_docs)]

#[path = "../../support/group_entries.rs"]
mod group_entries;

fn main() {
    if std::env::args().any(|argument| argument == "--leave") {
        return;
    }
    if std::env::args().any(|argument| argument == "--forget") {
        forget();
    }
    pysage_group::enable_groups(group_entries::ENTRIES);
    if let Some(way) = std::env::args().skip_while(|argument| argument != "--parent").nth(1) {
        be_parent(&way);
        return;
    }
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

/// Has groups of both kinds, one of which has one of its own, says so, and ends or stays.
fn be_parent(way: &str) {
    use group_entries::{Do, Ping, WORKER};
    use pysage_group::{ActorManager, GroupConfig, Groups};

    let manager = ActorManager::new();
    manager.register_message::<Ping>().expect("it has a packet type");
    let add = |name| manager.add_process_group(name, WORKER, GroupConfig::default());
    add("one").and_then(|_| add("two")).expect("the groups start");
    manager.add_thread_group("three", WORKER, GroupConfig::default()).expect("the thread starts");
    let tell = |act| manager.send_to_group("one", act).expect("it is there");
    tell(Do::Add("sub".to_owned()));
    while manager.send_to_group("one/sub", Ping(1)).is_err() {
        manager.wait_until(std::time::Instant::now() + std::time::Duration::from_millis(20));
        manager.tick().expect("nothing fails");
    }
    if way == "hangs" {
        tell(Do::Say("about to hang".to_owned()));
        tell(Do::Hang);
    }
    manager.tick().expect("nothing fails");
    println!("ready");
    match way {
        "ends" => manager.clear_groups().expect("they end"),
        "panics" => panic!("told to panic"),
        "exits" => std::process::exit(3),
        _ => loop {
            std::thread::park();
        },
    }
}
