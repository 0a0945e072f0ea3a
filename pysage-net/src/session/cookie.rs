//! Showing that one receives at one's address, before anything is kept of it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::random::Random;

/// What a host gives to who says hello, and wants back: it keeps nothing meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cookie {
    /// When it was given, in microseconds since the host began.
    given_us: u64,
    /// A hash of that and of who it is for, under a key that only the host has.
    tag: u64,
}

/// Gives cookies and knows them again.
pub(crate) struct Cookies {
    /// For SipHash: the key stands before all that is hashed.
    key: [u64; 2],
    /// The key before that one.
    key_before: [u64; 2],
    /// When there is another key.
    changes_at: Instant,
    began: Instant,
}

/// A key is used for so long, and a cookie of the one before it is still taken: 1 minute.
const KEY_INTERVAL: Duration = Duration::from_secs(60);

/// So old a cookie is not taken any more: 10 s.
const LONGEST: Duration = Duration::from_secs(10);

impl Cookie {
    pub(crate) const BYTES: usize = 16;

    /// What stands in its place before there is one.
    pub(crate) const NONE: Cookie = Cookie { given_us: 0, tag: 0 };

    pub(crate) fn to_bytes(self) -> [u8; Cookie::BYTES] {
        (u128::from(self.tag) << 64 | u128::from(self.given_us)).to_le_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; Cookie::BYTES]) -> Cookie {
        let both = u128::from_le_bytes(bytes);
        Cookie { given_us: both as u64, tag: (both >> 64) as u64 }
    }
}

impl Cookies {
    pub(crate) fn new(now: Instant, random: &mut Random) -> Cookies {
        let [key, key_before] = [(); 2].map(|()| [random.next(), random.next()]);
        Cookies { key, key_before, changes_at: now + KEY_INTERVAL, began: now }
    }

    /// Uses another key if it is time.
    pub(crate) fn change_key(&mut self, now: Instant, random: &mut Random) {
        if self.changes_at <= now {
            self.key_before = std::mem::replace(&mut self.key, [random.next(), random.next()]);
            self.changes_at = now + KEY_INTERVAL;
        }
    }

    /// A cookie for who says hello from this address, with this key of its own.
    pub(crate) fn give(&self, now: Instant, address: SocketAddr, client_key: u64) -> Cookie {
        let given_us = self.micros(now);
        Cookie { given_us, tag: Cookies::tag(self.key, given_us, address, client_key) }
    }

    /// How long ago a cookie was given, if it is one for them.
    pub(crate) fn check(
        &self,
        now: Instant,
        address: SocketAddr,
        client_key: u64,
        cookie: Cookie,
    ) -> Option<Duration> {
        let age = self.micros(now).checked_sub(cookie.given_us).map(Duration::from_micros)?;
        let is_right = [self.key, self.key_before]
            .map(|key| cookie.tag == Cookies::tag(key, cookie.given_us, address, client_key))
            .contains(&true);
        (is_right && age <= LONGEST).then_some(age)
    }

    fn micros(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.began);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn tag(key: [u64; 2], given_us: u64, address: SocketAddr, client_key: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (key, given_us, address, client_key).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_change_and_a_cookie_outlives_one_change() {
        let (now, random) = (Instant::now(), &mut Random::new(None));
        let mut cookies = Cookies::new(now, random);
        let here: SocketAddr = "10.0.0.1:5000".parse().unwrap();
        let given = now + KEY_INTERVAL - Duration::from_secs(1);
        cookies.change_key(given, random);
        let cookie = cookies.give(given, here, 9);
        let later = given + Duration::from_secs(2);
        for is_taken in [true, false] {
            let before = cookies.key;
            cookies.change_key(later, random);
            assert_ne!(cookies.key, before);
            assert_eq!(cookies.check(later, here, 9, cookie).is_some(), is_taken);
            cookies.changes_at = later;
        }
    }

    #[test]
    fn a_cookie_is_good_for_who_got_it_and_for_a_while() {
        let now = Instant::now();
        let cookies = Cookies::new(now, &mut Random::new(None));
        let here: SocketAddr = "10.0.0.1:5000".parse().unwrap();
        let there: SocketAddr = "10.0.0.2:5000".parse().unwrap();
        let given = now + Duration::from_secs(3);
        let cookie = Cookie::from_bytes(cookies.give(given, here, 9).to_bytes());
        let later = given + Duration::from_millis(40);
        assert_eq!(cookies.check(later, here, 9, cookie), Some(Duration::from_millis(40)));
        assert_eq!(cookies.check(later, there, 9, cookie), None);
        assert_eq!(cookies.check(later, here, 8, cookie), None);
        assert_eq!(cookies.check(later + LONGEST, here, 9, cookie), None);
        assert_eq!(cookies.check(now, here, 9, cookie), None, "given later than now");
        assert_eq!(cookies.check(later, here, 9, Cookie::NONE), None);
        let others = Cookies::new(now, &mut Random::new(None));
        assert_eq!(others.check(later, here, 9, cookie), None);
    }
}
