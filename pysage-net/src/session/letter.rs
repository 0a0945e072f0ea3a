//! A message of the handshake that says who one is: sealed, so what is in it is Noise's affair.

use crate::endpoint::{Malformed, Reader};

/// A message of the handshake that says who one is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Letter {
    bytes: [u8; Letter::MOST_BYTES],
    length: u8,
}

impl Letter {
    /// What the longest one takes: an ephemeral key, a sealed key, the sealed terms.
    pub(crate) const MOST_BYTES: usize = 32 + (32 + 16) + (17 + 16);

    /// What stands in its place where none is needed yet.
    pub(crate) const EMPTY: Letter = Letter { bytes: [0; Letter::MOST_BYTES], length: 0 };

    /// A letter of these bytes, if they are not too many.
    pub(crate) fn new(bytes: &[u8]) -> Option<Letter> {
        let mut letter = Letter { bytes: [0; Letter::MOST_BYTES], length: bytes.len() as u8 };
        letter.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(letter)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length.into()]
    }

    /// Writes its length in a byte, and its bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.length);
        out.extend_from_slice(self.bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Letter, Malformed> {
        let length = reader.byte()?;
        let bytes = reader.bytes(length.into())?;
        Letter::new(bytes).ok_or(Malformed("a sealed message of a handshake is too long"))
    }
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({} bytes)", self.length)
    }
}
