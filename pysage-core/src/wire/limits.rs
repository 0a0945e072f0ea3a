//! How much a message may be on the wire.

/// What a message may be at most, in its wire form; the same on both ends of a link.
///
/// Both directions keep to it: what is within these limits encodes and decodes, what is not is an
/// error in either. So a decoded message has no more than `message_bytes` bytes of text, and
/// `message_bytes` items in all its sequences and maps: it takes no more memory than that many
/// times its largest item, with what a map needs beside each, and up to three times as much while
/// a sequence grows. Choose types with that in mind: a `Vec<Option<[u64; 32]>>` has 264 bytes of
/// memory for each byte on the wire. Memory is never taken in advance for more items than there
/// are bytes, whatever length they claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireLimits {
    pub(crate) message_bytes: usize,
}

impl WireLimits {
    /// The most bytes of a message unless set: 64 KiB.
    pub const DEFAULT_MESSAGE_BYTES: usize = 64 << 10;

    /// The most that can be set: 16 MiB.
    pub const MOST_MESSAGE_BYTES: usize = 16 << 20;

    /// How deep values may be nested: structs, enums, options, sequences and maps in each other.
    /// Decoding needs stack for each level; the main thread of a debug build has room for ten times
    /// as many.
    pub const DEPTH: usize = 64;

    /// Sets the most bytes of a message: of its fields, without the frame's head. It is the limit
    /// for the number of items in all its sequences and maps, too, so that items of no size end
    /// somewhere. [`MOST_MESSAGE_BYTES`](Self::MOST_MESSAGE_BYTES) at most.
    #[must_use]
    pub fn message_bytes(mut self, bytes: usize) -> Self {
        self.message_bytes = bytes.min(WireLimits::MOST_MESSAGE_BYTES);
        self
    }
}

impl Default for WireLimits {
    fn default() -> Self {
        WireLimits { message_bytes: WireLimits::DEFAULT_MESSAGE_BYTES }
    }
}
