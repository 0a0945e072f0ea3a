//! What a task that is being polled waits for.

use std::cell::Cell;
use std::time::Instant;

/// What a future waits for.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    NextTick,
    Tick(u64),
    Time(Instant),
    Answer,
}

/// When the task wants to go on that is being polled: as soon as any of these is there.
// In cells of their own, since most steps say one of them only.
#[derive(Default)]
pub(super) struct Wish {
    next_tick: Cell<bool>,
    /// Whether it waits for anything else.
    waits: Cell<bool>,
    tick: Cell<Option<u64>>,
    time: Cell<Option<Instant>>,
}

/// What a task has said before its step began another one.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    next_tick: bool,
    waits: bool,
    tick: Option<u64>,
    time: Option<Instant>,
}

impl Wish {
    #[inline]
    pub(super) fn add(&self, until: Until) {
        match until {
            Until::NextTick => return self.next_tick.set(true),
            Until::Tick(tick) => {
                self.tick.set(Some(self.tick.get().map_or(tick, |it| it.min(tick))));
            }
            Until::Time(time) => {
                self.time.set(Some(self.time.get().map_or(time, |it| it.min(time))));
            }
            Until::Answer => {}
        }
        self.waits.set(true);
    }

    /// Whether the task is left alone until something comes that it waits for.
    #[inline]
    pub(super) fn parks(&self) -> bool {
        self.waits.get() && !self.next_tick.get()
    }

    pub(super) fn time(&self) -> Option<Instant> {
        self.time.get()
    }

    pub(super) fn tick(&self) -> Option<u64> {
        self.tick.get()
    }

    /// Begins with another task.
    #[inline(always)]
    pub(super) fn begin(&self) -> Said {
        let next_tick = self.next_tick.replace(false);
        match self.waits.replace(false) {
            true => {
                let (tick, time) = (self.tick.take(), self.time.take());
                Said { next_tick, waits: true, tick, time }
            }
            false => Said { next_tick, ..Said::default() },
        }
    }

    /// Goes on with the task before.
    #[inline(always)]
    pub(super) fn end(&self, outer: Said) {
        self.next_tick.set(outer.next_tick);
        if self.waits.replace(outer.waits) || outer.waits {
            self.tick.set(outer.tick);
            self.time.set(outer.time);
        }
    }
}
