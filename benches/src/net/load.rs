//! What is sent: how many messages of which sizes, all from a seed.

use serde::{Deserialize, Serialize};

use super::message::{Handled, Message};

/// Messages differ in content as long as they differ in this part of their index; the index is in
/// each of them besides. So many stay in the first-level cache together with what handles them.
const TEMPLATES: u64 = 256;

/// The sizes of the mixed case, in words of 8 bytes: 16 to 1,000 bytes.
const MIXED_WORDS: std::ops::RangeInclusive<u64> = 2..=125;

/// The messages of one run, in the form in which they are told to the second process.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Load {
    pub messages: u64,
    /// Of each message; `None` for mixed sizes.
    pub bytes: Option<usize>,
    pub seed: u64,
}

impl Load {
    pub fn messages(&self) -> Messages {
        let mut random = Random(self.seed);
        let templates = (0..TEMPLATES)
            .map(|_| {
                let words = match self.bytes {
                    Some(bytes) => bytes as u64 / 8,
                    None => random.in_range(MIXED_WORDS),
                };
                Message::new((0..words).map(|_| random.next() as f64).collect())
            })
            .collect();
        Messages { templates }
    }

    /// What the receiving side has to compute.
    pub fn expected(&self) -> Handled {
        let mut messages = self.messages();
        let mut handled = Handled::default();
        for index in 0..self.messages {
            match messages.at(index) {
                Message::Sample(sample) => handled.sample(sample),
                Message::Words(words) => handled.words(words),
            }
        }
        handled
    }
}

pub struct Messages {
    templates: Vec<Message>,
}

impl Messages {
    pub fn at(&mut self, index: u64) -> &Message {
        let message = &mut self.templates[(index % TEMPLATES) as usize];
        message.set_index(index);
        message
    }
}

/// SplitMix64 by Sebastiano Vigna.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// At least 0, below 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn in_range(&mut self, range: std::ops::RangeInclusive<u64>) -> u64 {
        range.start() + self.next() % (range.end() - range.start() + 1)
    }
}
