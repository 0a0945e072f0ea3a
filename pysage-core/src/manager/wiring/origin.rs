//! Where messages come from that a transport brought, and how many of them are done.

use std::cell::Cell;

use super::Attached;
use crate::destination::{Destination, There};
use crate::manager::World;
use crate::manager::run_log::Origin;
use crate::transport::LinkId;

/// An origin that messages are being added to. In cells of its own, each of which is read as it was
/// written: a value that is written in parts and read as a whole makes each message wait.
#[derive(Default)]
pub(super) struct OpenOrigin {
    sender: Cell<Option<There>>,
    again: Cell<bool>,
    messages: Cell<u64>,
    bytes: Cell<usize>,
}

impl World {
    /// Counts messages that are queued next, and says where they come from.
    #[inline(always)]
    pub(crate) fn count_from(&self, from: There, again: bool, messages: u64, bytes: usize) {
        let origin = &self.wiring.origin;
        if (origin.sender.get() != Some(from)) | (origin.again.get() != again) {
            self.begin_origin(from, again);
        }
        origin.messages.set(origin.messages.get() + messages);
        origin.bytes.set(origin.bytes.get() + bytes);
    }

    #[inline(never)]
    fn begin_origin(&self, from: There, again: bool) {
        self.close_origin();
        let origin = &self.wiring.origin;
        origin.sender.set(Some(from));
        origin.again.set(again);
        origin.messages.set(0);
        origin.bytes.set(0);
        let sender = Some(Destination::at(from));
        self.front().log.mark(Origin { sender, again, ..Origin::default() });
    }

    /// Messages are this manager's own from here on.
    #[inline]
    pub(crate) fn close_origin(&self) {
        let OpenOrigin { sender, again, messages, bytes } = &self.wiring.origin;
        if let Some(from) = sender.take() {
            let (again, messages, bytes) = (again.get(), messages.get(), bytes.get());
            let mut front = self.front();
            front.log.amend(Origin { sender: Some(Destination::at(from)), again, messages, bytes });
            front.log.mark(Origin::default());
        }
    }

    /// Takes note of messages that came from there and were not queued.
    pub(crate) fn note_done_at_once(&self, from: There, messages: u64) {
        let sender = Some(Destination::at(from));
        self.note_done([Origin { sender, messages, ..Origin::default() }]);
    }

    /// Takes note of messages that are done, by where they came from.
    pub(in crate::manager) fn note_done(&self, origins: impl IntoIterator<Item = Origin>) {
        for Origin { sender, messages, bytes, .. } in origins {
            let Some(there) = sender.and_then(|sender| sender.there()) else { continue };
            let Some(attached) = self.attached(there.manager, there.transport) else { continue };
            let waiting = attached.waiting_bytes.get().saturating_sub(bytes);
            attached.waiting_bytes.set(waiting);
            if messages == 0 {
                continue;
            }
            attached.note_done(there.link, messages);
        }
    }
}

impl Attached {
    fn note_done(&self, link: LinkId, messages: u64) {
        let mut done = self.done.borrow_mut();
        match done.last_mut() {
            Some((last, count)) if *last == link => *count += messages,
            _ => done.push((link, messages)),
        }
    }

    /// What is done, each link once. There may be as many links as messages.
    pub(super) fn take_done(&self) -> Vec<(LinkId, u64)> {
        let mut done = self.done.take();
        done.sort_unstable_by_key(|(link, _)| *link);
        done.dedup_by(|(link, count), (kept, sum)| {
            let same = link == kept;
            *sum += if same { *count } else { 0 };
            same
        });
        done
    }
}
