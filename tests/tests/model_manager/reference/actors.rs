//! Registering, subscribing, hooks, and what happens to actors that fail.

use std::sync::Arc;

use super::{Mail, Reference, Role, Subscription, To};
use crate::log::{Address, Answer, Event, Label, Via, What};
use crate::play::{Ending, Habits, Kind, Script, Who};

/// What each class subscribes to.
const CLASSES: [&[To]; 8] = [
    &[To::Type(Kind::Ping)],
    &[To::Type(Kind::Ping), To::Type(Kind::Late), To::Type(Kind::Gauge), To::Type(Kind::Tock)],
    &[To::Type(Kind::Ping), To::Name("Late"), To::Name("North"), To::Name("South")],
    &[To::Every],
    &[To::Type(Kind::Tock), To::Every, To::Name("North")],
    &[To::Type(Kind::Failed), To::Type(Kind::Spare)],
    &[],
    &[To::Type(Kind::Late), To::Name("Late")],
];

/// At which priority each class is updated, if at all.
const UPDATES: [Option<i32>; 8] = [None, Some(5), Some(0), None, Some(-5), None, Some(5), None];

impl To {
    pub(super) fn matches(self, mail: &Mail) -> bool {
        match self {
            To::Type(kind) => mail.kind == Some(kind),
            To::Name(name) => mail.name() == name,
            To::Every => true,
        }
    }

    fn via(self) -> Via {
        match self {
            To::Type(_) => Via::Type,
            To::Name(name) => Via::Name(name),
            To::Every => Via::Every,
        }
    }
}

impl Reference {
    pub(super) fn label(&self, me: Option<Label>, who: Who) -> Option<Label> {
        who.place(me, self.actors.len()).filter(|label| self.actors[*label].had_id)
    }

    pub(super) fn address(&self, me: Option<Label>, who: Who) -> Address {
        self.label(me, who).map_or(Address::Stranger, Address::Actor)
    }

    pub(super) fn lives(&self, address: Address) -> bool {
        matches!(address, Address::Actor(label) if self.actors[label].alive)
    }

    pub(super) fn holder(&self, name: u8) -> Option<Address> {
        let holder = self.names.iter().find(|(known, _)| *known == name);
        holder.map(|(_, label)| Address::Actor(*label))
    }

    pub(super) fn register(&mut self, class: u8, name: Option<u8>, habits: &Arc<Habits>) -> Answer {
        let label = self.actors.len();
        let taken = name.and_then(|name| self.holder(name));
        let alive = taken.is_none();
        self.actors.push(Role { class, habits: habits.clone(), had_id: alive, alive });
        if taken.is_some() {
            return Answer::NameTaken(taken);
        }
        for to in CLASSES[usize::from(class)] {
            self.subscriptions.push(Subscription { actor: label, to: *to, via: to.via() });
        }
        self.names.extend(name.map(|name| (name, label)));
        self.follow(label, Via::Hook, What::Start, &habits.start);
        Answer::Registered(label)
    }

    pub(super) fn add_name(&mut self, actor: Option<Label>, name: u8) -> Answer {
        if let Some(holder) = self.holder(name) {
            return Answer::NameTaken(Some(holder));
        }
        match actor.filter(|label| self.actors[*label].alive) {
            None => Answer::NoSuchActor,
            Some(label) => {
                self.names.push((name, label));
                Answer::Done
            }
        }
    }

    pub(super) fn unregister(&mut self, actor: Option<Label>) -> bool {
        let Some(label) = actor.filter(|label| self.actors[*label].alive) else { return false };
        self.coverage.note_if(self.busy.contains(&label), "unregistered while busy");
        self.retire(label);
        self.doomed.push(label);
        self.let_go();
        true
    }

    pub(super) fn retire(&mut self, label: Label) {
        self.actors[label].alive = false;
        self.subscriptions.retain(|subscription| subscription.actor != label);
        self.names.retain(|(_, holder)| *holder != label);
    }

    pub(super) fn subscribe(&mut self, actor: Option<Label>, kind: Kind) -> Answer {
        let Some(label) = actor.filter(|label| self.actors[*label].alive) else {
            return Answer::NoSuchActor;
        };
        if self.handler_of(label, &Mail::of_kind(kind)).is_some() {
            return Answer::AlreadySubscribed;
        }
        self.subscriptions.push(Subscription { actor: label, to: To::Type(kind), via: Via::Own });
        Answer::Done
    }

    pub(super) fn unsubscribe(&mut self, actor: Option<Label>, kind: Kind) -> bool {
        let Some(label) = actor else { return false };
        let mail = Mail::of_kind(kind);
        let before = self.subscriptions.len();
        self.subscriptions.retain(|subscription| {
            let ends = subscription.actor == label && subscription.to != To::Every;
            !(ends && subscription.to.matches(&mail))
        });
        self.subscriptions.len() < before
    }

    /// The handler through which an actor is subscribed: of the type, or else of the name.
    pub(super) fn handler_of(&self, actor: Label, mail: &Mail) -> Option<Via> {
        let own = |of: &&Subscription| of.actor == actor && of.to.matches(mail);
        let by_type = self.subscriptions.iter().filter(own).find(|of| matches!(of.to, To::Type(_)));
        let by_name = self.subscriptions.iter().filter(own).find(|of| matches!(of.to, To::Name(_)));
        by_type.or(by_name).map(|of| of.via)
    }

    /// As [`handler_of`](Self::handler_of), or, of one that was unsubscribed, that of its class.
    pub(super) fn handler_to_trigger(&self, actor: Label, mail: &Mail) -> Option<Via> {
        let class = CLASSES[usize::from(self.actors[actor].class)].iter();
        let mut matching = class.filter(|to| **to != To::Every && to.matches(mail));
        self.handler_of(actor, mail).or_else(|| matching.next().map(|to| to.via()))
    }

    /// Who is updated, in order.
    pub(super) fn updated(&self) -> Vec<Label> {
        let priority = |label: &Label| UPDATES[usize::from(self.actors[*label].class)];
        let alive = (0..self.actors.len()).filter(|label| self.actors[*label].alive);
        let mut updated: Vec<Label> = alive.filter(|label| priority(label).is_some()).collect();
        // A stable sort: those of one priority stay in the order of registration.
        updated.sort_by_key(|label| std::cmp::Reverse(priority(label)));
        updated
    }

    /// Runs one handler or hook of an actor, and what waited for its end. Returns whether it
    /// said `Stop`.
    pub(super) fn follow(&mut self, label: Label, via: Via, what: What, script: &Script) -> bool {
        let at = what.name().to_owned();
        let (hook, stopping) = (matches!(what, What::Start | What::Stop), what == What::Stop);
        let now_ms = self.now_ms;
        self.log.push(Event::Handled { actor: label, via, what, now_ms });
        let mut ending = Ending::Go;
        if script.is_for(label) {
            self.depth += 1;
            // Who is being stopped is not there any more.
            self.busy.extend((!stopping).then_some(label));
            script.ops.iter().for_each(|op| self.perform(Some(label), op));
            self.busy.truncate(self.busy.len() - usize::from(!stopping));
            self.depth -= 1;
            ending = script.ending;
        }
        match ending {
            Ending::Fail if !hook => {
                self.standing.errors += 1;
                self.tell_failure(label, at, None);
            }
            Ending::Panic => self.panic(label, at),
            _ => {}
        }
        self.settle(label);
        ending == Ending::Stop
    }

    fn tell_failure(&mut self, label: Label, at: String, panic: Option<String>) {
        self.log.push(Event::Failure { actor: Address::Actor(label), at, panic });
        if self.rules.replies {
            self.queue(None, Mail::reply());
        }
    }

    fn panic(&mut self, label: Label, at: String) {
        self.standing.panics += 1;
        self.coverage.note(match at.as_str() {
            "started" | "stopped" => "panic in a hook",
            "update" => "panic in an update",
            _ if self.actors[label].alive => "panic at a message",
            _ => "panic of an actor that is unregistered already",
        });
        let (actor, reason) = (Address::Actor(label), "scripted".to_owned());
        self.tell_failure(label, at.clone(), Some(reason.clone()));
        if self.actors[label].alive {
            self.retire(label);
        }
        self.doomed.retain(|doomed| *doomed != label);
        let what = What::Failed { actor, at, reason };
        self.queue(None, Mail { what, kind: Some(Kind::Failed), script: None, valid: true });
    }

    /// Does what waited for the end of an actor's handler.
    pub(super) fn settle(&mut self, label: Label) {
        self.let_go();
        if self.busy.contains(&label) || self.settling.contains(&label) {
            return;
        }
        self.settling.push(label);
        while let Some(oldest) = self.put_aside.iter().position(|aside| aside.actor == label) {
            let aside = self.put_aside.remove(oldest);
            self.take_up(aside);
        }
        self.settling.pop();
    }

    /// Calls the stop hooks of who was unregistered and is not busy.
    pub(super) fn let_go(&mut self) {
        loop {
            let busy = self.busy.clone();
            let is_free = |label: &Label| !busy.contains(label);
            let mut free: Vec<Label> = self.doomed.iter().copied().filter(is_free).collect();
            self.doomed.retain(|label| !is_free(label));
            if free.is_empty() {
                return;
            }
            while !free.is_empty() {
                let label = free.remove(self.stopped_next(&free));
                let habits = self.actors[label].habits.clone();
                self.follow(label, Via::Hook, What::Stop, &habits.stop);
            }
        }
    }

    /// Only a reset stops several actors at once. In which order is left open.
    fn stopped_next(&self, doomed: &[Label]) -> usize {
        let Some(Event::Handled { actor, what: What::Stop, .. }) = self.hint.get(self.log.len())
        else {
            return 0;
        };
        doomed.iter().position(|label| label == actor).unwrap_or(0)
    }
}
