//! In which order the messages of a link are done.

use std::collections::VecDeque;

/// Finds how many messages of a link are done, from the first on without a gap.
///
/// Messages that were queued are handled in their order. Others are done as they arrive, such as
/// answers, and overtake those that wait. Who sent them is told the number of the first ones
/// alone, so that it can say which are not handled.
#[derive(Debug, Default)]
pub(crate) struct DoneOrder {
    /// Messages that wait, in order: so many that were queued, and so many behind them that were
    /// done at once.
    waiting: VecDeque<(u64, u64)>,
    /// How many are done of those that were queued and wait.
    queued_done: u64,
    done: u64,
    /// Messages done at once whose number is not told to us yet.
    at_once_untold: u64,
}

impl DoneOrder {
    /// Takes note of a message that arrived.
    #[inline]
    pub(crate) fn arrived(&mut self, queued: bool) {
        match (self.waiting.back_mut(), queued) {
            (Some((count, 0)), true) => *count += 1,
            (_, true) => self.waiting.push_back((1, 0)),
            (Some((_, at_once)), false) => *at_once += 1,
            (None, false) => self.done += 1,
        }
        self.at_once_untold += u64::from(!queued);
    }

    /// Takes note that so many are done, with those that were done at once.
    pub(crate) fn add_done(&mut self, messages: u64) {
        let at_once = self.at_once_untold.min(messages);
        self.at_once_untold -= at_once;
        let mut left = messages - at_once;
        while left > 0
            && let Some((queued, at_once)) = self.waiting.front_mut()
        {
            let now = left.min(*queued - self.queued_done);
            self.queued_done += now;
            left -= now;
            if self.queued_done == *queued {
                self.done += *queued + *at_once;
                self.queued_done = 0;
                self.waiting.pop_front();
            }
        }
    }

    /// How many are done without a gap.
    pub(crate) fn done(&self) -> u64 {
        self.done + self.queued_done
    }

    /// Whether all that arrived is done.
    pub(crate) fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queued_messages_are_done_in_order() {
        let mut order = DoneOrder::default();
        (0..5).for_each(|_| order.arrived(true));
        order.add_done(2);
        assert_eq!((order.done(), order.is_done()), (2, false));
        order.arrived(true);
        order.add_done(4);
        assert_eq!((order.done(), order.is_done()), (6, true));
    }

    #[test]
    fn what_is_done_at_once_does_not_count_before_what_it_overtook() {
        let mut order = DoneOrder::default();
        order.arrived(false);
        order.add_done(1);
        assert_eq!(order.done(), 1);
        [true, true, false, true, false].into_iter().for_each(|queued| order.arrived(queued));
        order.add_done(2);
        assert_eq!(order.done(), 1);
        order.add_done(1);
        assert_eq!(order.done(), 2);
        order.add_done(1);
        assert_eq!(order.done(), 4, "the one behind them is done, too");
        order.add_done(1);
        assert_eq!((order.done(), order.is_done()), (6, true));
    }
}
