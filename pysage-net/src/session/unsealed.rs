//! In place of the handshake with keys where that is left out: nobody has any.

use std::sync::Arc;

use pysage_core::wire::Codec;

use super::Session;
use super::letter::Letter;
use super::random::Random;
use crate::security::Security;

/// By what a peer is known that has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {}

/// What a peer may send.
#[derive(Debug)]
pub(crate) enum Rights {}

impl Rights {
    pub(crate) fn most_streams(&self) -> u16 {
        match *self {}
    }

    pub(crate) fn allow(&self, _: Codec, _: &[u8]) -> bool {
        match *self {}
    }
}

pub(crate) struct Secrets(Nobody);

enum Nobody {}

pub(crate) struct Call {
    pub(crate) key: Option<PublicKey>,
    nobody: Nobody,
}

pub(crate) struct Heard {
    pub(crate) key: Option<PublicKey>,
    pub(crate) said: Vec<u8>,
    nobody: Nobody,
}

impl Security {
    pub(crate) fn call(&self, _: (u32, u64), _: &[u8], _: &mut Random) -> Option<Call> {
        None
    }

    pub(crate) fn hear(&self, _: (u32, u64), _: &Letter, _: &mut Random) -> Option<Heard> {
        None
    }

    pub(crate) fn allows(&self, _: Option<&PublicKey>) -> bool {
        true
    }

    pub(crate) fn rights(&self, _: Option<&PublicKey>) -> Option<Arc<Rights>> {
        None
    }

    pub(crate) fn changes(&self) -> u64 {
        0
    }
}

impl Secrets {
    pub(crate) fn session(&self) -> Session {
        match self.0 {}
    }
}

impl Call {
    pub(crate) fn letter(&self) -> Letter {
        match self.nobody {}
    }

    pub(crate) fn answered(&mut self, _: &Letter) -> Option<(Vec<u8>, Secrets)> {
        match self.nobody {}
    }
}

impl Heard {
    pub(crate) fn answer(self, _: &[u8]) -> (Letter, Secrets) {
        match self.nobody {}
    }
}
