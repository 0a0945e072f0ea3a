//! How messages reach actors.

use pysage_core::{DropReason, Triggered};

use super::{Aside, Envelope, Mail, Reference, Subscription, To};
use crate::log::{Address, Label, Via};

/// Actors, and the handlers through which they get a message.
type Hearers = Vec<(Label, Via)>;

impl Reference {
    /// Who gets a message, and through which handler: of those who handle every message, and of
    /// the others.
    fn audience(&self, mail: &Mail) -> (Hearers, Hearers) {
        let matching = self.subscriptions.iter().filter(|of| of.to.matches(mail));
        let (every, others): (Vec<_>, Vec<_>) = matching.partition(|of| of.to == To::Every);
        let pairs =
            |list: Vec<&Subscription>| list.into_iter().map(|of| (of.actor, of.via)).collect();
        (pairs(every), pairs(others))
    }

    /// Delivers a queued message; returns whether anybody took it.
    pub(super) fn deliver(&mut self, Envelope { receiver, mail, .. }: Envelope) -> bool {
        let (every, others) = self.audience(&mail);
        let (panics, actors) = (self.standing.panics, self.actors.len());
        let mut taken = false;
        let own = match receiver {
            Some(Address::Actor(label)) => self.handler_of(label, &mail).map(|via| (label, via)),
            _ => None,
        };
        for (label, via) in every {
            taken |= self.hand(label, via, &mail).is_some() && receiver.is_none();
        }
        let others = if receiver.is_none() { others } else { own.into_iter().collect() };
        for (label, via) in others {
            let went_on = self.standing.panics > panics;
            let Some(stopped) = self.hand(label, via, &mail) else {
                self.coverage.note("gone before its turn");
                continue;
            };
            self.coverage.note_if(went_on, "delivery goes on behind a panic");
            taken = true;
            if stopped && receiver.is_none() {
                self.coverage.note("message used up");
                break;
            }
        }
        let newcomer = |of: &Subscription| of.actor >= actors && of.to.matches(&mail);
        let came = self.subscriptions.iter().any(newcomer);
        self.coverage.note_if(came, "a subscriber came during a delivery");
        if !taken {
            self.undeliverable(&mail, receiver);
        }
        taken
    }

    pub(super) fn trigger(&mut self, receiver: Option<Address>, mail: Mail) -> Triggered {
        self.standing.triggered += 1;
        if !mail.valid {
            self.dead_letter(&mail, receiver, DropReason::Invalid);
            return Triggered::Unhandled;
        }
        let (every, others) = self.audience(&mail);
        let others = match receiver {
            None => others,
            Some(Address::Stranger) => Vec::new(),
            Some(Address::Actor(label)) => {
                self.handler_to_trigger(label, &mail).map(|via| (label, via)).into_iter().collect()
            }
        };
        let (mut taken, mut stopped, mut busy) = (false, false, Vec::new());
        for (label, via) in every.into_iter().chain(others) {
            if !self.actors[label].alive {
                continue;
            }
            taken |= receiver.is_none() || via != Via::Every;
            if self.busy.contains(&label) {
                busy.push((label, via));
            } else {
                stopped |= self.hand(label, via, &mail) == Some(true) && via != Via::Every;
            }
        }
        let outcome = match (taken, stopped, busy.is_empty()) {
            (false, _, _) => Triggered::Unhandled,
            (true, true, _) => Triggered::Stopped,
            (true, false, false) => Triggered::Deferred,
            (true, false, true) => Triggered::Continued,
        };
        if !taken {
            self.undeliverable(&mail, receiver);
        }
        for (actor, via) in busy {
            if self.put_aside.len() >= self.rules.capacity {
                self.coverage.note("no room to put a message aside");
                self.dead_letter(&mail, Some(Address::Actor(actor)), DropReason::QueueFull);
                continue;
            }
            self.put_aside.push(Aside { actor, via, mail: mail.clone() });
        }
        self.coverage.note_triggered(outcome);
        outcome
    }

    /// Hands over a message that was put aside.
    pub(super) fn take_up(&mut self, Aside { actor, via, mail }: Aside) {
        if self.hand(actor, via, &mail).is_some() {
            self.coverage.note("deferred message handled");
        } else {
            self.coverage.note("deferred message for an actor that is gone");
            self.undeliverable(&mail, Some(Address::Actor(actor)));
        }
    }

    /// Has one actor handle a message; returns whether it said `Stop`, or nothing if it is gone.
    fn hand(&mut self, label: Label, via: Via, mail: &Mail) -> Option<bool> {
        if !self.actors[label].alive {
            return None;
        }
        let habits = self.actors[label].habits.clone();
        let script = mail.script.as_deref().unwrap_or(&habits.other);
        Some(self.follow(label, via, mail.what.clone(), script))
    }

    fn undeliverable(&mut self, mail: &Mail, receiver: Option<Address>) {
        let reason = match receiver {
            None => DropReason::NoSubscriber,
            Some(address) if self.lives(address) => DropReason::NotSubscribed,
            Some(_) => DropReason::NoSuchActor,
        };
        self.dead_letter(mail, receiver, reason);
    }
}
