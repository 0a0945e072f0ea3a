//! Sets of messages, registered together.

use super::registry::{RegisterMessageError, Registry};
use super::wire_type::WireType;
use crate::manager::ActorManager;
use crate::message::PacketType;

/// A set of messages; made with [`protocol!`](crate::protocol).
pub trait Protocol {
    /// The wire forms of its messages.
    #[doc(hidden)]
    fn wire_types() -> Vec<WireType>;
}

impl Registry {
    /// Registers all messages of a set.
    ///
    /// # Errors
    /// As [`register`](Self::register); the messages before the one that is refused are registered.
    pub fn register_protocol<P: Protocol>(&mut self) -> Result<(), RegisterMessageError> {
        P::wire_types().into_iter().try_for_each(|wire_type| self.add(wire_type).map(|_| ()))
    }
}

impl ActorManager {
    /// Registers all messages of a set, as [`register_message`](Self::register_message) does.
    ///
    /// # Errors
    /// As [`register_message`](Self::register_message); the messages before the one that is refused
    /// are registered.
    pub fn register_protocol<P: Protocol>(&self) -> Result<(), RegisterMessageError> {
        P::wire_types().iter().try_for_each(|wire_type| self.world().register(wire_type))
    }
}

/// Names a set of messages, to be registered together. Two messages of one packet type do not
/// compile.
///
/// ```
/// use pysage_core::{ActorManager, Message, protocol};
///
/// #[derive(Message)]
/// #[message(packet_type = 101)]
/// struct Bomb { damage: i32 }
///
/// #[derive(Message)]
/// #[message(packet_type = 102)]
/// struct Heal { by: i32 }
///
/// protocol! {
///     /// All that clients and servers say to each other.
///     pub Game: Bomb, Heal
/// }
///
/// let manager = ActorManager::new();
/// manager.register_protocol::<Game>()?;
/// assert_eq!(manager.message_table().len(), 2);
/// # Ok::<(), pysage_core::RegisterMessageError>(())
/// ```
#[macro_export]
macro_rules! protocol {
    ($(#[$attribute:meta])* $visibility:vis $name:ident: $($message:ty),+ $(,)?) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Default)]
        $visibility struct $name;

        impl $crate::wire::Protocol for $name {
            fn wire_types() -> ::std::vec::Vec<$crate::wire::WireType> {
                ::std::vec![$($crate::wire::wire_type_of::<$message>()),+]
            }
        }

        const _: () = $crate::wire::refuse_duplicates(&[$(
            (<$message as $crate::MessageTrait>::NAME, <$message as $crate::MessageTrait>::PACKET_TYPE)
        ),+]);
    };
}

/// The wire form of a message; what [`protocol!`](crate::protocol) calls.
#[doc(hidden)]
#[must_use]
pub fn wire_type_of<M: super::WireMessage>() -> WireType {
    M::wire_type().unwrap_or_else(WireType::of::<M>)
}

/// Does not compile if two messages have the same packet type, and names both.
#[doc(hidden)]
pub const fn refuse_duplicates(messages: &[(&str, Option<PacketType>)]) {
    let mut later = 1;
    while later < messages.len() {
        let mut earlier = 0;
        while earlier < later {
            if let (Some(one), Some(other)) = (messages[earlier].1, messages[later].1)
                && one.get() == other.get()
            {
                let mut text = Text::new();
                text.push("`");
                text.push(messages[earlier].0);
                text.push("` and `");
                text.push(messages[later].0);
                text.push("` have the same packet type; give one of them another number");
                panic!("{}", text.as_str());
            }
            earlier += 1;
        }
        later += 1;
    }
}

/// A text that is put together while a constant is evaluated.
struct Text {
    bytes: [u8; Text::BYTES],
    length: usize,
}

impl Text {
    const BYTES: usize = 512;

    const fn new() -> Text {
        Text { bytes: [0; Text::BYTES], length: 0 }
    }

    /// Adds a text, if there is room for it.
    const fn push(&mut self, text: &str) {
        let text = text.as_bytes();
        if self.length + text.len() > Text::BYTES {
            return;
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.length + index] = text[index];
            index += 1;
        }
        self.length += text.len();
    }

    const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "two messages have the same packet type",
        }
    }
}
