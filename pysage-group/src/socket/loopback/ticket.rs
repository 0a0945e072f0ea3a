//! What stands for an end of a stream that is not connected yet.

use std::io;

/// A ticket in its written form: port, token, side.
pub(super) const TICKET_BYTES: usize = 19;

/// The right to one end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The door where both ends meet.
    pub(super) port: u16,
    pub(super) token: Token,
    pub(super) side: Side,
}

/// What shows that somebody was invited: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Token([u8; 16]);

/// Which of two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    One = 0,
    Other = 1,
}

/// What is said first on a connection to a door: what for, token, and the caller's own door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) purpose: Purpose,
    pub(super) token: Token,
    pub(super) port: u16,
}

/// What somebody connects to a door for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To get this end connected.
    Call(Side),
    /// To be the other end of this one, which is there.
    Meet(Side),
    /// To say that nobody will call for this end.
    Revoke(Side),
}

impl Ticket {
    pub(super) fn to_bytes(self) -> [u8; TICKET_BYTES] {
        let mut bytes = [0; TICKET_BYTES];
        bytes[..2].copy_from_slice(&self.port.to_le_bytes());
        bytes[2..18].copy_from_slice(&self.token.0);
        bytes[18] = self.side as u8;
        bytes
    }

    /// `None` for bytes that are no ticket.
    pub(super) fn from_bytes(bytes: &[u8; TICKET_BYTES]) -> Option<Ticket> {
        let [low, high, token @ .., side] = bytes;
        let side = Side::from_byte(*side)?;
        Some(Ticket { port: u16::from_le_bytes([*low, *high]), token: Token(*token), side })
    }
}

impl Token {
    /// One that nobody can guess.
    pub(super) fn random() -> io::Result<Token> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Token(bytes))
    }
}

/// Shows none of it: what is logged is read by others.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Side {
    pub(super) const BOTH: [Side; 2] = [Side::One, Side::Other];

    pub(super) fn opposite(self) -> Side {
        match self {
            Side::One => Side::Other,
            Side::Other => Side::One,
        }
    }

    fn from_byte(byte: u8) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| *side as u8 == byte)
    }
}

impl Hello {
    pub(super) const BYTES: usize = 19;

    pub(super) fn to_bytes(self) -> [u8; Hello::BYTES] {
        let mut bytes = [0; Hello::BYTES];
        bytes[0] = match self.purpose {
            Purpose::Call(side) => side as u8,
            Purpose::Meet(side) => 2 + side as u8,
            Purpose::Revoke(side) => 4 + side as u8,
        };
        bytes[1..17].copy_from_slice(&self.token.0);
        bytes[17..].copy_from_slice(&self.port.to_le_bytes());
        bytes
    }

    /// `None` for bytes that nobody says who has a ticket.
    pub(super) fn from_bytes(bytes: &[u8; Hello::BYTES]) -> Option<Hello> {
        let [purpose, token @ .., low, high] = bytes;
        let purpose = match *purpose {
            purpose @ 0..2 => Purpose::Call(Side::from_byte(purpose)?),
            purpose @ 2..4 => Purpose::Meet(Side::from_byte(purpose - 2)?),
            purpose => Purpose::Revoke(Side::from_byte(purpose - 4)?),
        };
        Some(Hello { purpose, token: Token(*token), port: u16::from_le_bytes([*low, *high]) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tickets_and_hellos_survive_their_bytes() {
        let token = Token::random().unwrap();
        assert_ne!(token, Token::random().unwrap());
        for side in Side::BOTH {
            let ticket = Ticket { port: 0x1234, token, side };
            assert_eq!(Ticket::from_bytes(&ticket.to_bytes()), Some(ticket));
            for purpose in [Purpose::Call(side), Purpose::Meet(side), Purpose::Revoke(side)] {
                let hello = Hello { purpose, token, port: 0xfedc };
                assert_eq!(Hello::from_bytes(&hello.to_bytes()), Some(hello));
            }
        }
    }

    #[test]
    fn other_bytes_are_neither() {
        for side in 2..=u8::MAX {
            let mut bytes = [7; TICKET_BYTES];
            bytes[18] = side;
            assert_eq!(Ticket::from_bytes(&bytes), None);
        }
        for purpose in 0..=u8::MAX {
            let mut bytes = [7; Hello::BYTES];
            bytes[0] = purpose;
            assert_eq!(Hello::from_bytes(&bytes).is_some(), purpose < 6, "{purpose}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", Token([7; 16])), "Token(..)");
    }
}
