//! The queue of values between two groups of one process.
//!
//! One side puts messages in, a batch at a time; the other takes all that wait at once. The bytes
//! of a message count until it was handled, so that the side that sends knows its room.

#[cfg(all(test, loom))]
mod every_order;

#[cfg(not(loom))]
use std::sync::{Arc, Mutex, MutexGuard, atomic::AtomicUsize, atomic::Ordering};

#[cfg(loom)]
use loom::sync::{Arc, Mutex, MutexGuard, atomic::AtomicUsize, atomic::Ordering};

use std::collections::VecDeque;
use std::sync::PoisonError;

/// Wakes the side that takes messages.
pub(crate) type Wake = Box<dyn Fn() + Send>;

/// What is in one item of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) messages: u64,
    pub(crate) bytes: usize,
}

/// Makes the two sides of a queue.
pub(crate) fn queue<T>() -> (ValueSender<T>, ValueReceiver<T>) {
    let shared =
        Arc::new(Shared { state: Mutex::new(State::new()), held_bytes: AtomicUsize::new(0) });
    let receiver = ValueReceiver { shared: shared.clone(), taken: VecDeque::new() };
    (ValueSender { shared }, receiver)
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// The bytes of messages that were put in and are not handled, and [`WANTED`].
    held_bytes: AtomicUsize,
}

/// Beside the number of bytes that are held: the side that sends waits for them to be fewer. In one
/// place with the number, since one of two sides would else look before the other has written.
const WANTED: usize = 1 << (usize::BITS - 1);

struct State<T> {
    waiting: VecDeque<(T, Load)>,
    /// Whether the sides are there.
    sender: bool,
    receiver: bool,
    /// How many messages the receiver had taken and not handled when it went.
    lost: u64,
    wake: Option<Wake>,
}

/// The side that puts messages in.
pub(crate) struct ValueSender<T> {
    shared: Arc<Shared<T>>,
}

/// The side that takes messages out.
pub(crate) struct ValueReceiver<T> {
    shared: Arc<Shared<T>>,
    /// Of each item that was taken, what is not handled; its bytes go with its last message.
    taken: VecDeque<Load>,
}

impl<T> State<T> {
    fn new() -> State<T> {
        State { waiting: VecDeque::new(), sender: true, receiver: true, lost: 0, wake: None }
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            wake();
        }
    }
}

impl<T> Shared<T> {
    /// A thread that panicked while it held the lock has left the queue as it should be: nothing
    /// in between can panic but the allocator.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> ValueSender<T> {
    /// How many bytes wait or are not handled. If they are more than `few`, the other side is to
    /// [wake](Self::wake) this one when they become fewer.
    pub(crate) fn held_bytes(&self, few: usize) -> usize {
        let held = self.shared.held_bytes.load(Ordering::Acquire);
        if held & WANTED != 0 || held <= few {
            return held & !WANTED;
        }
        self.shared.held_bytes.fetch_or(WANTED, Ordering::AcqRel) & !WANTED
    }

    /// Wakes the other side.
    pub(crate) fn wake(&self) {
        self.shared.lock().wake();
    }

    /// Puts messages in, each with its bytes, and wakes the other side if it has nothing to take
    /// yet. They stay in `messages` if the other side is gone.
    pub(crate) fn put(&self, messages: &mut VecDeque<(T, Load)>) {
        let mut state = self.shared.lock();
        if !state.receiver || messages.is_empty() {
            return;
        }
        let bytes = messages.iter().map(|(_, load)| load.bytes).sum();
        self.shared.held_bytes.fetch_add(bytes, Ordering::AcqRel);
        if state.waiting.is_empty() {
            std::mem::swap(&mut state.waiting, messages);
            state.wake();
        } else {
            state.waiting.append(messages);
        }
    }

    /// How many messages the other side had taken and not handled when it went.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lock().lost
    }

    /// Takes back what was not taken by the other side.
    pub(crate) fn take_back(&self) -> VecDeque<(T, Load)> {
        std::mem::take(&mut self.shared.lock().waiting)
    }
}

impl<T> ValueReceiver<T> {
    /// Sets what wakes this side when messages are put in, and when the other side goes.
    pub(crate) fn wake_by(&self, wake: Wake) {
        let mut state = self.shared.lock();
        state.wake = Some(wake);
        if !state.waiting.is_empty() || !state.sender {
            state.wake();
        }
    }

    /// Takes all messages that wait, into an empty queue; whether the other side is there to put
    /// more in.
    pub(crate) fn take(&mut self, into: &mut VecDeque<(T, Load)>) -> bool {
        debug_assert!(into.is_empty(), "what was taken before is in the hands of the caller");
        let mut state = self.shared.lock();
        std::mem::swap(&mut state.waiting, into);
        let goes_on = state.sender;
        drop(state);
        self.taken.extend(into.iter().map(|(_, load)| *load));
        goes_on
    }

    /// Takes note that so many of the messages taken are handled, the oldest first; whether the other
    /// side waits for that.
    #[must_use]
    pub(crate) fn handled(&mut self, messages: u64) -> bool {
        let (mut left, mut bytes) = (messages, 0);
        while left > 0
            && let Some(oldest) = self.taken.front_mut()
        {
            let done = left.min(oldest.messages);
            left -= done;
            oldest.messages -= done;
            if oldest.messages == 0 {
                bytes += oldest.bytes;
                self.taken.pop_front();
            }
        }
        if bytes == 0 || self.shared.held_bytes.fetch_sub(bytes, Ordering::AcqRel) & WANTED == 0 {
            return false;
        }
        self.shared.held_bytes.fetch_and(!WANTED, Ordering::AcqRel);
        true
    }

    /// Gives messages back that were taken and not handled, the newest of them.
    pub(crate) fn put_back(&mut self, messages: &mut VecDeque<(T, Load)>) {
        let mut left = messages.iter().map(|(_, load)| load.messages).sum::<u64>();
        while left > 0
            && let Some(newest) = self.taken.back_mut()
        {
            let back = left.min(newest.messages);
            left -= back;
            newest.messages -= back;
            if newest.messages == 0 {
                self.taken.pop_back();
            }
        }
        let mut state = self.shared.lock();
        messages.append(&mut state.waiting);
        std::mem::swap(&mut state.waiting, messages);
    }
}

impl<T> Drop for ValueSender<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.sender = false;
        state.wake();
    }
}

impl<T> Drop for ValueReceiver<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.receiver = false;
        state.lost = self.taken.iter().map(|load| load.messages).sum();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn batch(numbers: &[u32]) -> VecDeque<(u32, Load)> {
        numbers.iter().map(|number| (*number, Load { messages: 1, bytes: 10 })).collect()
    }

    #[test]
    fn bytes_count_until_a_message_was_handled() {
        let (sender, mut receiver) = queue();
        sender.put(&mut batch(&[1, 2]));
        sender.put(&mut batch(&[3]));
        let mut taken = VecDeque::new();
        assert!(receiver.take(&mut taken));
        assert_eq!((taken, sender.held_bytes(usize::MAX)), (batch(&[1, 2, 3]), 30));
        let _ = receiver.handled(2);
        assert_eq!(sender.held_bytes(usize::MAX), 10);
        let _ = receiver.handled(5);
        assert_eq!(sender.held_bytes(usize::MAX), 0);
    }

    #[test]
    fn what_was_not_taken_is_had_back_and_what_comes_too_late_stays() {
        let (sender, mut receiver) = queue();
        sender.put(&mut batch(&[1, 2, 3]));
        let mut taken = VecDeque::new();
        receiver.take(&mut taken);
        let _ = receiver.handled(1);
        sender.put(&mut batch(&[4]));
        taken.pop_front();
        receiver.put_back(&mut taken);
        drop(receiver);
        assert_eq!((sender.take_back(), sender.lost()), (batch(&[2, 3, 4]), 0));
        let mut late = batch(&[5]);
        sender.put(&mut late);
        assert_eq!(late, batch(&[5]));
    }

    #[test]
    fn an_item_of_several_messages_counts_until_its_last_one_and_may_come_back_in_part() {
        let several = |messages| Load { messages, bytes: 100 };
        let (sender, mut receiver) = queue();
        sender.put(&mut [('a', several(4)), ('b', several(5))].into());
        receiver.take(&mut VecDeque::new());
        let _ = receiver.handled(3);
        assert_eq!(sender.held_bytes(usize::MAX), 200);
        let _ = receiver.handled(3);
        assert_eq!(sender.held_bytes(usize::MAX), 100);
        receiver.put_back(&mut [('b', several(2))].into());
        drop(receiver);
        assert_eq!((sender.take_back().len(), sender.lost()), (1, 1));
    }

    #[test]
    fn a_side_that_finds_much_held_is_told_once_that_it_is_less() {
        let (sender, mut receiver) = queue();
        sender.put(&mut batch(&[1, 2, 3]));
        receiver.take(&mut VecDeque::new());
        assert_eq!(sender.held_bytes(30), 30);
        assert!(!receiver.handled(1), "30 bytes are few");
        assert_eq!((sender.held_bytes(10), sender.held_bytes(10)), (20, 20));
        assert!(!receiver.handled(0));
        assert_eq!((receiver.handled(1), receiver.handled(1)), (true, false));
        assert_eq!(sender.held_bytes(0), 0);
    }

    #[test]
    fn what_was_taken_and_not_handled_is_counted() {
        let (sender, mut receiver) = queue();
        sender.put(&mut batch(&[1, 2, 3]));
        receiver.take(&mut VecDeque::new());
        let _ = receiver.handled(1);
        drop(receiver);
        assert_eq!(sender.lost(), 2);
    }

    #[test]
    fn the_side_that_takes_is_woken_once_for_what_waits_and_when_the_other_goes() {
        let (sender, mut receiver) = queue();
        let woken = std::sync::Arc::new(AtomicUsize::new(0));
        let count = || woken.load(Ordering::SeqCst);
        sender.put(&mut batch(&[1]));
        let counter = woken.clone();
        receiver.wake_by(Box::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        assert_eq!(count(), 1, "what was put in before");
        sender.put(&mut batch(&[2]));
        assert_eq!(count(), 1);
        receiver.take(&mut VecDeque::new());
        sender.put(&mut batch(&[3]));
        assert_eq!(count(), 2);
        drop(sender);
        assert_eq!(count(), 3);
    }

    #[test]
    fn the_last_messages_of_a_side_that_went_are_taken() {
        let (sender, mut receiver) = queue();
        sender.put(&mut batch(&[1]));
        drop(sender);
        let mut taken = VecDeque::new();
        assert!(!receiver.take(&mut taken));
        assert_eq!(taken, batch(&[1]));
    }
}
