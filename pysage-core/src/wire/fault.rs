//! What goes wrong inside a codec: made so that what nearly never happens costs the way through serde
//! a register at most.

use std::cell::Cell;
use std::fmt;

use super::error::{DecodeError, DecodeReason, EncodeReason, Malformed};

/// Why a value cannot be encoded.
#[derive(Debug)]
pub(super) struct Refusal(Box<EncodeReason>);

impl Refusal {
    #[cold]
    #[inline(never)]
    pub(super) fn new(reason: EncodeReason) -> Refusal {
        Refusal(Box::new(reason))
    }

    #[cold]
    pub(super) fn into_reason(self) -> Box<EncodeReason> {
        self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {}

impl serde::ser::Error for Refusal {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Refusal {
        Refusal::new(EncodeReason::custom(reason))
    }
}

/// What is wrong with bytes; what that is lies beside, for the thread. So a `Result` has a place for
/// its value alone, and the value stays in registers: where an error shares that place, its parts are
/// written one by one and read as a whole soon after, and the processor waits.
#[derive(Debug)]
pub(super) struct Fault(());

struct Place {
    /// How many bytes there are from the mistake on.
    left: Option<usize>,
    reason: DecodeReason,
}

thread_local! {
    /// What the last fault was, until whoever decodes takes it.
    static LAST: Cell<Option<Box<Place>>> = const { Cell::new(None) };
}

impl Fault {
    #[cold]
    #[inline(never)]
    pub(super) fn new(from: &[u8], reason: DecodeReason) -> Fault {
        Fault::before(from.len(), reason)
    }

    /// A mistake that so many bytes come behind.
    #[cold]
    #[inline(never)]
    pub(super) fn before(left: usize, reason: DecodeReason) -> Fault {
        Fault::put(Place { left: Some(left), reason })
    }

    /// A mistake whose place is not known.
    #[cold]
    #[inline(never)]
    pub(super) fn somewhere(reason: DecodeReason) -> Fault {
        Fault::put(Place { left: None, reason })
    }

    fn put(place: Place) -> Fault {
        // A thread that ends has no place for it any more.
        let _ = LAST.try_with(|last| last.set(Some(Box::new(place))));
        Fault(())
    }

    fn take(&self) -> Place {
        let last = LAST.try_with(Cell::take).ok().flatten();
        let unknown = || Place { left: None, reason: DecodeReason::Other("malformed".to_owned()) };
        last.map_or_else(unknown, |place| *place)
    }

    /// The same mistake, with a place if it had none.
    #[cold]
    #[inline(never)]
    pub(super) fn or_at(self, from: &[u8]) -> Fault {
        let mut place = self.take();
        place.left.get_or_insert(from.len());
        Fault::put(place)
    }

    /// All bytes together are too many.
    #[cold]
    #[inline(never)]
    pub(super) fn too_long(limit_bytes: usize) -> Fault {
        Fault::somewhere(DecodeReason::TooLong { limit_bytes })
    }

    /// The mistake in so many bytes.
    #[cold]
    #[inline(never)]
    pub(super) fn into_malformed(self, length: usize) -> Malformed {
        let Place { left, reason } = self.take();
        Malformed { at: left.map(|left| length - left), reason }
    }

    /// The mistake in the bytes of a message.
    #[cold]
    #[inline(never)]
    pub(super) fn into_error(self, message: &'static str, bytes: &[u8]) -> DecodeError {
        self.into_malformed(bytes.len()).of(message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.take();
        let shown = place.reason.fmt(f);
        Fault::put(place);
        shown
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    #[cold]
    #[inline(never)]
    fn custom<T: fmt::Display>(reason: T) -> Fault {
        Fault::somewhere(DecodeReason::custom(reason))
    }
}
