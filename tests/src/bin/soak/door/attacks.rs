//! What attackers do.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use pysage_net::sim::{Conditions, Overheard};
use pysage_net::{AllowList, BoxError, DisconnectReason, Network, PresharedKey, Security};

use super::figures::Figures;
use super::ledger::STRANGER;
use super::world::{GUESTS, STEP, State, World, server_address};

/// So many come in a step.
const HELLOS_PER_STEP: u64 = 100;
const DATAGRAMS_PER_STEP: u64 = 100;

/// So many datagrams that were heard are kept, to be said again.
const KEPT: usize = 4_096;

/// Numbers that follow from a seed: SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn address(&mut self) -> SocketAddr {
        let [a, b, c, d, high, low, ..] = self.next().to_be_bytes();
        SocketAddr::from(([100 + a % 90, b, c, d], u16::from_be_bytes([high, low])))
    }
}

/// Says hello from made-up addresses, with what a guest has said, while guests and server talk.
pub(super) fn flood(world: &mut World, hellos: u64, figures: &mut Figures) -> Result<(), BoxError> {
    let mut chance = Chance(figures.seed);
    let hello = {
        world.network.overhear(true);
        let other = world.manager(&Rc::default())?;
        let called = AllowList::only(world.of_server.public_key());
        let (address, identity) = (world.draw_address(), world.draw_identity());
        let config = world.config(address, Security::keys(identity, called));
        other.connect(server_address(), config)?;
        for _ in 0..200 {
            world.step(&[&other])?;
        }
        world.network.overhear(false);
        let mut heard = world.network.overheard().into_iter();
        heard.find(|heard| heard.from == address).ok_or("nobody has said hello")?.bytes
    };
    let answered_bytes = world.bytes_to_strangers();
    let mut resident = None;
    while figures.spoofed_hellos < hellos {
        for _ in 0..HELLOS_PER_STEP {
            world.network.inject(chance.address(), server_address(), &hello);
        }
        figures.spoofed_hellos += HELLOS_PER_STEP;
        world.step(&[])?;
        if resident.is_none() && figures.spoofed_hellos * 10 >= hellos {
            resident = Some(bytes_of_process());
        }
    }
    figures.memory_growth_bytes =
        resident.flatten().and_then(|before| Some(bytes_of_process()? - before));
    (figures.legit_sent, figures.legit_lost) = world.settle()?;
    let answered_bytes = world.bytes_to_strangers() - answered_bytes;
    let request_bytes = figures.spoofed_hellos * hello.len() as u64;
    figures.reply_bytes_per_request_byte = answered_bytes as f64 / request_bytes as f64;
    if answered_bytes == 0 {
        world.ledger.note_wrong("no hello was answered, so none was one".to_owned());
    }
    Ok(())
}

/// Hears all that is said, and says it again, as it was and changed.
pub(super) fn on_the_way(
    world: &mut World,
    datagrams: u64,
    figures: &mut Figures,
) -> Result<(), BoxError> {
    let mut chance = Chance(figures.seed ^ 1);
    let mut heard = VecDeque::new();
    world.network.overhear(true);
    let (repeated, made_up) = (world.ledger.repeated.get(), world.ledger.made_up.get());
    while figures.replayed_sent < datagrams {
        world.step(&[])?;
        let of_sessions = |heard: &Overheard| heard.bytes[0] & 0xc0 == 0x40;
        heard.extend(world.network.overheard().into_iter().filter(of_sessions));
        heard.drain(..heard.len().saturating_sub(KEPT));
        if heard.is_empty() {
            continue;
        }
        for _ in 0..DATAGRAMS_PER_STEP {
            // Half of them overtake what they are copies of.
            let newest = if chance.below(2) == 0 { heard.len().min(16) } else { heard.len() };
            let again = &heard[heard.len() - 1 - chance.below(newest)];
            let is_elsewhere = chance.below(8) == 0;
            let from = if is_elsewhere { chance.address() } else { again.from };
            world.network.inject(from, again.to, &again.bytes);
            let other = &heard[chance.below(heard.len())];
            let forged = forged(&mut chance, again, other);
            world.network.inject(again.from, again.to, &forged);
        }
        figures.replayed_sent += DATAGRAMS_PER_STEP;
        figures.forged_sent += DATAGRAMS_PER_STEP;
    }
    world.network.overhear(false);
    (figures.legit_sent, figures.legit_lost) = world.settle()?;
    figures.replayed_accepted = world.ledger.repeated.get() - repeated;
    figures.forged_accepted = world.ledger.made_up.get() - made_up;
    if !world.guests.iter().all(|guest| guest.is_there()) {
        world.ledger.note_wrong("a guest was disconnected by what others said".to_owned());
    }
    Ok(())
}

/// What is heard, changed: in a bit, its length, its session, or all behind its header.
fn forged(chance: &mut Chance, heard: &Overheard, other: &Overheard) -> Vec<u8> {
    let mut bytes = heard.bytes.clone();
    match chance.below(6) {
        0 => bytes.truncate(1 + chance.below(bytes.len() - 1)),
        1 => bytes.extend_from_slice(&chance.next().to_le_bytes()),
        2 => bytes[5..].fill_with(|| chance.next() as u8),
        // As if it was of another session, or the other's bytes of this one.
        3 if other.bytes[1..5] != bytes[1..5] => bytes[1..5].copy_from_slice(&other.bytes[1..5]),
        4 if other.bytes[5..] != bytes[5..] => {
            bytes.truncate(5);
            bytes.extend_from_slice(&other.bytes[5..]);
            // It could have been the same number and session.
            bytes[5] ^= 1;
        }
        _ => {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        }
    }
    bytes
}

/// Tries to come in with keys that are not let in, and to be taken for the server.
pub(super) fn strangers(
    world: &mut World,
    strangers: u64,
    figures: &mut Figures,
) -> Result<(), BoxError> {
    for at in 0..strangers {
        let (state, fake_state) = (Rc::<State>::default(), Rc::<State>::default());
        let stranger = world.manager(&state)?;
        let fake = world.manager(&fake_state)?;
        let (from, fake_address) = (world.draw_address(), world.draw_address());
        let (own, called) = (world.draw_identity(), AllowList::only(world.of_server.public_key()));
        let known = world.guests[at as usize % GUESTS as usize].identity.clone();
        let (security, to, reason) = match at % 4 {
            0 => (Security::keys(own, called), server_address(), DisconnectReason::NotAllowed),
            1 => (Security::open(), server_address(), DisconnectReason::OtherSecurity),
            2 => {
                let key = Security::psk(PresharedKey::generate());
                (key, server_address(), DisconnectReason::OtherSecurity)
            }
            _ => {
                let security = Security::keys(own, world.allowed.clone());
                let config = world.config(fake_address, security);
                fake.listen(fake_address, config)?;
                (Security::keys(known, called), fake_address, DisconnectReason::OtherSecurity)
            }
        };
        let config = world.config(from, security).connect_timeout(Duration::from_millis(300));
        let peer = stranger.connect(to, config)?;
        stranger.send(peer, world.ledger.stranger(STRANGER + at as u32))?;
        let is_gone = |_: &World| state.gone.borrow().is_some();
        world.step_until("a stranger is refused", &[&stranger, &fake], is_gone)?;
        figures.wrong_key_tries += 1;
        let told = state.gone.borrow().clone();
        if told.as_ref() != Some(&reason) {
            world.ledger.note_wrong(format!("a stranger was told {told:?}, not {reason:?}"));
        }
    }
    (figures.legit_sent, figures.legit_lost) = world.settle()?;
    figures.wrong_key_bytes_to_app = world.ledger.stranger_bytes.get();
    Ok(())
}

/// Revokes the keys of guests that send, and lets them in again.
pub(super) fn revoke(
    world: &mut World,
    revocations: u64,
    figures: &mut Figures,
) -> Result<(), BoxError> {
    for at in 0..revocations {
        let number = (at % u64::from(GUESTS)) as u32;
        let key = world.guests[number as usize].identity.public_key();
        for _ in 0..20 {
            world.step(&[])?;
        }
        world.allowed.revoke(&key);
        world.ledger.set_revoked(number, true);
        let state = world.guests[number as usize].state.clone();
        world.step_until("a guest is told", &[], |_| state.gone.borrow().is_some())?;
        for _ in 0..20 {
            world.step(&[])?;
        }
        let told = state.gone.borrow().clone();
        if told != Some(DisconnectReason::NotAllowed) {
            world.ledger.note_wrong(format!("who was revoked was told {told:?}"));
        }
        world.ledger.give_up(number);
        world.ledger.give_up(number + GUESTS);
        world.ledger.set_revoked(number, false);
        world.allowed.allow(key);
        world.connect_guest(number)?;
        let is_there = |world: &World| world.guests[number as usize].is_there();
        world.step_until("a guest is back", &[], is_there)?;
    }
    figures.revoked_bytes_to_app = world.ledger.revoked_bytes.get();
    let (_, lost) = world.settle()?;
    if lost > 0 {
        world.ledger.note_wrong(format!("{lost} messages of others were lost by revocations"));
    }
    Ok(())
}

/// Has all change their keys again and again where much is lost.
pub(super) fn change_keys(
    world: &mut World,
    rekeys: u64,
    figures: &mut Figures,
) -> Result<(), BoxError> {
    let conditions = Conditions::new().loss(0.2).duplicate(0.02).reorder(0.1);
    world.network.set_conditions(conditions.latency(5 * STEP).jitter(3 * STEP));
    let before = world.rekeys();
    world.step_until("keys change", &[], |world| world.rekeys() - before >= rekeys)?;
    figures.rekeys = world.rekeys() - before;
    (_, figures.rekey_lost) = world.settle()?;
    let strange = world.ledger.repeated.get() + world.ledger.made_up.get();
    if strange > figures.replayed_accepted + figures.forged_accepted {
        world.ledger.note_wrong("messages came twice, out of order or changed".to_owned());
    }
    Ok(())
}

#[cfg(unix)]
fn bytes_of_process() -> Option<i64> {
    crate::measures::resident_bytes()
}

#[cfg(not(unix))]
fn bytes_of_process() -> Option<i64> {
    None
}
