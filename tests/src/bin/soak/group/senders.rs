//! Who sends the load: as fast as the groups take it, in bursts.

use std::time::Instant;

use pysage_group::{ActorManager, BoxError, Destination, GroupError, Groups, SendError};

use super::events::name_of;
use super::load::Bodies;

/// Those of all groups.
pub(crate) struct Senders {
    bodies: Bodies,
    all: Vec<Sender>,
    /// The one that begins the next burst.
    first: usize,
}

struct Sender {
    group: u32,
    to: Destination,
    /// The number of the next message: so many are sent.
    next: u64,
    is_full: bool,
}

/// How much goes to one group before the next one has its turn.
const TURN_BYTES: usize = 64 << 10;

impl Senders {
    pub(crate) fn new(bodies: Bodies, groups: impl IntoIterator<Item = Destination>) -> Senders {
        let sender = |(group, to)| Sender { group, to, next: 0, is_full: false };
        Senders { bodies, all: (0..).zip(groups).map(sender).collect(), first: 0 }
    }

    /// How many messages were sent to each group.
    pub(crate) fn sent(&self) -> impl Iterator<Item = u64> {
        self.all.iter().map(|sender| sender.next)
    }

    /// Sends until no group takes more, or until that time.
    pub(crate) fn send_until(
        &mut self,
        manager: &ActorManager,
        time: Instant,
    ) -> Result<(), BoxError> {
        self.all.iter_mut().for_each(|sender| sender.is_full = false);
        self.first = (self.first + 1) % self.all.len();
        let (ahead, behind) = self.all.split_at_mut(self.first);
        while Instant::now() < time {
            let mut any = false;
            for sender in behind.iter_mut().chain(ahead.iter_mut()).filter(|it| !it.is_full) {
                any = true;
                sender.take_turn(manager, self.bodies)?;
            }
            if !any {
                break;
            }
        }
        Ok(())
    }
}

impl Sender {
    fn take_turn(&mut self, manager: &ActorManager, bodies: Bodies) -> Result<(), BoxError> {
        for _ in 0..(TURN_BYTES / bodies.bytes.max(128)).max(1) {
            match manager.send(self.to, bodies.message(self.group, self.next)) {
                Ok(()) => self.next += 1,
                Err(SendError::Full { .. }) => {
                    self.is_full = true;
                    return Ok(());
                }
                // The group has ended: its successor has another link.
                Err(SendError::NoSuchLink) => return self.find_again(manager),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn find_again(&mut self, manager: &ActorManager) -> Result<(), BoxError> {
        match manager.group(name_of(self.group)) {
            Ok(to) => self.to = to,
            // It takes nothing before it is up again.
            Err(GroupError::Down { .. }) => self.is_full = true,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
