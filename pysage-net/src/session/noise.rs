//! Showing each other that one has one's key: a Noise handshake (revision 34) of two messages.
//!
//! With keys it is `IK`: the client knows which key the server has, so its first message says under
//! that key who it is, and the server keeps nothing of who is not let in. With a key that both share it
//! is `NNpsk0`: the first message shows that the client has it. Both have secrets of their own for each
//! session, so that who gets the keys later cannot read what was said before.
//!
//! The primitives are X25519 (`curve25519-dalek`, by our own few lines, which overwrite the secrets;
//! `ring` has none for keys that stay), AES-256-GCM and SHA-256 (`ring`).

use std::sync::Arc;

use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, RingResolver};
use snow::{Builder, HandshakeState};
use zeroize::Zeroizing;

use super::letter::Letter;
use super::random::Random;
use crate::security::{Identity, Kind, PublicKey, Rights, Security};

mod primitives;

use primitives::{Drawn, X25519};

/// What two ends have in common after a handshake: a secret for each direction.
pub(crate) struct Secrets {
    pub(crate) sending: Zeroizing<[u8; 32]>,
    pub(crate) receiving: Zeroizing<[u8; 32]>,
}

/// What a client says, until it is answered.
pub(crate) struct Call {
    state: Box<HandshakeState>,
    letter: Letter,
    /// By which key the server is known that is called, if it has one of its own.
    pub(crate) key: Option<PublicKey>,
}

/// What a server has heard of who is let in.
pub(crate) struct Heard {
    state: Box<HandshakeState>,
    /// By which key the client is known, if it has one of its own.
    pub(crate) key: Option<PublicKey>,
    /// What it said.
    pub(crate) said: Vec<u8>,
}

/// What a Noise message cannot exceed here.
type Buffer = [u8; Letter::MOST_BYTES];

const IK: &str = "Noise_IK_25519_AESGCM_SHA256";
const NN_PSK: &str = "Noise_NNpsk0_25519_AESGCM_SHA256";

impl Security {
    /// What a client begins with that says this; `None` if nothing is sealed here, or if there is
    /// not one key that is called.
    pub(crate) fn call(
        &self,
        client: (u32, u64),
        said: &[u8],
        random: &mut Random,
    ) -> Option<Call> {
        let mut key = None;
        let mut state = match &self.0 {
            Kind::Unset | Kind::Open => return None,
            Kind::Keys(identity, allowed) => {
                let server = *key.insert(allowed.one()?);
                let builder = builder(IK, Some(identity), random).remote_public_key(&server.0);
                built(builder.and_then(|builder| with(builder, identity)), client, true)
            }
            Kind::Psk(key) => {
                built(builder(NN_PSK, None, random).psk(0, key.secret()), client, true)
            }
        };
        let mut buffer: Buffer = [0; Letter::MOST_BYTES];
        let length = state.write_message(said, &mut buffer).expect("it is the client's turn");
        let letter = Letter::new(&buffer[..length]).expect("it was written into a letter's room");
        Some(Call { state, letter, key })
    }

    /// What a client says, if it has the key that it needs to be heard; whether that of its own is
    /// let in is another question.
    pub(crate) fn hear(
        &self,
        client: (u32, u64),
        letter: &Letter,
        random: &mut Random,
    ) -> Option<Heard> {
        let mut state = match &self.0 {
            Kind::Unset | Kind::Open => return None,
            Kind::Keys(identity, _) => {
                built(with(builder(IK, Some(identity), random), identity), client, false)
            }
            Kind::Psk(key) => {
                built(builder(NN_PSK, None, random).psk(0, key.secret()), client, false)
            }
        };
        let mut buffer: Buffer = [0; Letter::MOST_BYTES];
        let length = state.read_message(letter.bytes(), &mut buffer).ok()?;
        let key = state.get_remote_static().and_then(|key| key.try_into().ok()).map(PublicKey);
        Some(Heard { state, key, said: buffer[..length].to_vec() })
    }

    /// Whether a client is let in that was heard.
    pub(crate) fn allows(&self, key: Option<&PublicKey>) -> bool {
        match (&self.0, key) {
            (Kind::Keys(_, allowed), Some(key)) => allowed.contains(key),
            (Kind::Keys(..), None) => false,
            _ => true,
        }
    }

    /// What a peer may send, if it is known by a key, and that is not all.
    pub(crate) fn rights(&self, key: Option<&PublicKey>) -> Option<Arc<Rights>> {
        match (&self.0, key) {
            (Kind::Keys(_, allowed), Some(key)) => {
                allowed.rights(key).filter(|rights| **rights != Rights::all())
            }
            _ => None,
        }
    }

    /// How often the list of those who are let in has changed.
    pub(crate) fn changes(&self) -> u64 {
        match &self.0 {
            Kind::Keys(_, allowed) => allowed.changes(),
            _ => 0,
        }
    }
}

impl Call {
    pub(crate) fn letter(&self) -> Letter {
        self.letter
    }

    /// What the server answers, and the secrets that both have now; `None` if it is no answer.
    pub(crate) fn answered(&mut self, letter: &Letter) -> Option<(Vec<u8>, Secrets)> {
        let mut buffer: Buffer = [0; Letter::MOST_BYTES];
        let length = self.state.read_message(letter.bytes(), &mut buffer).ok()?;
        let (client, server) = self.state.dangerously_get_raw_split();
        let secrets = Secrets { sending: client.into(), receiving: server.into() };
        Some((buffer[..length].to_vec(), secrets))
    }
}

impl Heard {
    /// An answer that says this, and the secrets that both have then.
    pub(crate) fn answer(mut self, said: &[u8]) -> (Letter, Secrets) {
        let mut buffer: Buffer = [0; Letter::MOST_BYTES];
        let length = self.state.write_message(said, &mut buffer).expect("it is the server's turn");
        let letter = Letter::new(&buffer[..length]).expect("it was written into a letter's room");
        let (client, server) = self.state.dangerously_get_raw_split();
        (letter, Secrets { sending: server.into(), receiving: client.into() })
    }
}

fn builder<'a>(pattern: &str, identity: Option<&Identity>, random: &mut Random) -> Builder<'a> {
    let params = pattern.parse().expect("the pattern is one that snow knows");
    let public = identity.map(|identity| identity.public_key().0);
    Builder::with_resolver(params, Box::new(Resolver { secret: random.secret(), public }))
}

fn with<'a>(builder: Builder<'a>, identity: &'a Identity) -> Result<Builder<'a>, snow::Error> {
    builder.local_private_key(identity.secret())
}

/// The handshake of a client's session. What both know of it before is part of what they show.
fn built(
    builder: Result<Builder<'_>, snow::Error>,
    (session, key): (u32, u64),
    begins: bool,
) -> Box<HandshakeState> {
    let mut prologue = super::hello::VERSION.to_vec();
    prologue.extend_from_slice(&session.to_le_bytes());
    prologue.extend_from_slice(&key.to_le_bytes());
    let builder = builder.and_then(|builder| builder.prologue(&prologue));
    let builder = builder.expect("each part was given once");
    let built = if begins { builder.build_initiator() } else { builder.build_responder() };
    Box::new(built.expect("the pattern has all that it needs"))
}

/// Where Noise gets its primitives from, and the one secret that it draws.
struct Resolver {
    secret: Zeroizing<[u8; 32]>,
    /// The public part of the key that stays.
    public: Option<[u8; 32]>,
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn snow::types::Random>> {
        Some(Box::new(Drawn::new(self.secret.clone())))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn snow::types::Dh>> {
        let is_known = matches!(choice, DHChoice::Curve25519);
        is_known.then(|| Box::new(X25519::knowing(self.public)) as Box<dyn snow::types::Dh>)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn snow::types::Hash>> {
        RingResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn snow::types::Cipher>> {
        RingResolver.resolve_cipher(choice)
    }
}

#[cfg(test)]
mod tests;
