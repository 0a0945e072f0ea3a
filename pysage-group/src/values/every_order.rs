//! Each order in which two threads can do what they do.

use loom::thread;

use super::*;

fn batch(numbers: &[u32]) -> VecDeque<(u32, Load)> {
    numbers.iter().map(|number| (*number, Load { messages: 1, bytes: 10 })).collect()
}

#[test]
fn each_message_is_taken_once_and_its_bytes_are_given_back() {
    loom::model(|| {
        let (sender, mut receiver) = queue();
        let putting = thread::spawn(move || {
            sender.put(&mut batch(&[1, 2]));
            sender.put(&mut batch(&[3]));
            sender
        });
        let mut all = Vec::new();
        let mut take = |receiver: &mut ValueReceiver<u32>| {
            let mut taken = VecDeque::new();
            let goes_on = receiver.take(&mut taken);
            let _ = receiver.handled(taken.len() as u64);
            all.extend(taken.into_iter().map(|(number, _)| number));
            goes_on
        };
        take(&mut receiver);
        take(&mut receiver);
        let sender = putting.join().expect("it does not panic");
        assert!(take(&mut receiver));
        assert_eq!(sender.held_bytes(usize::MAX), 0);
        drop(sender);
        assert!(!take(&mut receiver));
        assert_eq!(all, [1, 2, 3]);
    });
}

#[test]
fn a_side_that_goes_leaves_each_message_with_one_of_them() {
    loom::model(|| {
        let (sender, mut receiver) = queue();
        let taking = thread::spawn(move || {
            let mut taken = VecDeque::new();
            receiver.take(&mut taken);
            let _ = receiver.handled(1);
            taken.len()
        });
        let mut late = batch(&[1, 2]);
        sender.put(&mut late);
        let taken = taking.join().expect("it does not panic");
        // What it took beyond the one that it handled is lost with it.
        assert_eq!(sender.lost(), taken.saturating_sub(1) as u64);
        assert_eq!(taken + sender.take_back().len() + late.len(), 2);
    });
}

#[test]
fn a_side_that_waits_for_room_sees_it_or_is_woken() {
    loom::model(|| {
        let (sender, mut receiver) = queue();
        sender.put(&mut batch(&[1]));
        receiver.take(&mut VecDeque::new());
        let handling = thread::spawn(move || receiver.handled(1));
        let held = sender.held_bytes(0);
        let is_woken = handling.join().expect("it does not panic");
        assert_eq!(held > 0, is_woken);
        assert_eq!(sender.held_bytes(0), 0);
    });
}

#[test]
fn no_wake_is_lost() {
    loom::model(|| {
        let (sender, mut receiver) = queue();
        let woken = Arc::new(AtomicUsize::new(0));
        let putting = thread::spawn(move || {
            sender.put(&mut batch(&[1]));
            sender.put(&mut batch(&[2]));
            sender
        });
        let counter = woken.clone();
        receiver.wake_by(Box::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        let before = woken.load(Ordering::SeqCst);
        let mut taken = VecDeque::new();
        receiver.take(&mut taken);
        let sender = putting.join().expect("it does not panic");
        let has_woken = woken.load(Ordering::SeqCst) > before;
        assert!(taken.len() == 2 || has_woken, "what was not taken has to be looked for");
        drop(sender);
    });
}
