//! The operations on the reference.

use super::{Mail, Reference};
use crate::log::{Answer, Event, Label};
use crate::play::{Name, Op};

impl Reference {
    /// Does one operation, from outside or from inside the handler of `me`, and logs its result.
    pub(super) fn perform(&mut self, me: Option<Label>, op: &Op) {
        if self.fuel == 0 {
            return;
        }
        self.fuel -= 1;
        self.coverage.note_op(op, self.depth > 0);
        let answer = match op {
            Op::Tick(_) if self.depth > 0 => Answer::InsideHandler,
            Op::Tick(limit) => Answer::Ticked(self.tick(*limit)),
            Op::Register(class, name, habits) => self.register(*class, *name, habits),
            Op::Unregister(who) => Answer::Was(self.unregister(self.label(me, *who))),
            Op::Subscribe(who, kind) => self.subscribe(self.label(me, *who), *kind),
            Op::Unsubscribe(who, kind) => {
                Answer::Was(self.unsubscribe(self.label(me, *who), *kind))
            }
            Op::Queue(who, letter) => {
                let receiver = who.map(|who| self.address(me, who));
                Answer::Queued(self.queue(receiver, Mail::letter(letter)))
            }
            Op::QueueAll(who, letters) => {
                let receiver = who.map(|who| self.address(me, who));
                Answer::Count(self.queue_all(receiver, letters))
            }
            Op::QueueEach(whos, letter) => {
                let receivers: Vec<_> = whos.iter().map(|who| self.address(me, *who)).collect();
                let mut accepted = 0;
                for receiver in receivers {
                    let queued = self.queue(Some(receiver), Mail::letter(letter));
                    accepted += usize::from(queued.is_accepted());
                }
                Answer::Count(accepted)
            }
            Op::QueueNamed(_, Name::Taken) | Op::TriggerNamed(_, Name::Taken) => {
                Answer::NameTaken(None)
            }
            Op::QueueNamed(who, name) => {
                let receiver = who.map(|who| self.address(me, who));
                Answer::Queued(self.queue(receiver, Mail::named(*name)))
            }
            Op::Trigger(who, letter) => {
                let receiver = who.map(|who| self.address(me, who));
                Answer::Triggered(self.trigger(receiver, Mail::letter(letter)))
            }
            Op::TriggerNamed(who, name) => {
                let receiver = who.map(|who| self.address(me, who));
                Answer::Triggered(self.trigger(receiver, Mail::named(*name)))
            }
            Op::AbortNext(kind) => Answer::Aborted(self.abort_next(*kind)),
            Op::AbortAll(kind) => Answer::Count(self.abort_all(*kind)),
            Op::Send(door, who, letter) => {
                let receiver = who.map(|who| self.address(me, who));
                self.send(*door, receiver, letter)
            }
            Op::Flush => self.flush(),
            Op::With(who, ops) => self.with(self.label(me, *who), ops),
            Op::AddName(who, name) => self.add_name(self.label(me, *who), *name),
            Op::Find(name) => Answer::Found(self.holder(*name)),
            Op::Visitors(_) => Answer::Done,
            Op::Advance(by) => {
                self.clock_ms += u64::from(*by);
                Answer::Done
            }
            Op::Reset => {
                self.reset();
                Answer::Done
            }
        };
        self.log.push(Event::Returned(answer));
    }

    fn with(&mut self, actor: Option<Label>, ops: &[Op]) -> Answer {
        let Some(label) = actor.filter(|label| self.actors[*label].alive) else {
            return Answer::NoSuchActor;
        };
        if self.busy.contains(&label) {
            return Answer::Busy;
        }
        self.depth += 1;
        self.busy.push(label);
        ops.iter().for_each(|op| self.perform(Some(label), op));
        self.busy.pop();
        self.depth -= 1;
        self.settle(label);
        Answer::Done
    }
}
