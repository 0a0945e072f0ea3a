//! A listener with keys: what strangers say to it who have heard what those said who may come in.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pysage_core::wire::Codec;

use super::pair::{ADDRESSES, Pair};
use super::sealed::{End, with_checksum};
use super::{Input, start};
use crate::carrier::DATAGRAM_BYTES;
use crate::security::{AllowList, Identity, Security};
use crate::session::{Cookie, Hello, Letter, Random, Said, SealedHello, Shake, Terms};

/// As what strangers say to a host that listens, and that has a peer: whoever has no key of its list
/// is not answered in a way that shows one, nobody is let in who only says again what others have
/// said, and the peer does not notice.
pub fn door(bytes: &[u8]) {
    let mut run = Run::new(bytes);
    while !run.input.is_done() {
        run.operation();
        run.exchange();
        assert_eq!(run.ends[1].host.links(), [run.ends[1].link], "a stranger is in");
    }
    let mut wakes = 0;
    run.ends.iter_mut().for_each(|end| end.send(0));
    run.exchange();
    while (0..2).any(|at| run.ends[at].got < run.ends[1 - at].sent) {
        let wakes_at = run.ends.iter().filter_map(|end| end.host.wake_at()).min();
        run.now = wakes_at.expect("who is there asks now and then").max(run.now);
        run.exchange();
        wakes += 1;
        assert!(wakes < MOST_WAKES, "a peer has noticed that strangers came");
    }
    assert_eq!(run.ends[0].host.links(), [run.ends[0].link]);
}

struct Run<'a> {
    input: Input<'a>,
    /// The peer and the host.
    ends: [End; 2],
    now: Instant,
    calls: &'static [Call; CALLERS],
    /// What was given last to a caller at an address of a stranger.
    cookies: [[Cookie; CALLERS]; STRANGERS],
    /// Which calls were said as they were, with a cookie, and from where.
    said: Vec<(SocketAddr, u32)>,
    /// How many secrets may still be found for letters that are said with a cookie.
    secrets_left: u32,
    /// The last datagram of the peer.
    heard: Vec<u8>,
    received_bytes: usize,
}

/// What somebody has said who has keys.
struct Call {
    session: u32,
    key: u64,
    letter: Letter,
}

/// One who may come in, the peer itself, one who speaks of other terms, and one that nobody knows.
const CALLERS: usize = 4;
const STRANGERS: usize = 4;

const MESSAGE_BYTES: usize = 4_000;
const MOST_WAKES: u32 = 1_000;

/// Longer than an input takes: the peer may be silent meanwhile.
const PATIENCE: Duration = Duration::from_secs(1 << 20);

/// Finding a secret that two keys have in common takes longer than all else, so no input has more than
/// this found: four and a new key are for a letter that is answered, two at most for one that is not.
const MOST_SECRETS: u32 = 7;

/// One of the strangers is where the peer is, or says so.
fn address(stranger: usize) -> SocketAddr {
    match stranger {
        0 => ADDRESSES[0],
        _ => SocketAddr::from(([10, 0, 1, stranger as u8], 4000)),
    }
}

fn prepared(now: Instant) -> (Pair, [Call; CALLERS]) {
    let [peer, server, guest, stranger] = [1, 2, 3, 4].map(|byte| Identity::of([byte; 32].into()));
    let of_server = AllowList::only(server.public_key());
    let pair = Pair::new(now, [peer.clone(), server], |config| {
        config.message_bytes(MESSAGE_BYTES).most_peers(3).idle_timeout(PATIENCE)
    });
    pair.let_in(guest.public_key());
    let mut session = 1 << 20;
    let calls = [(&guest, 0), (&peer, 0), (&guest, 1), (&stranger, 0)].map(|(identity, more)| {
        session += 1 << 20;
        let mut said = Vec::new();
        let message_bytes = (MESSAGE_BYTES + more) as u64;
        let codec = Terms::code_of(Codec::Compact);
        Terms { codec, window_bytes: 100_000, message_bytes }.write(&mut said);
        let (key, mut random) = (u64::from(session) * 3, Random::new(Some(u64::from(session))));
        let security = Security::keys(identity.clone(), of_server.clone());
        let call = security.call((session, key), &said, &mut random);
        Call { session, key, letter: call.expect("there is one that is called").letter() }
    });
    (pair, calls)
}

impl<'a> Run<'a> {
    fn new(bytes: &'a [u8]) -> Run<'a> {
        static PREPARED: OnceLock<(Pair, [Call; CALLERS])> = OnceLock::new();
        let now = start();
        let (pair, calls) = PREPARED.get_or_init(|| prepared(now));
        let mut run = Run {
            input: Input::new(bytes),
            ends: [0, 1].map(|at| End::new(pair, now, at)),
            now,
            calls,
            cookies: [[Cookie::NONE; CALLERS]; STRANGERS],
            said: Vec::new(),
            secrets_left: MOST_SECRETS,
            heard: Vec::new(),
            received_bytes: 0,
        };
        run.exchange();
        run
    }

    fn operation(&mut self) {
        let what = self.input.byte();
        let stranger = usize::from(what >> 3 & 3);
        let caller = usize::from(what >> 5 & 3);
        let (from, to) = (address(stranger), usize::from(what < 0x80));
        let cookie = self.cookies[stranger][caller];
        let Call { session, key, mut letter } = self.calls[caller];
        let mut client_session = session;
        match what & 7 {
            0 => {}
            1 => {
                let (at, change) = (usize::from(self.input.byte()), self.input.byte() | 1);
                let mut bytes = letter.bytes().to_vec();
                match bytes.get_mut(at) {
                    Some(byte) => *byte ^= change,
                    None => client_session ^= u32::from(change) << (at & 15),
                }
                letter = Letter::new(&bytes).expect("it is as long as before");
            }
            2 => {
                let length = usize::from(self.input.byte()).min(Letter::MOST_BYTES);
                letter = Letter::new(self.input.bytes(length)).expect("it is not too long");
            }
            3 => {
                let codec = self.input.byte();
                let terms = Terms { codec, window_bytes: 1_000, message_bytes: 4_000 };
                let said = Said::Hello(Hello { cookie, terms });
                return self.shake(from, Shake { client_session, client_key: key, said });
            }
            4 => {
                let length = usize::from(self.input.byte());
                let mut bytes = self.input.bytes(length).to_vec();
                bytes.resize(if length & 1 == 0 { bytes.len().max(5) } else { DATAGRAM_BYTES }, 0);
                with_checksum(&mut bytes);
                return self.arrive(to, from, &bytes);
            }
            5 => {
                let (at, change) = (usize::from(self.input.byte()), self.input.byte());
                let mut bytes = self.heard.clone();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= change;
                }
                return self.arrive(to, from, &bytes);
            }
            6 => return self.now += Duration::from_millis(1 << (what >> 3 & 15)),
            _ => return self.ends[1 - to].send(usize::from(what >> 3 & 15) * 50),
        }
        // With the high bit it asks for a cookie.
        let asks = what >= 0x80;
        if !asks {
            let secrets = if what & 7 == 0 { 5 } else { 2 };
            let Some(left) = self.secrets_left.checked_sub(secrets) else { return };
            self.secrets_left = left;
            let is_answered = what & 7 == 0 && cookie != Cookie::NONE;
            self.said.extend(is_answered.then_some((from, session)));
        }
        let cookie = if asks { Cookie::NONE } else { cookie };
        let said = Said::SealedHello(SealedHello { cookie, letter });
        self.shake(from, Shake { client_session, client_key: key, said });
    }

    fn shake(&mut self, from: SocketAddr, shake: Shake) {
        let mut bytes = Vec::new();
        shake.write(DATAGRAM_BYTES, &mut bytes);
        self.arrive(1, from, &bytes);
    }

    fn arrive(&mut self, to: usize, from: SocketAddr, bytes: &[u8]) {
        self.received_bytes = bytes.len();
        let from = if to == 0 { ADDRESSES[1] } else { from };
        self.ends[to].take(self.now, from, bytes);
    }

    /// Has all leave that can, until nothing more does.
    fn exchange(&mut self) {
        let mut turns = 0;
        loop {
            let mut is_quiet = true;
            for (to, bytes) in self.ends[0].leave(self.now) {
                is_quiet = false;
                assert_eq!(to, ADDRESSES[1]);
                self.heard.clone_from(&bytes);
                self.ends[1].take(self.now, ADDRESSES[0], &bytes);
            }
            self.ends[1].tell(self.now);
            for (to, bytes) in self.ends[1].leave(self.now) {
                is_quiet = false;
                self.answered(to, &bytes);
                if to == ADDRESSES[0] {
                    self.ends[0].take(self.now, ADDRESSES[1], &bytes);
                }
            }
            self.ends[0].tell(self.now);
            if is_quiet {
                return;
            }
            turns += 1;
            assert!(turns < MOST_WAKES, "they never come to rest");
        }
    }

    /// Takes note of what a stranger is answered.
    fn answered(&mut self, to: SocketAddr, answer: &[u8]) {
        let Ok(shake) = Shake::read(answer, DATAGRAM_BYTES) else { return };
        match shake.said {
            Said::Cookie(cookie) => {
                assert!(answer.len() * 10 < self.received_bytes);
                let stranger = (0..STRANGERS).find(|stranger| address(*stranger) == to);
                let caller = self.calls.iter().position(|call| call.key == shake.client_key);
                if let (Some(stranger), Some(caller)) = (stranger, caller) {
                    self.cookies[stranger][caller] = cookie;
                }
            }
            Said::SealedAnswer(_) => {
                let is_own = self.said.contains(&(to, shake.client_session));
                assert!(is_own, "a letter is answered that nobody has written");
            }
            Said::Refusal(_) => {}
            Said::Hello(_) | Said::SealedHello(_) => panic!("who listens greets nobody"),
            Said::Welcome(_) => panic!("nobody is welcome without a key"),
        }
    }
}
