//! Messages: plain values with a name, that actors subscribe to by type.

mod any;
mod named;
mod property;
mod request;
mod slot;

use std::any::Any;
use std::fmt;
use std::num::NonZeroU16;

use crate::manager::TopicKey;
pub use any::AnyMessage;
pub(crate) use named::NamedMessage;
pub use property::{Property, PropertyError};
#[cfg(feature = "wire")]
pub use request::ReplyAddress;
pub(crate) use request::ReplyTo;
pub use request::{Asked, Request};
pub use slot::{MessageSlot, SlotCell};

/// A plain value that actors handle; made with `#[derive(Message)]`.
///
/// A message is any `Send` value without borrowed parts. The derive gives it its name, its
/// properties by name, and what it needs to leave the process later on. Inside a process a
/// message is moved, never copied or encoded.
///
/// ```
/// use pysage_core::Message;
///
/// #[derive(Message)]
/// #[message(packet_type = 101)]
/// struct Bomb {
///     #[message(range = 0..=100)]
///     damage: i32,
/// }
///
/// let mut bomb = Bomb { damage: 10 };
/// assert_eq!(Bomb::NAME, "Bomb");
/// assert_eq!(bomb.property::<i32>("damage"), Ok(&10));
/// bomb.set_property("damage", 500)?;
/// assert!(bomb.validate().is_err());
/// # Ok::<(), pysage_core::PropertyError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "this type is not a message",
    note = "add `#[derive(Message)]` to `{Self}`; a message is `Send` and borrows nothing"
)]
pub trait Message: Sized + Send + 'static {
    /// The name that logs show and that [`Subscriptions::named`](crate::Subscriptions::named)
    /// matches; the type's own unless `#[message(name = "..")]` says otherwise.
    const NAME: &'static str;
    /// The number that stands for the type in its wire form; `None` keeps it in the process.
    const PACKET_TYPE: Option<PacketType> = None;
    /// Counts changes of the wire form; two ends compare it before they talk.
    const VERSION: u16 = 1;
    /// How a network carries the message.
    const DELIVERY: Delivery = Delivery::ReliableOrdered;
    /// The stream within which [`Delivery::ReliableOrdered`] and [`Delivery::Sequenced`] keep
    /// order; a loss on one stream does not hold up another.
    const STREAM: u8 = 0;
    /// The fields in their order, with the names that [`property`](Self::property) takes.
    const PROPERTIES: &'static [Property] = &[];
    /// Whether [`validate`](Self::validate) has anything to check.
    const VALIDATED: bool = false;

    /// Checks the ranges and validations that the derive was given; the manager does so for
    /// every message that is queued or triggered.
    ///
    /// # Errors
    /// [`PropertyError::Invalid`] names the first property that is out of bounds.
    fn validate(&self) -> Result<(), PropertyError> {
        Ok(())
    }

    /// Reads a property by name. An `Option<T>` field is read as `T` (or whole, as `Option<T>`).
    ///
    /// # Errors
    /// [`PropertyError::Unknown`], [`PropertyError::WrongType`], and [`PropertyError::Unset`]
    /// for an `Option` field that is `None`.
    fn property<T: 'static>(&self, name: &str) -> Result<&T, PropertyError> {
        property::read(Self::NAME, Self::PROPERTIES, name, self.property_any(name))
    }

    /// Reads a property by name, and `default` where an `Option` field is `None`.
    ///
    /// # Errors
    /// As [`property`](Self::property), but never [`PropertyError::Unset`].
    fn property_or<'a, T: 'static>(
        &'a self,
        name: &str,
        default: &'a T,
    ) -> Result<&'a T, PropertyError> {
        match self.property(name) {
            Err(PropertyError::Unset { .. }) => Ok(default),
            read => read,
        }
    }

    /// Writes a property by name. An `Option<T>` field takes a `T` (or an `Option<T>`).
    ///
    /// # Errors
    /// [`PropertyError::Unknown`] and [`PropertyError::WrongType`]; the message is then as it was.
    fn set_property<T: 'static>(&mut self, name: &str, value: T) -> Result<(), PropertyError> {
        property::write(Self::NAME, Self::PROPERTIES, name, self.property_any_mut(name), value)
    }

    /// The field of this name.
    #[doc(hidden)]
    fn property_any(&self, _name: &str) -> Option<&dyn Any> {
        None
    }

    /// The field of this name, to be written.
    #[doc(hidden)]
    fn property_any_mut(&mut self, _name: &str) -> Option<&mut dyn Any> {
        None
    }

    /// What handlers of messages of any type see: of a request on its way, the request.
    #[doc(hidden)]
    fn as_any(&self) -> &dyn Any {
        self
    }

    /// Who waits for an answer to this value at the other end of a link.
    #[cfg(feature = "wire")]
    #[doc(hidden)]
    fn reply_address(&self) -> Option<ReplyAddress> {
        None
    }

    /// The name of this value, which differs from [`NAME`](Self::NAME) for messages without a type.
    #[doc(hidden)]
    fn name_of_value(&self) -> &str {
        Self::NAME
    }

    /// Where the type keeps its topic on this thread; a derived message without type parameters
    /// has one.
    #[doc(hidden)]
    fn topic_key() -> Option<&'static TopicKey<Self>> {
        None
    }

    /// The wire form of the type, if it has one.
    #[cfg(feature = "wire")]
    #[doc(hidden)]
    fn wire_type() -> Option<crate::wire::WireType> {
        None
    }

    /// The process-wide number of this type; the derive keeps it in a static of its own.
    #[doc(hidden)]
    fn slot() -> MessageSlot {
        MessageSlot::of::<Self>()
    }
}

/// The number that stands for a message type in its wire form: 101 and up.
///
/// 0 to 100 are reserved, as they were in the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketType(NonZeroU16);

impl PacketType {
    /// The lowest packet type that a message may have.
    pub const FIRST: PacketType = PacketType::new(101).expect("101 is not reserved");

    /// Takes 101 and up; `None` for the reserved numbers.
    #[must_use]
    pub const fn new(number: u16) -> Option<PacketType> {
        match NonZeroU16::new(number) {
            Some(number) if number.get() > 100 => Some(PacketType(number)),
            _ => None,
        }
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a network carries a message. Within a process and between groups every message arrives
/// once and in order, whatever it says here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Sent once: may be lost, may come late.
    Unreliable,
    /// Sent once, and dropped if a newer one of its stream came first.
    Sequenced,
    /// Arrives once, in any order.
    ReliableUnordered,
    /// Arrives once, in the order sent on its stream.
    #[default]
    ReliableOrdered,
}
