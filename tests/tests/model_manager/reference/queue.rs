//! Messages, and the queue.

use std::collections::VecDeque;
use std::sync::Arc;

use pysage_core::{DropReason, Overflow, Queued, RefusedReason};

use super::{Envelope, Mail, Reference};
use crate::log::{Address, Answer, What};
use crate::play::{Door, Kind, Letter, Name, REPLY};

/// How many messages a producer hands over at once.
const BATCH: usize = 256;

impl What {
    /// The name of a message or of a hook.
    pub(super) fn name(&self) -> &str {
        match self {
            What::Letter(name, _) => name,
            What::Named(name) => name,
            What::Failed { .. } => "ActorFailed",
            What::Start => "started",
            What::Stop => "stopped",
            What::Update => "update",
        }
    }
}

impl Mail {
    pub(super) fn letter(letter: &Letter) -> Mail {
        Mail {
            what: What::Letter(letter.kind.name(), letter.number),
            kind: Some(letter.kind),
            script: Some(letter.script.clone()),
            valid: letter.is_valid(),
        }
    }

    pub(super) fn reply() -> Mail {
        let script = Arc::default();
        Mail::letter(&Letter { kind: Kind::Tock, number: REPLY, script })
    }

    pub(super) fn named(name: Name) -> Mail {
        let what = What::Named(name.text().to_owned());
        Mail { what, kind: None, script: None, valid: true }
    }

    /// Any message of a type.
    pub(super) fn of_kind(kind: Kind) -> Mail {
        Mail { what: What::Letter(kind.name(), 0), kind: Some(kind), script: None, valid: true }
    }

    pub(super) fn name(&self) -> &str {
        self.what.name()
    }
}

impl Reference {
    pub(super) fn queue(&mut self, receiver: Option<Address>, mail: Mail) -> Queued {
        if !mail.valid {
            self.dead_letter(&mail, receiver, DropReason::Invalid);
            return Queued::Refused(DropReason::Invalid);
        }
        while self.queue.len() >= self.rules.capacity {
            match self.rules.overflow {
                Overflow::Refuse => {
                    self.dead_letter(&mail, receiver, DropReason::QueueFull);
                    return Queued::Refused(DropReason::QueueFull);
                }
                Overflow::DropNewest => {
                    self.dead_letter(&mail, receiver, DropReason::QueueFull);
                    return Queued::Accepted;
                }
                Overflow::DropOldest => {
                    let oldest = self.queue.pop_front().unwrap();
                    self.coverage.note_if(oldest.old, "left-over dropped as oldest");
                    self.dead_letter(&oldest.mail, oldest.receiver, DropReason::QueueFull);
                }
            }
        }
        self.queue.push_back(Envelope { receiver, mail, old: false });
        Queued::Accepted
    }

    pub(super) fn queue_all(&mut self, receiver: Option<Address>, letters: &[Letter]) -> usize {
        let accepted = letters
            .iter()
            .filter(|letter| self.queue(receiver, Mail::letter(letter)).is_accepted());
        accepted.count()
    }

    pub(super) fn abort_next(&mut self, kind: Kind) -> Option<What> {
        let oldest = self.queue.iter().position(|envelope| envelope.mail.kind == Some(kind))?;
        let aborted = self.queue.remove(oldest).unwrap();
        self.coverage.note_if(aborted.old, "left-over aborted");
        self.standing.aborted += 1;
        Some(aborted.mail.what)
    }

    pub(super) fn abort_all(&mut self, kind: Kind) -> usize {
        std::iter::from_fn(|| self.abort_next(kind)).count()
    }

    /// A message through a handle.
    pub(super) fn send(
        &mut self,
        door: Door,
        receiver: Option<Address>,
        letter: &Letter,
    ) -> Answer {
        let mail = Mail::letter(letter);
        if !mail.valid {
            return Answer::Refused(RefusedReason::Invalid);
        }
        let envelope = Envelope { receiver, mail, old: false };
        let queue = match door {
            Door::Producer => return self.produce(envelope),
            Door::First => &mut self.handles[0],
            Door::Second => &mut self.handles[1],
            Door::Brief => {
                self.handles.push(VecDeque::new());
                self.handles.last_mut().unwrap()
            }
        };
        if queue.len() >= self.rules.handle_capacity {
            self.coverage.note("handle full");
            return Answer::Refused(RefusedReason::Full);
        }
        queue.push_back(envelope);
        Answer::Done
    }

    /// A full batch is handed over, or, if it cannot be, takes no more.
    fn produce(&mut self, envelope: Envelope) -> Answer {
        if self.produced.len() >= BATCH && self.flush() != Answer::Done {
            return Answer::Refused(RefusedReason::Full);
        }
        self.produced.push_back(envelope);
        if self.produced.len() == BATCH {
            self.flush();
        }
        Answer::Done
    }

    pub(super) fn flush(&mut self) -> Answer {
        if !self.produced.is_empty() && self.handles[2].len() >= self.rules.handle_capacity {
            self.coverage.note("producer's flush refused");
            return Answer::Refused(RefusedReason::Full);
        }
        self.handles[2].append(&mut self.produced);
        Answer::Done
    }
}
