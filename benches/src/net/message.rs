//! The messages, their plain wire form, and what handling them computes.

use std::{error::Error, fmt};

const WORD_BYTES: usize = 8;
const SAMPLE_WORDS: usize = 8;
pub const SAMPLE_BYTES: usize = SAMPLE_WORDS * WORD_BYTES;

/// A number and something else.
pub const MIN_BYTES: usize = 2 * WORD_BYTES;

/// Above what one datagram carries; a length of two bytes says it.
pub const MAX_BYTES: usize = 60_000;

/// The message of 64 bytes.
#[derive(Clone, Debug)]
pub struct Sample(pub [f64; SAMPLE_WORDS]);

/// A message as the sender has it. The first number of each is its index.
#[derive(Clone, Debug)]
pub enum Message {
    Sample(Sample),
    /// Of any other size.
    Words(Vec<f64>),
}

impl Message {
    /// Made of `words`.
    pub fn new(words: Vec<f64>) -> Self {
        match <[f64; SAMPLE_WORDS]>::try_from(words) {
            Ok(words) => Self::Sample(Sample(words)),
            Err(words) => Self::Words(words),
        }
    }

    pub fn words(&self) -> &[f64] {
        match self {
            Self::Sample(sample) => &sample.0,
            Self::Words(words) => words,
        }
    }

    pub fn set_index(&mut self, index: u64) {
        let words = match self {
            Self::Sample(sample) => &mut sample.0[..],
            Self::Words(words) => &mut words[..],
        };
        words[0] = index as f64;
    }

    pub fn byte_count(&self) -> usize {
        self.words().len() * WORD_BYTES
    }

    /// Appends the plain form, which all peers use that have none of their own.
    pub fn encode(&self, output: &mut Vec<u8>) {
        match self {
            Self::Sample(sample) => {
                let mut bytes = [0; SAMPLE_BYTES];
                write_words(&sample.0, &mut bytes);
                output.extend_from_slice(&bytes);
            }
            Self::Words(words) => {
                let start = output.len();
                output.resize(start + words.len() * WORD_BYTES, 0);
                write_words(words, &mut output[start..]);
            }
        }
    }

    /// Appends the plain form behind its length, for peers that put several into one datagram.
    pub fn encode_with_length(&self, output: &mut Vec<u8>) {
        let length = u16::try_from(self.byte_count()).expect("at most MAX_BYTES");
        output.extend_from_slice(&length.to_le_bytes());
        self.encode(output);
    }
}

fn write_words(words: &[f64], output: &mut [u8]) {
    for (word, bytes) in words.iter().zip(output.chunks_exact_mut(WORD_BYTES)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

fn word(bytes: &[u8]) -> f64 {
    f64::from_le_bytes(bytes.try_into().expect("chunks have the size of a word"))
}

/// The receiving side of one end: what its handlers have computed so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handled {
    pub count: u64,
    /// Depends on the contents and the order of all messages.
    pub checksum: u64,
}

impl Handled {
    /// The handler of [`Sample`].
    #[inline(never)]
    pub fn sample(&mut self, sample: &Sample) {
        self.mix(&sample.0);
    }

    /// The handler of messages of any other size.
    #[inline(never)]
    pub fn words(&mut self, words: &[f64]) {
        self.mix(words);
    }

    /// Decodes one message in plain form and handles it.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if bytes.len() == SAMPLE_BYTES {
            let mut words = [0.0; SAMPLE_WORDS];
            for (slot, bytes) in words.iter_mut().zip(bytes.chunks_exact(WORD_BYTES)) {
                *slot = word(bytes);
            }
            self.sample(&Sample(words));
            return Ok(());
        }
        if bytes.len() < MIN_BYTES || !bytes.len().is_multiple_of(WORD_BYTES) {
            return Err(Malformed(bytes.len()));
        }
        let words: Vec<f64> = bytes.chunks_exact(WORD_BYTES).map(word).collect();
        self.words(&words);
        Ok(())
    }

    /// Decodes and handles what [`Message::encode_with_length`] wrote. Returns how many bytes it
    /// has used; the rest is part of a message. A length of 0 ends the messages.
    pub fn decode_all(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut rest = bytes;
        while let Some((length, behind)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_le_bytes(*length));
            if length == 0 {
                return Ok(bytes.len());
            }
            let Some((message, behind)) = behind.split_at_checked(length) else {
                break;
            };
            self.decode(message)?;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }

    /// The words of one message are independent of each other, so that the processor works on
    /// several at a time; the messages are not.
    fn mix(&mut self, words: &[f64]) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut sum = words.len() as u64;
        let mut factor = ODD;
        for word in words {
            sum = sum.wrapping_add(word.to_bits().wrapping_mul(factor));
            factor = factor.wrapping_add(0x2545_f491_4f6c_dd1e);
        }
        self.count += 1;
        self.checksum = (self.checksum.rotate_left(5) ^ sum).wrapping_mul(ODD);
    }
}

/// The length of what arrived and is no message.
#[derive(Debug)]
pub struct Malformed(usize);

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes arrived that are no message", self.0)
    }
}

impl Error for Malformed {}
