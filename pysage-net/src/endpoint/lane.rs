//! Within what messages are numbered.

use pysage_core::Delivery;

/// A delivery, and the stream within which it keeps order: messages of one lane are numbered
/// together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lane {
    pub(crate) kind: Kind,
    pub(crate) stream: u8,
}

/// What a lane does with its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Unreliable,
    Sequenced,
    ReliableUnordered,
    ReliableOrdered,
    /// Reliable and ordered, and not for the program: what two endpoints tell each other.
    Control,
}

impl Lane {
    pub(crate) const CONTROL: Lane = Lane { kind: Kind::Control, stream: 0 };

    /// Lanes without an order have no use for streams.
    #[inline]
    pub(crate) fn of(delivery: Delivery, stream: u8) -> Lane {
        match delivery {
            Delivery::Unreliable => Lane { kind: Kind::Unreliable, stream: 0 },
            Delivery::Sequenced => Lane { kind: Kind::Sequenced, stream },
            Delivery::ReliableUnordered => Lane { kind: Kind::ReliableUnordered, stream: 0 },
            Delivery::ReliableOrdered => Lane { kind: Kind::ReliableOrdered, stream },
        }
    }

    pub(crate) fn is_reliable(self) -> bool {
        !matches!(self.kind, Kind::Unreliable | Kind::Sequenced)
    }

    /// In three bits.
    #[inline]
    pub(crate) fn code(self) -> u8 {
        match self.kind {
            Kind::Unreliable => 0,
            Kind::Sequenced => 1,
            Kind::ReliableUnordered => 2,
            Kind::ReliableOrdered => 3,
            Kind::Control => 4,
        }
    }

    #[inline]
    pub(crate) fn from_code(code: u8, stream: u8) -> Option<Lane> {
        let kind = match code {
            0 => Kind::Unreliable,
            1 => Kind::Sequenced,
            2 => Kind::ReliableUnordered,
            3 => Kind::ReliableOrdered,
            4 => Kind::Control,
            _ => return None,
        };
        let has_streams = matches!(kind, Kind::Sequenced | Kind::ReliableOrdered);
        (has_streams || stream == 0).then_some(Lane { kind, stream })
    }
}
