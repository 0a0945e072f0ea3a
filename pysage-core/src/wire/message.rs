//! Messages that have a wire form.

use std::any::TypeId;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Message;

/// A message that can leave the process: `#[derive(Message)]` with a packet type makes one.
///
/// Its fields have to be serde's; the type itself needs no line of serde.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no wire form",
    label = "this message cannot leave the process",
    note = "give it a packet type: `#[message(packet_type = 101)]`, a number of 101 and up"
)]
pub trait WireMessage: Message {
    /// Writes the fields in their order.
    #[doc(hidden)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads the fields in their order.
    #[doc(hidden)]
    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Whether all fields are [plain](is_plain) and go as they are.
    #[doc(hidden)]
    #[must_use]
    fn is_plain() -> bool {
        false
    }
}

/// Whether a field of this type is a number, a text, or a sequence of such: what the quick way of the
/// codecs has a form for.
#[doc(hidden)]
#[inline(always)]
#[must_use]
pub fn is_plain<T: 'static>() -> bool {
    macro_rules! is_one_of {
        ($($plain:ty)*) => {
            $(TypeId::of::<T>() == TypeId::of::<$plain>()
                || TypeId::of::<T>() == TypeId::of::<Vec<$plain>>())||*
        };
    }
    is_one_of!(bool u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 String)
}

/// A message as serde sees it.
pub(crate) struct Writing<'a, M>(pub(crate) &'a M);

impl<M: WireMessage> Serialize for Writing<'_, M> {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// What serde reads a message as.
pub(crate) struct AsSerde<M>(pub(crate) M);

impl<'de, M: WireMessage> Deserialize<'de> for AsSerde<M> {
    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(AsSerde(M::deserialize(deserializer)?))
    }
}
