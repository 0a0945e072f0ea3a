//! Real processes for `tests/group_socket.rs`: the parent in one scenario, or a child in a role.
//!
//! It is compiled with the room `socket` of `pysage-group`, which nobody outside that crate reaches.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "../../../pysage-group/src"]
mod group {
    #[allow(dead_code, unused_imports)]
    pub(crate) mod socket;
}

#[path = "group_socket_child"]
mod play {
    #[cfg(all(unix, not(pysage_loopback)))]
    pub(crate) mod attack;
    #[cfg(all(unix, not(pysage_loopback)))]
    pub(crate) mod hostile;
    pub(crate) mod role;
    pub(crate) mod scenario;

    use std::time::{Duration, Instant};

    use super::group::socket::{Control, Waiter};

    fn wait_readable(waiter: &Waiter, control: &Control, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        waiter.wait(&[control.interest()], Some(deadline), Duration::ZERO).unwrap();
        assert!(Instant::now() < deadline, "nothing came");
    }
}

fn main() {
    use std::process::exit;

    let mut arguments = std::env::args();
    #[cfg(all(unix, not(pysage_loopback)))]
    if let Some(role) = std::env::args().nth(3)
        && let Some(attack) = role.strip_prefix(play::attack::MARK)
    {
        return play::attack::play(attack);
    }
    match group::socket::inherited() {
        Ok(Some(inherited)) => {
            let role = arguments.nth(3).expect("a role");
            play::role::play(inherited, &role);
            group::socket::part(std::time::Instant::now() + std::time::Duration::from_secs(1));
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
