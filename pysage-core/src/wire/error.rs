//! What can go wrong between a message and its bytes.

use std::fmt;

/// A message that could not be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message `{message}` cannot be encoded: {reason}")]
#[non_exhaustive]
pub struct EncodeError {
    /// The name of the message.
    pub message: &'static str,
    /// What is wrong with it.
    pub reason: EncodeReason,
}

/// What is wrong with a message that is to be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeReason {
    /// Its wire form is longer than the limit.
    #[error("it is longer than the limit of {limit_bytes} bytes")]
    TooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// Its sequences and maps have more items in all than the limit.
    #[error("its sequences and maps have more than {limit} items")]
    TooManyItems {
        /// The limit.
        limit: usize,
    },
    /// Its values are nested deeper than the limit.
    #[error("its values are nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The codec has no form for a value.
    #[error("{0}")]
    Unsupported(String),
    /// A field's own `Serialize` gave this error.
    #[error("{0}")]
    Other(String),
}

/// Bytes that are not the message that they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct DecodeError {
    /// The name of the message, once its packet type was recognised.
    pub message: Option<&'static str>,
    /// Where in the bytes that were given the mistake was found, from 0. bincode, which reads messages
    /// that are more than numbers, texts and sequences of such, knows it only where bytes are missing
    /// or left over.
    pub at: Option<usize>,
    /// What is wrong there.
    pub reason: DecodeReason,
}

impl DecodeError {
    /// The same mistake, counted from so many bytes before.
    pub(crate) fn behind(self, bytes: usize) -> DecodeError {
        DecodeError { at: self.at.map(|at| at + bytes), ..self }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message {
            Some(message) => write!(f, "the bytes of a `{message}` are malformed")?,
            None => write!(f, "the bytes of a message are malformed")?,
        }
        if let Some(at) = self.at {
            write!(f, " at byte {at}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// What is wrong with bytes that should be a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeReason {
    /// There are fewer bytes than the message needs.
    #[error("the bytes end too early")]
    UnexpectedEnd,
    /// There are bytes behind the message.
    #[error("{0} bytes are left over")]
    TrailingBytes(usize),
    /// There are more bytes than the limit.
    #[error("there are more than {limit_bytes} bytes")]
    TooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// Sequences and maps have more items in all than the limit.
    #[error("sequences and maps have more than {limit} items")]
    TooManyItems {
        /// The limit.
        limit: usize,
    },
    /// Values are nested deeper than the limit.
    #[error("values are nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// A length is below zero.
    #[error("a length of {0} is below zero")]
    NegativeLength(i64),
    /// No message type with this packet type is registered.
    #[error("no message type with packet type {0} is registered")]
    UnknownPacketType(u16),
    /// The codec has no form for a type.
    #[error("{0}")]
    Unsupported(String),
    /// A value is none of its type, or a field's own `Deserialize` gave this error.
    #[error("{0}")]
    Other(String),
}

impl serde::ser::Error for EncodeReason {
    fn custom<T: fmt::Display>(reason: T) -> EncodeReason {
        EncodeReason::Other(reason.to_string())
    }
}

impl serde::de::Error for DecodeReason {
    fn custom<T: fmt::Display>(reason: T) -> DecodeReason {
        DecodeReason::Other(reason.to_string())
    }
}

/// A mistake in bytes, and where it was found; what codecs give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Malformed {
    pub(crate) at: Option<usize>,
    pub(crate) reason: DecodeReason,
}

impl Malformed {
    pub(crate) fn of(self, message: &'static str) -> DecodeError {
        DecodeError { message: Some(message), at: self.at, reason: self.reason }
    }
}
