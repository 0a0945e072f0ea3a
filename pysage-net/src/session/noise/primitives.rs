//! What Noise needs beside ciphers and hashes: X25519, and a secret that was drawn before.

use curve25519_dalek::MontgomeryPoint;
use snow::Error;
use snow::types::{Dh, Random};
use zeroize::Zeroizing;

/// A secret that was drawn before, once: a handshake draws one.
pub(super) struct Drawn(Option<Zeroizing<[u8; 32]>>);

/// X25519, whose secrets are overwritten.
#[derive(Default)]
pub(super) struct X25519 {
    secret: Zeroizing<[u8; 32]>,
    public: [u8; 32],
    /// The public part of the key that stays, which need not be found anew.
    known: Option<[u8; 32]>,
}

impl Drawn {
    pub(super) fn new(secret: Zeroizing<[u8; 32]>) -> Drawn {
        Drawn(Some(secret))
    }
}

impl Random for Drawn {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        let secret = self.0.take().filter(|secret| secret.len() == out.len());
        out.copy_from_slice(&*secret.ok_or(Error::Rng)?);
        Ok(())
    }
}

impl X25519 {
    pub(super) fn knowing(known: Option<[u8; 32]>) -> X25519 {
        X25519 { known, ..X25519::default() }
    }

    fn find_public(&mut self) {
        self.public = MontgomeryPoint::mul_base_clamped(*self.secret).to_bytes();
    }
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        32
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn set(&mut self, secret: &[u8]) {
        self.secret.copy_from_slice(secret);
        match self.known {
            Some(known) => self.public = known,
            None => self.find_public(),
        }
    }

    fn generate(&mut self, random: &mut dyn Random) -> Result<(), Error> {
        random.try_fill_bytes(&mut *self.secret)?;
        self.find_public();
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &*self.secret
    }

    fn dh(&self, public: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let public = public.first_chunk().ok_or(Error::Dh)?;
        let shared = MontgomeryPoint(*public).mul_clamped(*self.secret).to_bytes();
        // What comes of a point of small order is known to all.
        if shared == [0; 32] {
            return Err(Error::Dh);
        }
        out.get_mut(..32).ok_or(Error::Dh)?.copy_from_slice(&shared);
        Ok(())
    }
}
