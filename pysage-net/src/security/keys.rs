//! Keys: what peers are known by, and what they share.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use curve25519_dalek::MontgomeryPoint;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::text;

/// By what a peer is known: the public part of its [`Identity`]. It is no secret.
///
/// As text it begins with `public-`, behind which stand 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub(crate) [u8; 32]);

/// A pair of keys, by which a peer shows who it is. Clones are the same.
///
/// The secret part is overwritten when the last clone is dropped, and is never shown by `Debug`.
/// The program `pysage-keys` makes such pairs, too.
///
/// ```
/// use pysage_net::Identity;
///
/// let server = Identity::generate();
/// let kept = server.to_secret_text(); // for a file that nobody else reads
/// let again: Identity = kept.parse()?;
/// assert_eq!(again.public_key(), server.public_key());
/// # Ok::<(), pysage_net::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Identity(Arc<Pair>);

struct Pair {
    secret: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

/// A secret that all who may come in share. Clones are the same.
///
/// It is overwritten when the last clone is dropped, and is never shown by `Debug`. The program
/// `pysage-keys` makes such keys, too.
///
/// ```
/// use pysage_net::{NetConfig, PresharedKey, Security};
///
/// let kept = PresharedKey::generate().to_secret_text(); // for files at both ends
/// let key: PresharedKey = kept.parse()?;
/// let config = NetConfig::new(Security::psk(key));
/// # drop(config);
/// # Ok::<(), pysage_net::KeyError>(())
/// ```
#[derive(Clone)]
pub struct PresharedKey(Arc<Zeroizing<[u8; 32]>>);

/// Why a text is not a key of the kind that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no such key: write `{prefix}` and 64 hexadecimal digits behind it")]
#[non_exhaustive]
pub struct KeyError {
    /// How a text of such a key begins.
    pub prefix: &'static str,
}

const PUBLIC: &str = "public-";
const SECRET: &str = "secret-";
const SHARED: &str = "shared-";

impl Identity {
    /// Makes a new pair, at random.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn generate() -> Identity {
        Identity::of(drawn())
    }

    /// The part that others may know.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.0.public
    }

    /// The secret part as text, to be kept where nobody else reads it: it begins with `secret-`.
    /// [`FromStr`] makes the pair of it again.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        text::write(SECRET, &self.0.secret)
    }

    pub(crate) fn of(secret: Zeroizing<[u8; 32]>) -> Identity {
        let public = PublicKey(MontgomeryPoint::mul_base_clamped(*secret).to_bytes());
        Identity(Arc::new(Pair { secret, public }))
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.0.secret
    }
}

impl PresharedKey {
    /// Makes a new key, at random.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn generate() -> PresharedKey {
        PresharedKey(Arc::new(drawn()))
    }

    /// The key as text, to be kept where nobody else reads it: it begins with `shared-`.
    /// [`FromStr`] makes the key of it again.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        text::write(SHARED, &self.0)
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.0
    }
}

fn drawn() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    let drawn = SystemRandom::new().fill(&mut *bytes);
    drawn.expect("the operating system has random numbers");
    bytes
}

/// White space around it is passed over, such as the end of a file's line.
impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(given: &str) -> Result<PublicKey, KeyError> {
        text::read(PUBLIC, given).map(|bytes| PublicKey(*bytes))
    }
}

/// White space around it is passed over, such as the end of a file's line.
impl FromStr for Identity {
    type Err = KeyError;

    fn from_str(given: &str) -> Result<Identity, KeyError> {
        text::read(SECRET, given).map(Identity::of)
    }
}

/// White space around it is passed over, such as the end of a file's line.
impl FromStr for PresharedKey {
    type Err = KeyError;

    fn from_str(given: &str) -> Result<PresharedKey, KeyError> {
        text::read(SHARED, given).map(|bytes| PresharedKey(Arc::new(bytes)))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::write(PUBLIC, &self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.0.public)
    }
}

impl fmt::Debug for PresharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresharedKey(..)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_written() {
        let identity = Identity::generate();
        let again: Identity = format!(" {}\r\n", identity.to_secret_text()).parse().unwrap();
        assert_eq!(again.public_key(), identity.public_key());
        assert_eq!(again.secret(), identity.secret());
        let public = identity.public_key();
        assert_eq!(public.to_string().parse(), Ok(public));
        let shared = PresharedKey::generate();
        let again: PresharedKey = shared.to_secret_text().parse().unwrap();
        assert_eq!(again.secret(), shared.secret());
    }

    #[test]
    fn a_key_of_another_kind_is_none() {
        let identity = Identity::generate();
        let error = identity.to_secret_text().parse::<PublicKey>().unwrap_err();
        assert!(error.to_string().contains("`public-`"), "{error}");
        assert!(identity.public_key().to_string().parse::<Identity>().is_err());
        assert!("shared-00".parse::<PresharedKey>().is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let (identity, shared) = (Identity::generate(), PresharedKey::generate());
        let shown = format!("{identity:?} {shared:?}");
        for secret in [identity.to_secret_text(), shared.to_secret_text()] {
            let digits = secret.split_once('-').unwrap().1;
            assert!(!shown.contains(&digits[..8]), "{shown}");
        }
    }

    /// RFC 7748, section 6.1.
    #[test]
    fn the_public_part_is_that_of_x25519() {
        let alice = "secret-77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
        let public = alice.parse::<Identity>().unwrap().public_key().to_string();
        let expected = "public-8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
        assert_eq!(public, expected);
    }
}
