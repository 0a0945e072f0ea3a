//! Messages that have a wire form.

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
}

/// A message as serde sees it.
pub(crate) struct Writing<'a, M>(pub(crate) &'a M);

impl<M: WireMessage> Serialize for Writing<'_, M> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// What serde reads a message as.
pub(crate) struct AsSerde<M>(pub(crate) M);

impl<'de, M: WireMessage> Deserialize<'de> for AsSerde<M> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        M::deserialize(deserializer).map(|message| AsSerde(message))
    }
}
