//! The wire form of messages: how a message becomes bytes, and bytes a message.
//!
//! A message type with a packet type has a wire form; the derive writes it. A [`Registry`] knows
//! the types that may arrive, a [`Codec`] says how their fields are written, and a frame is a
//! [head](FrameHead) that says who gets the message, with the fields behind it. A manager does all
//! this by itself for its transports; what is here is for those who write one.
//!
//! What encodes under a limit decodes under the same limit. Whatever bytes arrive, decoding them
//! gives a message or an error: see [`WireLimits`].

mod binary;
mod bincode;
mod codec;
mod error;
mod fault;
mod frame;
mod guard;
mod limits;
mod message;
mod protocol;
#[cfg(feature = "codec-pysage")]
mod pysage;
mod registry;
mod table;
mod wire_type;
mod writer;

pub use codec::Codec;
pub use error::{DecodeError, DecodeReason, EncodeError, EncodeReason};
pub use frame::{FrameHead, Purpose, Receiver};
pub use limits::WireLimits;
pub use message::{WireMessage, is_plain};
pub use protocol::{Protocol, refuse_duplicates, wire_type_of};
#[cfg(feature = "codec-pysage")]
pub use pysage::{ShortBytes, ShortText, TooLongForShort, original_types};
pub use registry::{RegisterMessageError, Registry};
pub use table::{MessageTable, TableMismatch};
pub(crate) use wire_type::{Arrival, Reading, RequestType};
pub use wire_type::{MessageInfo, WireType};
