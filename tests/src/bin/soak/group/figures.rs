//! What a run comes to.

use std::time::Duration;

use pysage_group::GroupConfig;
use serde::Serialize;

use super::Options;
use super::events::Events;
use super::handlings::{Book, Handlings};
use super::killer::Board;
use super::letters::Letters;
use crate::numbers::Numbers;

/// The line of JSON.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) seed: u64,
    pub(crate) kills: u64,
    pub(crate) restarts: u64,
    pub(crate) sent: u64,
    pub(crate) handled: u64,
    pub(crate) redelivered: u64,
    pub(crate) reported_undelivered: u64,
    pub(crate) reported_unknown: u64,
    pub(crate) lost_unreported: u64,
    pub(crate) reported_but_handled: u64,
    pub(crate) out_of_order: u64,
    pub(crate) duplicated: u64,
    pub(crate) notice_ms_max: f64,
    pub(crate) ready_ms_max: f64,
    pub(crate) tick_p99_ms_main: f64,
    pub(crate) rss_growth_bytes: i64,
}

/// The longest that the end of a group may take to be noticed.
const NOTICE_MS: f64 = 50.0;

impl Figures {
    /// Adds what became of the messages of a group; tells what should not be.
    pub(crate) fn add_group(&mut self, group: &Group<'_>, options: &Options) -> Vec<String> {
        let Group { sent, handlings, letters, kills, .. } = *group;
        let Handlings { numbers, .. } = handlings;
        self.kills += kills;
        self.sent += sent;
        self.handled += handlings.count;
        self.redelivered += handlings.redelivered;
        self.duplicated += handlings.duplicated;
        self.out_of_order += handlings.out_of_order;
        self.reported_undelivered += letters.undelivered.count();
        self.reported_unknown += letters.unknown.count();
        let (lost, first_lost) = group.lost();
        self.lost_unreported += lost;
        let denied = letters.undelivered.common(numbers);
        self.reported_but_handled += denied;
        let (unhandled, first_unhandled) = Numbers::missing(&[numbers], sent);
        let unhandled = if options.acked { unhandled } else { 0 };
        // A message takes more bytes on a link than its number and its body.
        let unknown_bytes =
            letters.unknown.count() * (u64::from(options.bytes) + size_of::<u64>() as u64);
        let wrongs = [
            (lost, "neither handled nor reported", first_lost),
            (denied, "reported as undelivered, and handled", None),
            (unhandled, "never handled", first_unhandled),
            (handlings.out_of_order, "handled out of order", None),
            (handlings.disordered, "handled out of order by one process", None),
            (handlings.unmarked, "handled again without being marked as redelivered", None),
            (handlings.corrupted, "not handled as they were sent", None),
            (letters.again, "reported more than once", None),
            (letters.for_other_reasons, "reported for another reason", None),
            (letters.corrupted, "not reported as they were sent", None),
            (
                unknown_bytes.saturating_sub(kills * GroupConfig::DEFAULT_QUEUE_BYTES as u64),
                "bytes of unknown fate beyond what its links hold",
                None,
            ),
        ];
        let told = wrongs.into_iter().filter(|(count, ..)| *count > 0);
        told.map(|(count, what, first)| {
            let first = first.map_or_else(String::new, |first| format!(", the first is {first}"));
            format!("group {}: {count} {what}{first}", group.index)
        })
        .collect()
    }

    /// Adds what happened to the groups; tells what should not be.
    pub(crate) fn add_events(&mut self, events: &Events) -> Vec<String> {
        self.restarts = events.ups;
        self.notice_ms_max = milliseconds(events.notice_max);
        self.ready_ms_max = milliseconds(events.ready_max);
        let mut wrongs = events.wrongs.clone();
        if self.notice_ms_max >= NOTICE_MS {
            let ms = self.notice_ms_max;
            wrongs.push(format!("a kill was noticed after {ms} ms, {NOTICE_MS} are too many"));
        }
        wrongs
    }
}

/// What is known of a group's messages.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    pub(crate) index: u32,
    pub(crate) sent: u64,
    pub(crate) handlings: &'a Handlings,
    pub(crate) letters: &'a Letters,
    pub(crate) kills: u64,
}

impl<'a> Group<'a> {
    /// All groups.
    pub(crate) fn all(
        sent: impl Iterator<Item = u64>,
        book: &'a Book,
        letters: &'a [Letters],
        board: &Board,
    ) -> impl Iterator<Item = Group<'a>> {
        let each = sent.zip(book.groups()).zip(letters);
        (0..).zip(each).map(|(index, ((sent, handlings), letters))| Group {
            index,
            sent,
            handlings,
            letters,
            kills: board.kills(index),
        })
    }

    /// How many messages were neither handled nor reported, and the first of them.
    pub(crate) fn lost(&self) -> (u64, Option<u64>) {
        let Letters { undelivered, unknown, .. } = self.letters;
        Numbers::missing(&[&self.handlings.numbers, undelivered, unknown], self.sent)
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}
