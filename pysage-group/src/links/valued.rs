//! A link between two groups of one process, over which messages go as values.

use std::collections::VecDeque;

use pysage_core::transport::{Envelope, Inbox, LinkId, Outgoing};

use crate::line::ValueEnd;
use crate::values::Load;

/// A link for values, which may not be there yet.
pub(crate) struct ValueLink {
    end: Option<ValueEnd>,
    bound_bytes: usize,
    /// What is to be put into the queue.
    outgoing: VecDeque<(Envelope, Load)>,
    outgoing_bytes: usize,
    /// What was taken out of the queue.
    incoming: VecDeque<(Envelope, Load)>,
    /// The other end puts nothing in any more.
    read_all: bool,
    taken: u64,
    done: u64,
}

impl ValueLink {
    pub(crate) fn new(end: Option<ValueEnd>, bound_bytes: usize) -> ValueLink {
        ValueLink {
            end,
            bound_bytes,
            outgoing: VecDeque::new(),
            outgoing_bytes: 0,
            incoming: VecDeque::new(),
            read_all: false,
            taken: 0,
            done: 0,
        }
    }

    pub(crate) fn connect(&mut self, end: ValueEnd) {
        self.end = Some(end);
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.end.is_some()
    }

    /// How many bytes it takes now. If that is little, this group is woken when it is more.
    pub(crate) fn room_bytes(&self) -> usize {
        let few = (self.bound_bytes / 4 * 3).saturating_sub(self.outgoing_bytes);
        let held = self.end.as_ref().map_or(0, |end| end.sender.held_bytes(few));
        self.bound_bytes.saturating_sub(held + self.outgoing_bytes)
    }

    pub(crate) fn push(&mut self, outgoing: Outgoing<'_>) {
        if let Outgoing::Value(envelope) = outgoing {
            let load = load_of(&envelope);
            self.outgoing_bytes += load.bytes;
            self.outgoing.push_back((envelope, load));
        }
    }

    /// Puts what was sent into the queue.
    pub(crate) fn write(&mut self) {
        let Some(end) = self.end.as_ref().filter(|_| !self.outgoing.is_empty()) else { return };
        end.sender.put(&mut self.outgoing);
        if self.outgoing.is_empty() {
            self.outgoing_bytes = 0;
        }
    }

    /// Takes what is in the queue, if what was taken before is handed over.
    pub(crate) fn read(&mut self) {
        let Some(end) = &mut self.end else { return };
        if self.incoming.is_empty() && !self.read_all {
            self.read_all = !end.receiver.take(&mut self.incoming);
            self.taken += self.incoming.iter().map(|(_, load)| load.messages).sum::<u64>();
        }
    }

    /// Hands over what has come, as far as the inbox takes it.
    pub(crate) fn deliver(&mut self, id: LinkId, inbox: &mut Inbox<'_>) {
        while let Some((envelope, _)) = self.incoming.pop_front() {
            if let Err(rest) = inbox.value(id, envelope) {
                let load = load_of(&rest);
                self.incoming.push_front((rest, load));
                return;
            }
        }
    }

    /// Takes note of messages that came over it and are done; the other end has room then.
    pub(crate) fn add_done(&mut self, messages: u64) {
        self.done += messages;
        if let Some(end) = &mut self.end
            && end.receiver.handled(messages)
        {
            end.sender.wake();
        }
    }

    pub(crate) fn has_undelivered(&self) -> bool {
        !self.incoming.is_empty()
    }

    /// Whether it is over: nothing comes any more, and all that came was handed over.
    pub(crate) fn is_over(&self) -> bool {
        self.read_all && self.incoming.is_empty()
    }

    /// Whether all that the other end sent is done.
    pub(crate) fn is_finished(&self) -> bool {
        self.incoming.is_empty() && self.done >= self.taken
    }

    /// Leaves the link: what was taken and not handed over goes back, for the other end to know.
    pub(crate) fn leave(&mut self) {
        if let Some(end) = &mut self.end {
            end.receiver.put_back(&mut self.incoming);
        }
    }

    /// How many messages the other end had and did not handle before it went.
    pub(crate) fn lost(&self) -> u64 {
        self.end.as_ref().map_or(0, |end| end.sender.lost())
    }

    /// The messages that did not reach the other end.
    pub(crate) fn remains(mut self) -> Vec<Envelope> {
        let mut remains = match &self.end {
            Some(end) => end.sender.take_back(),
            None => VecDeque::new(),
        };
        remains.append(&mut self.outgoing);
        remains.into_iter().map(|(envelope, _)| envelope).collect()
    }
}

fn load_of(envelope: &Envelope) -> Load {
    Load { messages: envelope.messages(), bytes: envelope.bytes() }
}
