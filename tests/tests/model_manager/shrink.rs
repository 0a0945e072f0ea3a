//! How a test case that fails is made smaller.

use std::sync::Arc;

use proptest::strategy::ValueTree;

use crate::play::{Ending, Habits, Letter, Limit, Op, Play, Script};

/// Leaves out one thing after another, as long as the case still fails.
#[derive(Debug)]
pub(crate) struct Shrinking {
    /// The smallest case that failed.
    failed: Play,
    /// What is tried: all of it but one thing.
    tried: Option<Play>,
    /// Which thing is left out, and whether any could be since the first was tried.
    next: usize,
    progress: bool,
}

impl Shrinking {
    pub(crate) fn new(play: Play) -> Shrinking {
        Shrinking { failed: play, tried: None, next: 0, progress: false }
    }

    fn try_next(&mut self) -> bool {
        self.tried = without(&self.failed, self.next);
        if self.tried.is_none() && std::mem::take(&mut self.progress) {
            self.next = 0;
            self.tried = without(&self.failed, 0);
        }
        self.tried.is_some()
    }
}

impl ValueTree for Shrinking {
    type Value = Play;

    fn current(&self) -> Play {
        self.tried.as_ref().unwrap_or(&self.failed).clone()
    }

    /// It failed.
    fn simplify(&mut self) -> bool {
        if let Some(smaller) = self.tried.take() {
            self.failed = smaller;
            self.progress = true;
        }
        self.try_next()
    }

    /// It did not fail.
    fn complicate(&mut self) -> bool {
        self.next += 1;
        self.try_next()
    }
}

/// The play without its `number`th thing that can be left out.
fn without(play: &Play, number: usize) -> Option<Play> {
    let (mut play, mut cut) = (play.clone(), Cut { left: number, done: false });
    cut.ops(&mut play.steps);
    cut.flag(&mut play.rules.replies);
    cut.done.then_some(play)
}

/// A walk through a play that leaves out one thing.
struct Cut {
    left: usize,
    done: bool,
}

impl Cut {
    /// Whether it is the thing here, given that there is one.
    fn is_here(&mut self, there_is: bool) -> bool {
        if self.done || !there_is {
            return false;
        }
        self.done = self.left == 0;
        self.left = self.left.saturating_sub(1);
        self.done
    }

    fn flag(&mut self, flag: &mut bool) {
        if self.is_here(*flag) {
            *flag = false;
        }
    }

    fn ops(&mut self, ops: &mut Vec<Op>) {
        for place in (0..ops.len()).rev() {
            if self.is_here(true) {
                ops.remove(place);
            }
            if self.done {
                return;
            }
        }
        ops.iter_mut().for_each(|op| self.op(op));
    }

    fn op(&mut self, op: &mut Op) {
        match op {
            Op::Register(_, name, habits) => {
                if self.is_here(name.is_some()) {
                    *name = None;
                }
                self.habits(habits);
            }
            Op::Queue(_, letter) | Op::Trigger(_, letter) | Op::Send(_, _, letter) => {
                self.letter(letter);
            }
            Op::QueueAll(_, letters) => {
                if self.is_here(!letters.is_empty()) {
                    letters.pop();
                }
                letters.iter_mut().for_each(|letter| self.letter(letter));
            }
            Op::QueueEach(whos, letter) => {
                if self.is_here(!whos.is_empty()) {
                    whos.pop();
                }
                self.letter(letter);
            }
            Op::With(_, ops) => self.ops(ops),
            Op::Tick(limit) if self.is_here(*limit != Limit::Unlimited) => {
                *limit = Limit::Unlimited;
            }
            _ => {}
        }
    }

    fn habits(&mut self, habits: &mut Arc<Habits>) {
        if self.done {
            return;
        }
        let habits = Arc::make_mut(habits);
        self.script(&mut habits.start);
        self.script(&mut habits.stop);
        self.script(&mut habits.update);
        self.script(&mut habits.other);
    }

    fn letter(&mut self, letter: &mut Letter) {
        if !self.done {
            self.script(Arc::make_mut(&mut letter.script));
        }
    }

    fn script(&mut self, script: &mut Script) {
        if self.is_here(script.only.is_some()) {
            script.only = None;
        }
        if self.is_here(script.ending != Ending::Go) {
            script.ending = Ending::Go;
        }
        self.ops(&mut script.ops);
    }
}
