//! What a peer may send.

use std::collections::BTreeSet;

use pysage_core::wire::{Codec, FrameHead, Purpose, Receiver};
use pysage_core::{PacketType, WireMessage};

/// What a peer may send. What it may not is counted and dropped, before its fields are looked at. Who
/// asks what it may not is told so, by [`AskError::NotAllowed`](crate::AskError::NotAllowed); answers to
/// what it was asked are always taken.
///
/// ```
/// use pysage_net::{AllowList, Identity, Message, Rights};
///
/// #[derive(Message)]
/// #[message(packet_type = 101)]
/// struct Say { text: String }
///
/// let guests = AllowList::new();
/// let guest = Identity::generate().public_key();
/// guests.allow_with(guest, Rights::all().only_message::<Say>().streams(1).actors(["bar"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    messages: Option<BTreeSet<PacketType>>,
    streams: u16,
    actors: Option<BTreeSet<String>>,
}

/// As [`Rights::all`].
impl Default for Rights {
    fn default() -> Rights {
        Rights::all()
    }
}

impl Rights {
    /// All messages that the receiving manager has registered, in each of the 256 streams, for all
    /// actors. To be restricted by what follows.
    #[must_use]
    pub fn all() -> Rights {
        Rights { messages: None, streams: 256, actors: None }
    }

    /// Messages of this type, and of others for which this was called, and no more.
    ///
    /// # Panics
    /// If the type has no packet type.
    #[must_use]
    pub fn only_message<M: WireMessage>(mut self) -> Rights {
        let packet_type =
            M::PACKET_TYPE.unwrap_or_else(|| panic!("`{}` has no packet type", M::NAME));
        self.messages.get_or_insert_default().insert(packet_type);
        self
    }

    /// The streams below this number, and no more: 1 for those messages that say no stream. A peer
    /// that uses another one is disconnected.
    #[must_use]
    pub fn streams(mut self, streams: u16) -> Rights {
        self.streams = streams.clamp(1, 256);
        self
    }

    /// Actors of these names, and none by its id, besides those who subscribe.
    #[must_use]
    pub fn actors<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Rights {
        self.actors = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How many streams there are for the peer.
    pub(crate) fn most_streams(&self) -> u16 {
        self.streams
    }

    /// Whether a frame may be handed over. What is malformed is found to be by others.
    pub(crate) fn allow(&self, codec: Codec, frame: &[u8]) -> bool {
        let Ok((head, _)) = FrameHead::read(codec, frame) else { return true };
        if matches!(head.purpose, Purpose::Answer(_) | Purpose::Refusal(_)) {
            return true;
        }
        let is_known = |messages: &BTreeSet<_>| messages.contains(&head.packet_type);
        let is_reached = |actors: &BTreeSet<String>| match head.receiver {
            Receiver::Subscribers => true,
            Receiver::Named(name) => actors.contains(name),
            Receiver::Actor(_) => false,
        };
        self.messages.as_ref().is_none_or(is_known) && self.actors.as_ref().is_none_or(is_reached)
    }
}
