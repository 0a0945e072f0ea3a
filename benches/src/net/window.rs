//! Holds back a sender whose library does not: the receiver says how far it is, and the sender
//! waits when too many messages are under way.

/// The length of the word that says how many messages were handled. No message is as short.
pub const WORD_BYTES: usize = 8;

pub struct Window {
    limit: u64,
    sent: u64,
    acknowledged: u64,
    reported: u64,
}

impl Window {
    /// At most `limit` messages are under way.
    pub fn new(limit: u64) -> Self {
        Self { limit: limit.max(8), sent: 0, acknowledged: 0, reported: 0 }
    }

    pub fn is_full(&self) -> bool {
        self.sent - self.acknowledged >= self.limit
    }

    pub fn count_sent(&mut self) {
        self.sent += 1;
    }

    /// Takes what arrived, if it is such a word.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        let Ok(word) = <[u8; WORD_BYTES]>::try_from(bytes) else {
            return false;
        };
        self.acknowledged = self.acknowledged.max(u64::from_le_bytes(word)).min(self.sent);
        true
    }

    /// The word to send, when it is time for the next one: eight times in a window.
    pub fn report(&mut self, handled: u64) -> Option<[u8; WORD_BYTES]> {
        if handled - self.reported < self.limit.div_ceil(8) {
            return None;
        }
        self.reported = handled;
        Some(handled.to_le_bytes())
    }
}
