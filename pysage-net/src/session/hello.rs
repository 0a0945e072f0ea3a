//! The handshake.
//!
//! The client says hello, in as many bytes as a datagram can have. The server gives it a cookie, in
//! far fewer, and keeps nothing. The client says hello again, with the cookie; it came from the
//! address, so the server keeps a peer and welcomes it. Each is said again until it is answered.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | `80` hello, `81` cookie, `82` welcome, `83` refusal, `84` sealed hello, `85` sealed answer |
//! | 4 | `PSG1`: the protocol and its version |
//! | 4 | the number of the session at the client |
//! | 8 | the key of the client: no two sessions have the same |
//! | 16 | hellos and cookie: the cookie, zeros at first |
//! | 4, 8 | welcome: the number of the session at the server, the key of the server |
//! | 1 | refusal: 1 too many peers, 2 another version or codec, 3 not this security, 4 not let in |
//! | 1, 8, 8 | hello and welcome: the codec, and in bytes the window and the longest message |
//! | 1, n | sealed hello and answer: how long a message of Noise is, and the message |
//!
//! In the message of a sealed hello are the codec, the window and the longest message. In that of a
//! sealed answer is a refusal as above; or a 0, the number of the session at the server, and its
//! codec, window and longest message.
//!
//! Numbers are little-endian. A checksum (CRC-32) of 4 bytes stands at the end; a hello is filled up
//! with zeros before it.

use pysage_core::wire::Codec;

use super::SHAKE;
use super::cookie::Cookie;
use super::letter::Letter;
use crate::endpoint::{Malformed, Reader};

/// A datagram of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shake {
    pub(crate) client_session: u32,
    pub(crate) client_key: u64,
    pub(crate) said: Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Hello(Hello),
    Cookie(Cookie),
    Welcome(Welcome),
    Refusal(Refusal),
    SealedHello(SealedHello),
    SealedAnswer(Letter),
}

/// A hello of who shows that it has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SealedHello {
    pub(crate) cookie: Cookie,
    pub(crate) letter: Letter,
}

/// What is in a sealed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Welcome { server_session: u32, terms: Terms },
    Refusal(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) cookie: Cookie,
    pub(crate) terms: Terms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Welcome {
    pub(crate) server_session: u32,
    pub(crate) server_key: u64,
    pub(crate) terms: Terms,
}

/// On which terms an end takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The number of the codec.
    pub(crate) codec: u8,
    pub(crate) window_bytes: u64,
    pub(crate) message_bytes: u64,
}

/// Why a server takes no peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooManyPeers,
    Incompatible,
    /// It has not the key that was used, or neither.
    OtherSecurity,
    /// The key is not on its list.
    NotAllowed,
}

pub(super) const VERSION: [u8; 4] = *b"PSG1";
const CHECKSUM_BYTES: usize = 4;
const HELLO: u8 = SHAKE;
const COOKIE: u8 = SHAKE | 1;
const WELCOME: u8 = SHAKE | 2;
const REFUSAL: u8 = SHAKE | 3;
const SEALED_HELLO: u8 = SHAKE | 4;
const SEALED_ANSWER: u8 = SHAKE | 5;

impl Shake {
    /// Writes it; a hello takes up so many bytes.
    pub(crate) fn write(&self, hello_bytes: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(match self.said {
            Said::Hello(_) => HELLO,
            Said::Cookie(_) => COOKIE,
            Said::Welcome(_) => WELCOME,
            Said::Refusal(_) => REFUSAL,
            Said::SealedHello(_) => SEALED_HELLO,
            Said::SealedAnswer(_) => SEALED_ANSWER,
        });
        out.extend_from_slice(&VERSION);
        out.extend_from_slice(&self.client_session.to_le_bytes());
        out.extend_from_slice(&self.client_key.to_le_bytes());
        match self.said {
            Said::Hello(Hello { cookie, terms }) => {
                out.extend_from_slice(&cookie.to_bytes());
                terms.write(out);
                out.resize(start + hello_bytes - CHECKSUM_BYTES, 0);
            }
            Said::SealedHello(SealedHello { cookie, letter }) => {
                out.extend_from_slice(&cookie.to_bytes());
                letter.write(out);
                out.resize(start + hello_bytes - CHECKSUM_BYTES, 0);
            }
            Said::SealedAnswer(letter) => letter.write(out),
            Said::Cookie(cookie) => out.extend_from_slice(&cookie.to_bytes()),
            Said::Welcome(Welcome { server_session, server_key, terms }) => {
                out.extend_from_slice(&server_session.to_le_bytes());
                out.extend_from_slice(&server_key.to_le_bytes());
                terms.write(out);
            }
            Said::Refusal(refusal) => out.push(refusal.code()),
        }
        let checksum = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    /// Reads one; a hello must take up so many bytes.
    pub(crate) fn read(bytes: &[u8], hello_bytes: usize) -> Result<Shake, Malformed> {
        let (bytes, checksum) =
            bytes.split_last_chunk().ok_or(Malformed("a handshake has no checksum"))?;
        if crc32fast::hash(bytes) != u32::from_le_bytes(*checksum) {
            return Err(Malformed("a handshake has a wrong checksum"));
        }
        let mut reader = Reader::new(bytes);
        let kind = reader.byte()?;
        if reader.array()? != VERSION {
            return Err(Malformed("a handshake is of another protocol"));
        }
        let client_session = u32::from_le_bytes(reader.array()?);
        let client_key = u64::from_le_bytes(reader.array()?);
        let said = match kind {
            // A short hello would have the cookie be more than was sent for it.
            HELLO | SEALED_HELLO if bytes.len() + CHECKSUM_BYTES < hello_bytes => {
                return Err(Malformed("a hello is too short"));
            }
            HELLO => Said::Hello(Hello {
                cookie: Cookie::from_bytes(reader.array()?),
                terms: Terms::read(&mut reader)?,
            }),
            COOKIE => Said::Cookie(Cookie::from_bytes(reader.array()?)),
            WELCOME => Said::Welcome(Welcome {
                server_session: u32::from_le_bytes(reader.array()?),
                server_key: u64::from_le_bytes(reader.array()?),
                terms: Terms::read(&mut reader)?,
            }),
            REFUSAL => Said::Refusal(Refusal::from_code(reader.byte()?)),
            SEALED_HELLO => Said::SealedHello(SealedHello {
                cookie: Cookie::from_bytes(reader.array()?),
                letter: Letter::read(&mut reader)?,
            }),
            SEALED_ANSWER => Said::SealedAnswer(Letter::read(&mut reader)?),
            _ => return Err(Malformed("a handshake is of no kind that is known")),
        };
        Ok(Shake { client_session, client_key, said })
    }
}

impl Terms {
    pub(crate) fn code_of(codec: Codec) -> u8 {
        match codec {
            Codec::Compact => 1,
            Codec::Fixed => 2,
            _ => 0,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.codec);
        out.extend_from_slice(&self.window_bytes.to_le_bytes());
        out.extend_from_slice(&self.message_bytes.to_le_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Terms, Malformed> {
        Ok(Terms {
            codec: reader.byte()?,
            window_bytes: u64::from_le_bytes(reader.array()?),
            message_bytes: u64::from_le_bytes(reader.array()?),
        })
    }
}

impl Refusal {
    fn code(self) -> u8 {
        match self {
            Refusal::TooManyPeers => 1,
            Refusal::Incompatible => 2,
            Refusal::OtherSecurity => 3,
            Refusal::NotAllowed => 4,
        }
    }

    fn from_code(code: u8) -> Refusal {
        match code {
            1 => Refusal::TooManyPeers,
            3 => Refusal::OtherSecurity,
            4 => Refusal::NotAllowed,
            _ => Refusal::Incompatible,
        }
    }
}

impl Answer {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        match self {
            Answer::Refusal(refusal) => vec![refusal.code()],
            Answer::Welcome { server_session, terms } => {
                let mut out = vec![0];
                out.extend_from_slice(&server_session.to_le_bytes());
                terms.write(&mut out);
                out
            }
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Answer, Malformed> {
        let mut reader = Reader::new(bytes);
        Ok(match reader.byte()? {
            0 => Answer::Welcome {
                server_session: u32::from_le_bytes(reader.array()?),
                terms: Terms::read(&mut reader)?,
            },
            code => Answer::Refusal(Refusal::from_code(code)),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::golden::assert_golden;

    fn all() -> Vec<Shake> {
        let terms = Terms { codec: 1, window_bytes: 1 << 20, message_bytes: 1 << 16 };
        let cookie = Cookie::from_bytes(*b"a cookie of that");
        let welcome = Welcome { server_session: 3, server_key: 4, terms };
        let said = [
            Said::Hello(Hello { cookie, terms }),
            Said::Cookie(cookie),
            Said::Welcome(welcome),
            Said::Refusal(Refusal::TooManyPeers),
            Said::Refusal(Refusal::Incompatible),
            Said::Refusal(Refusal::OtherSecurity),
            Said::Refusal(Refusal::NotAllowed),
            Said::SealedAnswer(Letter::new(&[7; 70]).unwrap()),
            Said::SealedHello(SealedHello { cookie, letter: Letter::new(&[9; 113]).unwrap() }),
        ];
        said.map(|said| Shake { client_session: 1, client_key: 2, said }).to_vec()
    }

    #[test]
    fn what_was_written_is_read_and_what_was_changed_is_not() {
        for shake in all() {
            let mut out = Vec::new();
            shake.write(1200, &mut out);
            assert_eq!(Shake::read(&out, 1200), Ok(shake));
            for at in 0..out.len() {
                assert!(Shake::read(&out[..at], 1200).is_err(), "cut at {at}");
                let mut changed = out.clone();
                changed[at] ^= 0x10;
                assert!(Shake::read(&changed, 1200).is_err(), "changed at {at}");
            }
        }
    }

    #[test]
    fn each_kind_is_written_as_it_always_was() {
        let terms = Terms { codec: 1, window_bytes: 1 << 20, message_bytes: 64 << 10 };
        let (client_session, client_key) = (0x0010_0007, 0x1122_3344_5566_7788);
        let written = |said| {
            let mut out = Vec::new();
            Shake { client_session, client_key, said }.write(1_200, &mut out);
            out
        };
        let tag: u128 = 0x0123_4567_89ab_cdef;
        let cookie = Cookie::from_bytes((tag << 64 | 3_000_000).to_le_bytes());
        let hellos = [("a hello", Cookie::NONE), ("a hello with a cookie", cookie)];
        for (name, cookie) in hellos {
            let hello = written(Said::Hello(Hello { cookie, terms }));
            assert_golden(&format!("beginning of {name}"), &hello[..50]);
            assert!(hello[50..1_196].iter().all(|byte| *byte == 0));
            assert_golden(&format!("end of {name}"), &hello[1_196..]);
        }
        assert_golden("cookie", &written(Said::Cookie(cookie)));
        let (server_session, server_key) = (0x0020_0003, 0x99aa_bbcc_ddee_ff00);
        let welcome = Welcome { server_session, server_key, terms };
        assert_golden("welcome", &written(Said::Welcome(welcome)));
        assert_golden("refusal", &written(Said::Refusal(Refusal::TooManyPeers)));
    }

    #[test]
    fn the_answer_to_a_hello_is_far_smaller() {
        let sizes: Vec<_> = all()
            .iter()
            .map(|shake| {
                let mut out = Vec::new();
                shake.write(1200, &mut out);
                out.len()
            })
            .collect();
        let last = sizes.len() - 1;
        assert_eq!([sizes[0], sizes[last]], [1200; 2]);
        assert!(sizes[1..last].iter().all(|size| size * 10 < 1200), "{sizes:?}");
    }
}
