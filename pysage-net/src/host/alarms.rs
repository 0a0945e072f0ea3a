//! When to look at which peer.

use std::time::Instant;

/// When to look at which peer: a heap that knows where each peer is in it, so that a time can be put
/// off. One that stayed would have whoever drives the host wake for nothing.
#[derive(Default)]
pub(super) struct Alarms {
    /// Each is not before the one at half its place: a binary heap.
    heap: Vec<(Instant, u32)>,
    /// Where each peer is in the heap, by its index; `NOWHERE` if it is not.
    places: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Alarms {
    /// Has a peer looked at by that time, and no more at the time it was to be looked at before.
    pub(super) fn set(&mut self, index: u32, at: Instant) {
        let known = self.places.get(index as usize).copied().unwrap_or(NOWHERE);
        let place = if known == NOWHERE {
            if self.places.len() <= index as usize {
                self.places.resize(index as usize + 1, NOWHERE);
            }
            self.heap.push((at, index));
            self.heap.len() - 1
        } else {
            self.heap[known as usize].0 = at;
            known as usize
        };
        self.settle(place);
    }

    /// Has a peer not be looked at.
    pub(super) fn remove(&mut self, index: u32) {
        let Some(place) = self.places.get_mut(index as usize) else { return };
        let place = std::mem::replace(place, NOWHERE) as usize;
        if place == NOWHERE as usize {
            return;
        }
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.settle(place);
        }
    }

    /// Takes out a peer whose time has come.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<u32> {
        let (at, index) = *self.heap.first()?;
        if at > now {
            return None;
        }
        self.remove(index);
        Some(index)
    }

    /// When the next one is to be looked at.
    pub(super) fn first(&self) -> Option<Instant> {
        self.heap.first().map(|(at, _)| *at)
    }

    /// Gives back memory that was needed for more peers than there are now.
    pub(super) fn clear(&mut self) {
        *self = Alarms::default();
    }

    /// Moves what was put at a place to where it belongs.
    fn settle(&mut self, mut place: usize) {
        let moved = self.heap[place];
        while let Some(parent) = place.checked_sub(1).map(|place| place / 2)
            && moved.0 < self.heap[parent].0
        {
            self.put(place, self.heap[parent]);
            place = parent;
        }
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let is_right = right < self.heap.len() && self.heap[right].0 < self.heap[left].0;
            let child = if is_right { right } else { left };
            if child >= self.heap.len() || self.heap[child].0 >= moved.0 {
                break;
            }
            self.put(place, self.heap[child]);
            place = child;
        }
        self.put(place, moved);
    }

    fn put(&mut self, place: usize, alarm: (Instant, u32)) {
        self.heap[place] = alarm;
        self.places[alarm.1 as usize] = place as u32;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::session::Random;

    #[test]
    fn peers_are_due_at_the_time_set_last() {
        for seed in 0..200 {
            let (mut random, start) = (Random::new(Some(seed)), Instant::now());
            let (mut alarms, mut model) = (Alarms::default(), BTreeMap::new());
            let mut draw = |below: u64| random.next() % below;
            let mut now = start;
            for _ in 0..300 {
                let index = draw(12) as u32;
                match draw(4) {
                    0 => {
                        alarms.remove(index);
                        model.remove(&index);
                    }
                    1 => {
                        now += Duration::from_micros(draw(300));
                        while let Some(due) = alarms.next_due(now) {
                            let at = model.remove(&due).unwrap();
                            assert!(at <= now && model.values().all(|other| at <= *other));
                        }
                        assert!(model.values().all(|at| *at > now), "seed {seed}");
                    }
                    _ => {
                        let at = now + Duration::from_micros(draw(1_000));
                        alarms.set(index, at);
                        model.insert(index, at);
                    }
                }
                assert_eq!(alarms.first(), model.values().min().copied(), "seed {seed}");
            }
        }
    }
}
