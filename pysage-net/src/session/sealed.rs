//! Sealing datagrams: AES-256-GCM, with the datagram's number as nonce and its header as associated
//! data, by a key that is stepped forward now and then.
//!
//! Each direction has a secret. Its key and the secret after it are derived from it (HKDF-SHA-256),
//! and it is forgotten when it is stepped forward: who learns a key later cannot open what was sealed
//! before. How often that was, modulo 4, stands in the header: the *phase*.
//!
//! The sender steps when the receiver is known to have opened something of the phase there is. So the
//! receiver is never more than one phase behind, and takes the next phase once something of it holds.
//! The phase before stays for a while, for what is late.

use std::time::{Duration, Instant};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use ring::hkdf;
use zeroize::Zeroizing;

use super::Stepping;
use super::noise::Secrets;

/// What seals and opens the datagrams of a session.
#[derive(Clone)]
pub(crate) struct Sealing {
    sending: Step,
    /// The first number of the sending phase, and when it began.
    first_number: u64,
    since: Option<Instant>,
    /// When the other end was asked last whether it opens what is of the sending phase.
    asked_at: Option<Instant>,
    receiving: Step,
    /// What comes behind the receiving phase, once something claimed to be of it.
    next: Option<Step>,
    /// What came before it, and until when that is opened.
    before: Option<(Step, Instant)>,
}

/// One phase of one direction.
#[derive(Clone)]
struct Step {
    phase: u8,
    key: LessSafeKey,
    /// What the step behind this one is made of.
    secret: Zeroizing<[u8; 32]>,
}

/// Phases are told apart by two bits: those before and behind the one there is.
pub(crate) const PHASES: u8 = 4;

/// Who only acknowledges is not acknowledged itself, so it asks, and again after so long.
const ASK_INTERVAL: Duration = Duration::from_millis(250);

/// So long what is of the phase before is still opened: more than a datagram is on its way.
const BEFORE_FOR: Duration = Duration::from_secs(10);

impl Sealing {
    pub(crate) fn new(secrets: &Secrets) -> Sealing {
        Sealing {
            sending: Step::first(&secrets.sending),
            first_number: 0,
            since: None,
            asked_at: None,
            receiving: Step::first(&secrets.receiving),
            next: None,
            before: None,
        }
    }

    /// The phase of what is sealed now.
    pub(crate) fn phase(&self) -> u8 {
        self.sending.phase
    }

    /// Steps the sending key forward if it was used for so many datagrams or so long, and the other
    /// end has opened something of its phase; `known` is the largest number that arrived there.
    pub(crate) fn step(
        &mut self,
        now: Instant,
        number: u64,
        known: Option<u64>,
        (most_datagrams, longest): (u64, Duration),
    ) -> Stepping {
        let since = *self.since.get_or_insert(now);
        let is_due = number - self.first_number >= most_datagrams
            || now.saturating_duration_since(since) >= longest;
        if !is_due {
            return Stepping::No;
        }
        if known.is_some_and(|known| known >= self.first_number) {
            self.sending = self.sending.next();
            (self.first_number, self.since, self.asked_at) = (number, Some(now), None);
            return Stepping::Stepped;
        }
        if self.asked_at.is_some_and(|at| now < at + ASK_INTERVAL) {
            return Stepping::No;
        }
        self.asked_at = Some(now);
        Stepping::Asks
    }

    /// Seals a datagram's frames, and tells their tag.
    pub(crate) fn seal(&self, number: u64, header: &[u8], frames: &mut [u8]) -> Tag {
        let key = &self.sending.key;
        let sealed = key.seal_in_place_separate_tag(nonce(number), Aad::from(header), frames);
        sealed.expect("a datagram is not too long to be sealed")
    }

    /// Opens what is in `sealed`, frames and a tag behind them, in its place; how many bytes the
    /// frames have, if it holds.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        (number, phase): (u64, u8),
        header: &[u8],
        sealed: &mut [u8],
    ) -> Option<usize> {
        let at = self.receiving.phase;
        let is_next = phase == (at + 1) % PHASES;
        let step = if phase == at {
            &self.receiving
        } else if is_next {
            self.next.get_or_insert_with(|| self.receiving.next())
        } else {
            let before = self.before.as_ref().filter(|(_, until)| now < *until);
            before.map(|(step, _)| step).filter(|step| step.phase == phase)?
        };
        let opened = step.key.open_in_place(nonce(number), Aad::from(header), sealed).ok()?.len();
        if is_next && let Some(next) = self.next.take() {
            let before = std::mem::replace(&mut self.receiving, next);
            self.before = Some((before, now + BEFORE_FOR));
        }
        if phase == self.receiving.phase && self.before.as_ref().is_some_and(|it| it.1 <= now) {
            self.before = None;
        }
        Some(opened)
    }
}

impl Step {
    fn first(secret: &[u8; 32]) -> Step {
        Step::of(0, secret)
    }

    fn next(&self) -> Step {
        Step::of((self.phase + 1) % PHASES, &self.secret)
    }

    /// The step that a secret stands for, with the secret behind it.
    fn of(phase: u8, secret: &[u8; 32]) -> Step {
        let from = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, secret);
        let key = derived(&from, b"pysage key");
        let key = UnboundKey::new(&AES_256_GCM, &*key).expect("the key has its length");
        Step { phase, key: LessSafeKey::new(key), secret: derived(&from, b"pysage next") }
    }
}

fn derived(from: &hkdf::Prk, what: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    let info = [what];
    let filled = from.expand(&info, hkdf::HKDF_SHA256).and_then(|it| it.fill(&mut *derived));
    filled.expect("it is as long as a hash");
    derived
}

/// As Noise makes it for AES-GCM.
fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}
