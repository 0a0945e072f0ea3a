//! The order of messages over all types, as runs of what goes to the same place.

use std::collections::VecDeque;

use crate::actor::ActorId;
use crate::destination::Destination;

/// Consecutive messages of one type for one receiver (or for all subscribers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) receiver: Option<ActorId>,
    /// The topic that holds the messages.
    pub(crate) slot: u32,
    pub(crate) count: u32,
}

impl Run {
    /// Messages behind it have another origin.
    const MARKER: Run = Run { receiver: None, slot: u32::MAX, count: 0 };

    /// Whether both are one message for an actor, of the same type and class.
    #[inline(always)]
    pub(crate) fn is_alike(&self, other: Option<&Run>) -> bool {
        let Some(other) = other.filter(|other| other.slot == self.slot) else { return false };
        match (self.receiver, other.receiver) {
            (Some(one), Some(two)) => {
                one.is_of_same_class(two) & (self.count == 1) & (other.count == 1)
            }
            _ => false,
        }
    }
}

/// Where messages came from that a transport brought; the default is this manager itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Origin {
    pub(crate) sender: Option<Destination>,
    /// Whether they may have been handled before.
    pub(crate) again: bool,
    pub(crate) messages: u64,
    /// What they count for against the limit of the transport's inbox.
    pub(crate) bytes: usize,
}

/// The strict order of messages over all types; the messages themselves are in their topics.
#[derive(Default)]
pub(crate) struct RunLog {
    runs: Vec<Run>,
    /// So many runs at the front are done.
    done: usize,
    /// Where the messages of the first run come from that is not done.
    origin: Origin,
    /// Where those behind come from: one for each marker among the runs.
    origins: VecDeque<Origin>,
    /// Origins whose messages are all done.
    passed: Vec<Origin>,
}

impl RunLog {
    #[inline(always)]
    pub(crate) fn push(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// Adds a message to the last run, or else to a new one.
    #[inline(always)]
    pub(crate) fn add(&mut self, slot: u32, receiver: Option<ActorId>) {
        if let Some(last) = self.runs.last_mut()
            && (last.slot == slot) & (last.receiver == receiver)
            && let Some(count) = last.count.checked_add(1)
        {
            last.count = count;
            return;
        }
        self.runs.push(Run { receiver, slot, count: 1 });
    }

    pub(crate) fn append(&mut self, later: &mut RunLog) {
        let origin = std::mem::take(&mut later.origin);
        if self.upcoming().is_empty() {
            self.runs.clear();
            self.done = 0;
            std::mem::swap(&mut self.runs, &mut later.runs);
            std::mem::swap(&mut self.done, &mut later.done);
            self.origin = origin;
        } else {
            if origin.sender.is_some() {
                self.runs.push(Run::MARKER);
                self.origins.push_back(origin);
            }
            self.runs.extend_from_slice(later.upcoming());
            later.runs.clear();
            later.done = 0;
        }
        self.origins.append(&mut later.origins);
        self.passed.append(&mut later.passed);
    }

    /// Says where the messages come from that are added from here on.
    #[cfg(feature = "wire")]
    pub(crate) fn mark(&mut self, origin: Origin) {
        self.runs.push(Run::MARKER);
        self.origins.push_back(origin);
    }

    /// Completes what the last mark said.
    #[cfg(feature = "wire")]
    pub(crate) fn amend(&mut self, origin: Origin) {
        let marked = self.origins.back_mut().unwrap_or(&mut self.origin);
        if marked.sender == origin.sender {
            *marked = origin;
        }
    }

    /// Goes beyond a first run without messages, which may be a marker.
    pub(crate) fn pass(&mut self) {
        if self.runs[self.done].slot == Run::MARKER.slot {
            let next = self.origins.pop_front().unwrap_or_default();
            let before = std::mem::replace(&mut self.origin, next);
            if before.sender.is_some() {
                self.passed.push(before);
            }
        }
        self.done += 1;
    }

    /// Where the messages of the first run come from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// All origins, when the messages are dropped.
    #[cfg(feature = "wire")]
    pub(crate) fn into_origins(self) -> Vec<Origin> {
        let RunLog { origin, origins, mut passed, .. } = self;
        passed.push(origin);
        passed.extend(origins);
        passed
    }

    /// Takes note that the first message will be gone without being done.
    pub(crate) fn leave_undone(&mut self) {
        self.origin.messages = self.origin.messages.saturating_sub(1);
    }

    /// Has those messages of the first origin that are done count by themselves.
    #[cfg(feature = "wire")]
    pub(crate) fn split(&mut self) {
        if self.origin.sender.is_none() {
            return;
        }
        let of_origin = self.upcoming().iter().take_while(|run| run.slot != Run::MARKER.slot);
        let left = of_origin.map(|run| u64::from(run.count)).sum();
        let all = self.origin.messages;
        let messages = all.saturating_sub(left);
        // How long each of them was is not known.
        let share = self.origin.bytes as u128 * u128::from(messages) / u128::from(all.max(1));
        let bytes = usize::try_from(share).expect("it is a part of what is a usize");
        self.origin.messages -= messages;
        self.origin.bytes -= bytes;
        self.passed.push(Origin { messages, bytes, ..self.origin });
    }

    /// The origins whose messages are all done, since the last call.
    #[cfg(feature = "wire")]
    pub(crate) fn take_passed(&mut self) -> Vec<Origin> {
        std::mem::take(&mut self.passed)
    }

    /// The runs that are not done; of the first, `count` messages.
    #[inline(always)]
    pub(crate) fn upcoming(&self) -> &[Run] {
        &self.runs[self.done..]
    }

    /// Takes note that the first messages are done.
    pub(crate) fn advance(&mut self, messages: usize) {
        let mut left = messages;
        while left > 0 {
            let run = &mut self.runs[self.done];
            let count = run.count as usize;
            if count == 0 {
                self.pass();
                continue;
            }
            if left < count {
                run.count -= left as u32;
                return;
            }
            left -= count;
            self.done += 1;
        }
    }

    /// Takes note that the first run is done.
    #[inline(always)]
    pub(crate) fn next(&mut self) {
        self.done += 1;
    }

    /// Forgets what is done, when that is worth moving the rest.
    pub(crate) fn compact(&mut self) {
        if self.done * 2 >= self.runs.len() {
            self.runs.drain(..self.done);
            self.done = 0;
        }
    }

    /// Takes note that the oldest message of a topic was removed.
    pub(crate) fn remove_oldest_of(&mut self, slot: u32) -> bool {
        let waiting = &mut self.runs[self.done..];
        let run = waiting.iter_mut().find(|run| run.slot == slot && run.count > 0);
        run.map(|run| run.count -= 1).is_some()
    }

    /// Takes note that all messages of a topic were removed; returns how many.
    pub(crate) fn remove_all_of(&mut self, slot: u32) -> usize {
        let waiting = &mut self.runs[self.done..];
        let runs = waiting.iter_mut().filter(|run| run.slot == slot);
        runs.map(|run| std::mem::take(&mut run.count) as usize).sum()
    }

    /// Takes note that the oldest message of all was removed; says which that was.
    pub(crate) fn remove_oldest(&mut self) -> Option<(u32, Option<ActorId>)> {
        while self.upcoming().first().is_some_and(|run| run.count == 0) {
            self.pass();
        }
        let run = *self.upcoming().first()?;
        self.advance(1);
        self.compact();
        Some((run.slot, run.receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Birth;

    fn actor(class: u16, index: u32) -> Option<ActorId> {
        Some(ActorId::new(0, class, index, Birth::MIN))
    }

    fn log(runs: &[(u32, u32)]) -> RunLog {
        let mut log = RunLog::default();
        for (slot, count) in runs {
            log.push(Run { receiver: None, slot: *slot, count: *count });
        }
        log
    }

    fn counts(log: &RunLog) -> Vec<(u32, u32)> {
        log.upcoming().iter().map(|run| (run.slot, run.count)).collect()
    }

    #[test]
    fn messages_that_go_to_the_same_place_make_one_run() {
        let mut log = RunLog::default();
        for (slot, receiver) in [(1, None), (1, None), (1, actor(0, 0)), (2, None), (1, None)] {
            log.add(slot, receiver);
        }
        assert_eq!(counts(&log), [(1, 2), (1, 1), (2, 1), (1, 1)]);
    }

    #[test]
    fn what_is_done_is_left_out_within_a_run_and_over_several() {
        let mut log = log(&[(1, 3), (2, 2), (3, 4)]);
        log.advance(2);
        assert_eq!(counts(&log), [(1, 1), (2, 2), (3, 4)]);
        log.advance(4);
        assert_eq!(counts(&log), [(3, 3)]);
    }

    #[test]
    fn later_runs_go_behind_what_is_left_over_and_not_what_is_done() {
        let mut left_over = log(&[(1, 2), (2, 2)]);
        left_over.advance(3);
        let mut later = log(&[(3, 1), (4, 1)]);
        later.advance(1);
        left_over.append(&mut later);
        assert_eq!(counts(&left_over), [(2, 1), (4, 1)]);
        assert!(later.upcoming().is_empty());
        left_over.compact();
        assert_eq!(counts(&left_over), [(2, 1), (4, 1)]);
    }

    #[test]
    fn messages_are_removed_by_topic_and_by_age() {
        let mut log = log(&[(1, 1), (2, 2), (1, 2)]);
        assert!(log.remove_oldest_of(1));
        assert!(!log.remove_oldest_of(3));
        assert_eq!(log.remove_oldest(), Some((2, None)));
        assert_eq!(log.remove_all_of(1), 2);
        assert_eq!(log.remove_oldest(), Some((2, None)));
        assert_eq!(log.remove_oldest(), None);
    }

    #[test]
    fn alike_are_single_messages_of_a_type_for_actors_of_a_class() {
        let run = |receiver, slot, count| Run { receiver, slot, count };
        let one = run(actor(1, 0), 5, 1);
        assert!(one.is_alike(Some(&run(actor(1, 9), 5, 1))));
        for other in [
            run(actor(2, 9), 5, 1),
            run(actor(1, 9), 6, 1),
            run(actor(1, 9), 5, 2),
            run(None, 5, 1),
        ] {
            assert!(!one.is_alike(Some(&other)), "{other:?}");
        }
        assert!(!one.is_alike(None));
    }
}
