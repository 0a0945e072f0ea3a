//! Real processes for `tests/group_socket.rs`: the parent in one scenario, or a child in a role.
//!
//! It is compiled with the room `socket` of `pysage-group`, which nobody outside that crate reaches.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[cfg(unix)]
#[path = "../../../pysage-group/src"]
mod group {
    #[allow(dead_code, unused_imports)]
    pub(crate) mod socket;
}

#[cfg(unix)]
#[path = "group_socket_child"]
mod play {
    pub(crate) mod role;
    pub(crate) mod scenario;

    use std::os::fd::AsFd;
    use std::time::{Duration, Instant};

    use super::group::socket::{Control, Interest, Waiter};

    fn wait_readable(waiter: &Waiter, control: &Control, at_most: Duration) {
        let interest = Interest { descriptor: control.as_fd(), readable: true, writable: false };
        let deadline = Instant::now() + at_most;
        waiter.wait(&[interest], Some(deadline)).unwrap();
        assert!(Instant::now() < deadline, "nothing came");
    }
}

#[cfg(unix)]
fn main() {
    use std::process::exit;

    let mut arguments = std::env::args();
    match group::socket::inherited() {
        Ok(Some(inherited)) => {
            let role = arguments.nth(3).expect("a role");
            play::role::play(inherited, &role);
        }
        Ok(None) => {
            assert!(!group::socket::is_marked());
            let scenario = arguments.nth(1).expect("a scenario");
            play::scenario::play(&scenario);
        }
        Err(error) => {
            assert!(group::socket::is_marked());
            eprintln!("{error}");
            exit(2);
        }
    }
}

#[cfg(not(unix))]
fn main() {}
