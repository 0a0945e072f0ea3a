//! The cases, by the names they have on the command line and in the report.

use clap::ValueEnum;

/// What is measured. The doc comments are the help texts of the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Case {
    /// Messages to one actor, sent one at a time
    Tell,
    /// Messages to one actor, each burst handed over as one iterator
    TellIter,
    /// As tell, with a time budget for each tick
    TellBudgeted,
    /// Each message reaches 1,000 subscribers; an operation is one handled message
    Fanout,
    /// Each message goes to one of many actors, in random order
    Many,
    /// Messages of 8 types in a random order of 64, repeated, to one actor with 8 handlers
    Mixed,
    /// Messages from 4 producer threads to one actor, sent one at a time
    Prod4Single,
    /// Messages from 4 producer threads to one actor, sent in batches
    Prod4Batched,
    /// Requests to one actor, with replies
    Ask,
    /// Actors created; an operation is one actor. Also reports the heap bytes of each
    Spawn,
    /// Ticks in which many actors have nothing to do; an operation is one tick
    IdleTick,
}

impl Case {
    pub fn name(self) -> String {
        let value = self.to_possible_value().expect("no case is hidden from the command line");
        value.get_name().to_owned()
    }
}
