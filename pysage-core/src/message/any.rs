//! A message whose type is not known where it is looked at.

use std::any::Any;

#[cfg(feature = "wire")]
use super::ReplyAddress;
use super::{Message, PacketType, Property, PropertyError, property};

/// A message behind a reference, for handlers of every message or of a name.
///
/// Every [`Message`] is one; the trait has nothing to implement. What can be asked of it are the
/// methods of `dyn AnyMessage`.
///
/// ```
/// use pysage_core::{AnyMessage, Message};
///
/// #[derive(Message)]
/// struct Bomb { damage: i32 }
///
/// fn describe(message: &dyn AnyMessage) -> String {
///     match message.downcast_ref::<Bomb>() {
///         Some(bomb) => format!("a bomb of {}", bomb.damage),
///         None => message.name().to_owned(),
///     }
/// }
/// assert_eq!(describe(&Bomb { damage: 10 }), "a bomb of 10");
/// ```
pub trait AnyMessage: Any + Send + sealed::Erased {}

impl<M: Message> AnyMessage for M {}

mod sealed {
    #[cfg(feature = "wire")]
    use super::ReplyAddress;
    use super::{Any, Message, PacketType, Property};

    pub trait Erased {
        fn erased_name(&self) -> &str;
        fn erased_any(&self) -> &dyn Any;
        #[cfg(feature = "wire")]
        fn erased_reply_address(&self) -> Option<ReplyAddress>;
        fn erased_type_name(&self) -> &'static str;
        fn erased_packet_type(&self) -> Option<PacketType>;
        fn erased_properties(&self) -> &'static [Property];
        fn erased_property(&self, name: &str) -> Option<&dyn Any>;
    }

    impl<M: Message> Erased for M {
        fn erased_name(&self) -> &str {
            self.name_of_value()
        }
        fn erased_any(&self) -> &dyn Any {
            self.as_any()
        }
        #[cfg(feature = "wire")]
        fn erased_reply_address(&self) -> Option<ReplyAddress> {
            self.reply_address()
        }
        fn erased_type_name(&self) -> &'static str {
            M::NAME
        }
        fn erased_packet_type(&self) -> Option<PacketType> {
            M::PACKET_TYPE
        }
        fn erased_properties(&self) -> &'static [Property] {
            M::PROPERTIES
        }
        fn erased_property(&self, name: &str) -> Option<&dyn Any> {
            self.property_any(name)
        }
    }
}

impl dyn AnyMessage {
    /// Who waits for an answer to it at the other end of a link.
    #[cfg(feature = "wire")]
    pub(crate) fn reply_address(&self) -> Option<ReplyAddress> {
        self.erased_reply_address()
    }

    /// The message's name: of its type, or the one it was queued under.
    #[must_use]
    pub fn name(&self) -> &str {
        self.erased_name()
    }

    /// The message's packet type, if it has one.
    #[must_use]
    pub fn packet_type(&self) -> Option<PacketType> {
        self.erased_packet_type()
    }

    /// The message's fields.
    #[must_use]
    pub fn properties(&self) -> &'static [Property] {
        self.erased_properties()
    }

    /// Reads a property by name; see [`Message::property`].
    ///
    /// # Errors
    /// As [`Message::property`].
    pub fn property<T: 'static>(&self, name: &str) -> Result<&T, PropertyError> {
        let field = self.erased_property(name);
        property::read(self.erased_type_name(), self.erased_properties(), name, field)
    }

    /// The message as its type, if it is of that type.
    #[must_use]
    pub fn downcast_ref<M: Message>(&self) -> Option<&M> {
        self.erased_any().downcast_ref()
    }

    /// Whether the message is of this type.
    #[must_use]
    pub fn is<M: Message>(&self) -> bool {
        self.erased_any().is::<M>()
    }
}
