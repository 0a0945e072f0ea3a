//! What a group and its parent tell each other, beside messages.
//!
//! It goes over a line of its own, so that messages that wait do not hold it up. On the line to
//! another process each is a version and the message, in the same wire form as all messages.

use std::time::Duration;

use pysage_core::Message;
use pysage_core::wire::{Codec, DecodeError, EncodeError, WireLimits};
use serde::{Deserialize, Serialize};

/// The version of the protocol between groups.
pub(crate) const VERSION: u16 = 1;

/// The most bytes of one control message: 1 MiB.
const MOST_BYTES: usize = 1 << 20;

/// What is told.
#[derive(Clone, Debug, PartialEq, Message)]
#[message(packet_type = 101)]
pub(crate) enum Control {
    /// To a group in another process, first of all; its link to the parent comes with it.
    Start { nonce: [u8; 16], group: String, entry: String, settings: Settings },
    /// Groups that are there now. Those that were known are there again.
    Known(Vec<Known>),
    /// A group is not there any more, for good or until it is started again.
    Gone { group: String, for_good: bool },
    /// `to` gets a link to `with`, which comes with it.
    Link { to: String, with: String },
    /// `to` does not get the link to `with` that it wants.
    NoLink { to: String, with: String },
    /// To a group: handle what was sent, and end.
    Stop,
    /// To the parent: the group is ready; its message table, encoded.
    Ready { table: Vec<u8> },
    /// To the parent: the group cannot start, since it has no such entry.
    NoSuchEntry,
    /// To the parent: `from` wants a link to `to`.
    Want { from: String, to: String },
    /// To the parent: the group has ended another tick.
    Beat,
    /// To the parent: the group ends, with what was wrong if something was.
    Ending { failure: Option<String> },
}

/// How a group runs, as far as it has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) tick_interval: Duration,
    pub(crate) tick_budget: Option<Duration>,
    pub(crate) wakes: bool,
    pub(crate) stop_timeout: Duration,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) terms: Terms,
}

/// On which terms a group takes messages, over each of its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// How many bytes may be on their way to it.
    pub(crate) queue_bytes: u64,
    /// How long a message may be.
    pub(crate) message_bytes: u64,
    /// What it did not handle goes to its successor.
    pub(crate) acked: bool,
}

/// What all groups know of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) group: String,
    /// The process it is in.
    pub(crate) process: u64,
    pub(crate) terms: Terms,
}

/// Why bytes are no control message.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("version {there} of the protocol between groups, here it is {VERSION}")]
    Version { there: u16 },
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    #[error("a control message without a version")]
    NoVersion,
}

impl Control {
    /// Writes it behind what is in `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(&VERSION.to_le_bytes());
        Codec::Compact.encode(self, &WireLimits::default().message_bytes(MOST_BYTES), out)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Control, ControlError> {
        let (version, fields) = bytes.split_first_chunk().ok_or(ControlError::NoVersion)?;
        match u16::from_le_bytes(*version) {
            VERSION => {
                let limits = WireLimits::default().message_bytes(MOST_BYTES);
                Ok(Codec::Compact.decode(fields, &limits)?)
            }
            there => Err(ControlError::Version { there }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn known() -> Control {
        Control::Known(vec![Known {
            group: "arena/bots".to_owned(),
            process: u64::MAX,
            terms: Terms { queue_bytes: 4 << 20, message_bytes: 1 << 20, acked: true },
        }])
    }

    #[test]
    fn what_is_told_is_understood_and_cut_short_it_is_not() {
        let (mut bytes, control) = (Vec::new(), known());
        control.encode(&mut bytes).unwrap();
        assert_eq!(Control::decode(&bytes).unwrap(), control);
        for length in 0..bytes.len() {
            Control::decode(&bytes[..length]).unwrap_err();
        }
    }

    /// Bytes that are changed, cut or made up, from a generator with this seed.
    fn hostile(seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut below = |most: usize| {
            // splitmix64
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
        };
        let mut bytes = VERSION.to_le_bytes().to_vec();
        if below(2) == 0 {
            bytes.clear();
            known().encode(&mut bytes).unwrap();
            for _ in 0..=below(4) {
                let at = 2 + below(bytes.len() - 2);
                bytes[at] = [0, 0xff, 0xfc, below(256) as u8][below(4)];
            }
            bytes.truncate(2 + below(bytes.len()));
        } else {
            bytes.extend((0..below(60)).map(|_| below(256) as u8));
        }
        bytes
    }

    #[test]
    fn whatever_comes_is_refused_or_is_something_that_can_be_told() {
        let (mut refused, mut taken) = (0, 0);
        for seed in 0..20_000 {
            let bytes = hostile(seed);
            match Control::decode(&bytes) {
                Err(ControlError::Malformed(_)) => refused += 1,
                Err(error) => panic!("{error}, seed {seed}"),
                Ok(control) => {
                    taken += 1;
                    let mut again = Vec::new();
                    control.encode(&mut again).unwrap();
                    assert_eq!(Control::decode(&again).unwrap(), control, "seed {seed}");
                }
            }
        }
        assert!(refused > 1_000 && taken > 100, "{refused} refused, {taken} taken");
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = Vec::new();
        known().encode(&mut bytes).unwrap();
        bytes[0] += 1;
        let there = VERSION + 1;
        assert_eq!(Control::decode(&bytes), Err(ControlError::Version { there }));
    }
}
