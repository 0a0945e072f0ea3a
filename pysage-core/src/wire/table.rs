//! The messages that one end knows, to be compared with those of the other.

use std::fmt;

use super::error::{DecodeError, DecodeReason};
use super::wire_type::MessageInfo;

/// The message types that one end of a link knows: what two ends compare before they talk.
///
/// Equal [fingerprints](Self::fingerprint) mean equal tables. Where they differ the tables are
/// [compared](Self::compare): a type that only one end knows is no mismatch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageTable {
    /// By packet type.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    packet_type: u16,
    version: u16,
    name: String,
    /// The type of the answer to a request as written; empty for other messages.
    reply: String,
    /// Names and types as written.
    properties: Vec<(String, String)>,
}

/// A message type that two ends know differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the two ends differ in message `{message}`: here packet type {packet_type} is {here}, there it is {there}; run the same version on both"
)]
#[non_exhaustive]
pub struct TableMismatch {
    /// The name that the message has here.
    pub message: String,
    /// The packet type that means different things.
    pub packet_type: u16,
    /// What it is here.
    pub here: String,
    /// What it is at the other end.
    pub there: String,
}

impl MessageTable {
    /// The most bytes that [`decode`](Self::decode) takes: 4 MiB.
    pub const MOST_BYTES: usize = 4 << 20;

    /// The table of these types.
    #[must_use]
    pub fn of<'a>(messages: impl IntoIterator<Item = &'a MessageInfo>) -> MessageTable {
        let mut entries: Vec<_> = messages.into_iter().map(Entry::of).collect();
        entries.sort_unstable_by_key(|entry| entry.packet_type);
        MessageTable { entries }
    }

    /// How many message types there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A number that is the same for equal tables and almost surely another for others: FNV-1a of
    /// 64 bits over the [encoded](Self::encode) table. It is no protection against forgery.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes.iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
    }

    /// Compares the types that both ends know.
    ///
    /// # Errors
    /// [`TableMismatch`] names the first message that differs.
    pub fn compare(&self, there: &MessageTable) -> Result<(), TableMismatch> {
        for here in &self.entries {
            let found = there.entries.binary_search_by_key(&here.packet_type, |it| it.packet_type);
            let Ok(found) = found else { continue };
            let there = &there.entries[found];
            if here != there {
                return Err(TableMismatch {
                    message: here.name.clone(),
                    packet_type: here.packet_type,
                    here: here.to_string(),
                    there: there.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Writes the table behind what is in `out`: how many entries (u16), then of each the packet
    /// type (u16), the version (u16), the name, the reply's type (empty for none), how many
    /// properties (u16) and of each the name and the type. Numbers are little-endian; a text is its
    /// length in bytes (u16) and its bytes. No text is longer than 65,535 bytes; the rest of a
    /// longer one is left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_number(out, self.entries.len());
        for entry in &self.entries {
            out.extend_from_slice(&entry.packet_type.to_le_bytes());
            out.extend_from_slice(&entry.version.to_le_bytes());
            put_text(out, &entry.name);
            put_text(out, &entry.reply);
            put_number(out, entry.properties.len());
            for (name, type_name) in &entry.properties {
                put_text(out, name);
                put_text(out, type_name);
            }
        }
    }

    /// Reads a table that takes up all bytes, and needs at most twelve times their memory.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that are not a table, or more than
    /// [`MOST_BYTES`](Self::MOST_BYTES).
    pub fn decode(bytes: &[u8]) -> Result<MessageTable, DecodeError> {
        let mut reader = Reader { all: bytes, at: 0 };
        if bytes.len() > MessageTable::MOST_BYTES {
            return Err(
                reader.fail(DecodeReason::TooLong { limit_bytes: MessageTable::MOST_BYTES })
            );
        }
        let count = reader.number()?;
        let mut entries: Vec<Entry> = Vec::with_capacity(reader.most(count, Entry::LEAST_BYTES));
        for _ in 0..count {
            let entry = reader.entry()?;
            if entries.last().is_some_and(|before| before.packet_type >= entry.packet_type) {
                let reason = "the packet types of the table are not in order";
                return Err(reader.fail(DecodeReason::Other(reason.to_owned())));
            }
            entries.push(entry);
        }
        match bytes.len() - reader.at {
            0 => Ok(MessageTable { entries }),
            left => Err(reader.fail(DecodeReason::TrailingBytes(left))),
        }
    }
}

impl Entry {
    /// Three numbers, and the lengths of two texts.
    const LEAST_BYTES: usize = 3 * 2 + 2 * 2;
    /// The lengths of two texts.
    const LEAST_PROPERTY_BYTES: usize = 2 * 2;

    fn of(message: &MessageInfo) -> Entry {
        let properties = message.properties.iter().take(usize::from(u16::MAX));
        Entry {
            packet_type: message.packet_type.get(),
            version: message.version,
            name: shortened(message.name).to_owned(),
            reply: shortened(message.reply.unwrap_or_default()).to_owned(),
            properties: properties
                .map(|property| {
                    (shortened(property.name).to_owned(), shortened(property.type_name).to_owned())
                })
                .collect(),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` version {} {{", self.name, self.version)?;
        for (index, (name, type_name)) in self.properties.iter().enumerate() {
            write!(f, "{} {name}: {type_name}", if index == 0 { "" } else { "," })?;
        }
        f.write_str(if self.properties.is_empty() { "}" } else { " }" })?;
        if self.reply.is_empty() { Ok(()) } else { write!(f, " -> {}", self.reply) }
    }
}

fn put_number(out: &mut Vec<u8>, number: usize) {
    let number = u16::try_from(number).unwrap_or(u16::MAX);
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// As much of a text as its length can be told of.
fn shortened(text: &str) -> &str {
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn entry(&mut self) -> Result<Entry, DecodeError> {
        let (packet_type, version) = (self.number()?, self.number()?);
        let (name, reply) = (self.text()?, self.text()?);
        let count = self.number()?;
        let mut properties = Vec::with_capacity(self.most(count, Entry::LEAST_PROPERTY_BYTES));
        for _ in 0..count {
            properties.push((self.text()?, self.text()?));
        }
        Ok(Entry { packet_type, version, name, reply, properties })
    }

    /// How many of so many can be there at most, if each takes so many bytes at least: room is made
    /// for no more, and for no less, since a vector that grows takes up to three times as much.
    fn most(&self, count: u16, least_bytes: usize) -> usize {
        usize::from(count).min((self.all.len() - self.at) / least_bytes)
    }

    fn number(&mut self) -> Result<u16, DecodeError> {
        let bytes = self.bytes(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn text(&mut self) -> Result<String, DecodeError> {
        let length = self.number()?;
        let bytes = self.bytes(usize::from(length))?.to_vec();
        String::from_utf8(bytes).map_err(|_| self.fail(DecodeReason::NotUtf8))
    }

    fn bytes(&mut self, count: usize) -> Result<&[u8], DecodeError> {
        match self.all.get(self.at..self.at + count) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => Err(self.fail(DecodeReason::UnexpectedEnd)),
        }
    }

    fn fail(&self, reason: DecodeReason) -> DecodeError {
        DecodeError { message: None, at: Some(self.at), reason }
    }
}
