//! Streams without a session: how many stay, and for how long.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::{Arrived, Door, StreamCarrier};
use crate::origin::Origin;

/// So long a stream stays without a session: about as long as it is tried to connect.
pub(super) const STRANGER_TIME: Duration = Duration::from_secs(5);

/// How many streams stay without a session, be it that they have none yet or none any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct MostStrangers {
    pub(super) in_all: usize,
    pub(super) of_one_address: usize,
}

/// Half of them may come from one address: a crowd behind one address comes in at once, and one
/// attacker does not shut all others out.
pub(super) const MOST_STRANGERS: MostStrangers =
    MostStrangers { in_all: 1024, of_one_address: 512 };

impl<D: Door> StreamCarrier<D> {
    /// Makes room for one who comes from an address.
    pub(super) fn make_room(&mut self, from: SocketAddr, each: &mut dyn FnMut(Arrived<'_>)) {
        // Nobody has two streams between the same ports: that one is gone.
        self.remove(from, ErrorKind::ConnectionReset, each);
        if !self.send_away(Some(Origin::of(from.ip())), self.most_strangers.of_one_address, each) {
            self.send_away(None, self.most_strangers.in_all, each);
        }
    }

    /// Ends the oldest stream without a session, of an address or of all, if there are so many;
    /// whether there are.
    pub(super) fn send_away(
        &mut self,
        of: Option<Origin>,
        most: usize,
        each: &mut dyn FnMut(Arrived<'_>),
    ) -> bool {
        if self.passing < most {
            return false;
        }
        let passing = self.connections.iter().filter(|(_, it)| it.ends_at().is_some());
        let those = passing.filter(|(at, _)| of.is_none_or(|of| of == Origin::of(at.ip())));
        let those = those.map(|(address, it)| (it.ends_at(), *address));
        let oldest = those.clone().min().filter(|_| those.count() >= most);
        if let Some((_, address)) = oldest {
            self.dropped += 1;
            self.remove(address, ErrorKind::TimedOut, each);
        }
        oldest.is_some()
    }

    /// Ends those whose time is over.
    pub(super) fn expire(&mut self, now: Instant, each: &mut dyn FnMut(Arrived<'_>)) {
        if self.passing > 0 {
            let over = |it: &Connection<_>| it.ends_at().is_some_and(|at| at <= now);
            let all = self.connections.iter().filter(|(_, it)| over(it));
            for address in all.map(|(address, _)| *address).collect::<Vec<_>>() {
                self.dropped += 1;
                self.remove(address, ErrorKind::TimedOut, each);
            }
        }
    }
}
