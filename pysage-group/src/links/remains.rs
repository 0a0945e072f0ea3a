//! What is left of links that are gone.

use pysage_core::transport::{Envelope, Inbox, Outgoing};

use super::stream::longest;
use crate::link::Fate;

/// What a link leaves behind.
pub(super) enum Remains {
    Frames(Vec<Fate>),
    Values { back: Vec<Envelope>, lost: u64 },
}

impl Remains {
    pub(super) fn of_outgoing(outgoing: Outgoing<'_>) -> Remains {
        match outgoing {
            Outgoing::Value(envelope) => Remains::Values { back: vec![envelope], lost: 0 },
            Outgoing::Frame { bytes, .. } => {
                Remains::Frames(vec![Fate::NotHandled(bytes.to_vec())])
            }
            _ => Remains::Frames(Vec::new()),
        }
    }

    pub(super) fn report(self, inbox: &mut Inbox<'_>) {
        match self {
            Remains::Frames(fates) => {
                let encoding = longest();
                fates.iter().for_each(|fate| match fate {
                    Fate::NotHandled(frame) => inbox.undelivered(&encoding, frame),
                    Fate::Unknown(frame) => inbox.fate_unknown(&encoding, frame),
                });
            }
            Remains::Values { back, lost } => {
                back.iter().for_each(|envelope| inbox.undelivered_value(envelope));
                inbox.undelivered_count(lost);
            }
        }
    }
}
