#![allow(clippy::unwrap_used)]

use super::super::bytes::Reader;
use super::super::congestion::Congestion;
use super::super::frame::{Frame, put_ack};
use super::*;

const MS: Duration = Duration::from_millis(1);

struct Run {
    sent: Sent,
    congestion: Congestion,
    now: Instant,
}

impl Run {
    fn new() -> Run {
        let now = Instant::now();
        Run { sent: Sent::new(), congestion: Congestion::new(now, 1_200, 20 * MS), now }
    }

    /// Has datagrams leave, a millisecond apart, each with the bundle of its number.
    fn depart(&mut self, count: u64) {
        for _ in 0..count {
            let stamp = self.congestion.sent(self.now, 100, self.sent.in_flight_bytes());
            let mut carried = Carried::default();
            carried.push(self.sent.next_number() as u32);
            self.sent.departed(stamp, carried);
            self.now += MS;
        }
    }

    /// Has ranges acknowledged, from the highest; what became of which, and whether it is a sample.
    fn ack(&mut self, ranges: &[(u64, u64)]) -> Result<(Vec<(u32, Fate)>, bool), Malformed> {
        let mut out = Vec::new();
        put_ack(&mut out, ranges.iter().copied(), [0, 0, 0], 1_175);
        let Ok(Some(Frame::Ack(ack))) = Frame::read(&mut Reader::new(&out)) else { panic!() };
        let mut fates = Vec::new();
        let newest = self.sent.acked(self.now, &ack, |departed, fate| {
            fates.extend(departed.bundles.iter().map(|bundle| (bundle, fate)));
        })?;
        Ok((fates, newest.is_some()))
    }

    fn find_lost(&mut self, delay: Duration) -> Vec<(u32, Fate)> {
        let mut fates = Vec::new();
        self.sent.find_lost(self.now, delay, |departed, fate| {
            fates.extend(departed.bundles.iter().map(|bundle| (bundle, fate)));
        });
        fates
    }
}

#[test]
fn what_was_not_sent_cannot_be_acknowledged() {
    let mut run = Run::new();
    assert!(run.ack(&[(0, 0)]).is_err());
    run.depart(3);
    assert!(run.ack(&[(0, 3)]).is_err());
    assert!(run.ack(&[(1 << 61, 1 << 61)]).is_err());
    assert_eq!(run.sent.in_flight_bytes(), 300, "nothing has changed");
    assert_eq!(run.ack(&[(0, 2)]).unwrap().0.len(), 3);
    assert!(!run.sent.is_in_flight());
}

#[test]
fn each_arrival_is_told_once_and_only_that_of_the_newest_is_a_sample() {
    let mut run = Run::new();
    run.depart(6);
    assert_eq!(
        run.ack(&[(4, 4), (1, 2)]).unwrap(),
        (vec![(4, Fate::Arrived), (2, Fate::Arrived), (1, Fate::Arrived)], true,)
    );
    assert_eq!(run.ack(&[(4, 4), (0, 2)]).unwrap(), (vec![(0, Fate::Arrived)], false));
    assert_eq!(run.ack(&[(4, 4), (0, 2)]).unwrap(), (vec![], false));
    assert_eq!(run.sent.in_flight_bytes(), 200);
}

#[test]
fn a_datagram_is_lost_once_three_later_ones_have_arrived_or_time_has_passed() {
    let mut run = Run::new();
    run.depart(5);
    run.ack(&[(3, 3)]).unwrap();
    assert_eq!(run.find_lost(100 * MS), [(0, Fate::Lost)]);
    let due = run.sent.loss_at().unwrap();
    run.now = due - MS;
    assert_eq!(run.find_lost(100 * MS), []);
    run.now = due;
    assert_eq!(run.find_lost(100 * MS), [(1, Fate::Lost)]);
    run.now += 10 * MS;
    assert_eq!(run.find_lost(100 * MS), [(2, Fate::Lost)]);
    assert_eq!(run.sent.loss_at(), None, "of a later one nothing is known");
    assert_eq!(run.sent.bundles().collect::<Vec<_>>(), [4]);
}

#[test]
fn one_that_comes_late_makes_it_wait_longer_for_others() {
    let mut run = Run::new();
    run.depart(5);
    run.ack(&[(4, 4)]).unwrap();
    assert_eq!(run.find_lost(50 * MS), [(0, Fate::Lost), (1, Fate::Lost)]);
    run.now += 85 * MS;
    assert_eq!(run.ack(&[(4, 4), (0, 0)]).unwrap().0, [(0, Fate::ArrivedLate)]);
    run.ack(&[(0, 4)]).unwrap();
    // Three later ones say nothing any more, and time is given up to twice as much.
    run.depart(5);
    let ninth = run.sent.next_number() - 1;
    run.ack(&[(ninth, ninth)]).unwrap();
    assert!(run.find_lost(50 * MS).iter().all(|(_, fate)| *fate != Fate::Lost));
    run.now += 80 * MS;
    assert_eq!(run.find_lost(50 * MS).len(), 0);
    run.now += 20 * MS;
    assert_eq!(run.find_lost(50 * MS).iter().filter(|(_, fate)| *fate == Fate::Lost).count(), 4);
}

#[test]
fn what_was_lost_long_ago_is_forgotten_and_the_log_with_it() {
    let mut run = Run::new();
    run.depart(4);
    run.ack(&[(3, 3)]).unwrap();
    assert_eq!(run.find_lost(10 * MS).len(), 1);
    run.now += 10 * MS;
    assert_eq!(run.find_lost(10 * MS), [(1, Fate::Lost), (2, Fate::Lost)]);
    run.now += 40 * MS;
    assert_eq!(run.find_lost(10 * MS).len(), 3);
    assert_eq!(run.sent.log.len(), 0);
    assert_eq!(run.sent.next_number(), 4, "numbers are not used again");
    assert_eq!(run.ack(&[(0, 3)]).unwrap(), (vec![], false));
    // By number, too, if time stands still.
    run.depart(2_000);
    let last = run.sent.next_number() - 1;
    run.ack(&[(last, last)]).unwrap();
    run.find_lost(Duration::from_secs(9));
    run.find_lost(Duration::from_secs(9));
    assert!(run.sent.log.len() <= KEPT as usize + 1, "{}", run.sent.log.len());
}

#[test]
fn datagrams_that_only_acknowledge_leave_nothing_behind() {
    let mut run = Run::new();
    (0..1_000).for_each(|_| run.sent.departed_unasked());
    assert_eq!((run.sent.log.len(), run.sent.next_number()), (0, 1_000));
    run.depart(1);
    run.sent.departed_unasked();
    assert_eq!(run.ack(&[(500, 1_001)]).unwrap().0, [(1_000, Fate::Arrived)]);
}
