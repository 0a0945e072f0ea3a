//! Two hosts with keys, and somebody between them who changes, repeats and makes up datagrams.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pysage_core::Delivery;
use pysage_core::transport::LinkId;

use super::Input;
use super::handshake::Out;
use crate::carrier::{Arrived, DATAGRAM_BYTES};
use crate::config::NetConfig;
use crate::host::{Host, Taken, Told};
use crate::security::{AllowList, Identity, Security};
use crate::session::Shake;

struct End {
    host: Host,
    link: Option<LinkId>,
    got: Vec<Vec<u8>>,
    is_gone: bool,
    address: SocketAddr,
}

/// So many rounds are played, and so many more are enough for what is lost to come.
const MOST_ROUNDS: u32 = 2_000;
const MOST_ROUNDS_BEHIND: u32 = 4_000;

/// Longer than all rounds.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// As what is done with the datagrams of two hosts, and as datagrams of others: all messages arrive
/// once and in their order, no others do, and the connection stands.
pub fn sealed(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut now = Instant::now();
    let [client, server] = [1, 2].map(|byte| Identity::of([byte; 32].into()));
    let names = |identity: &Identity| AllowList::only(identity.public_key());
    let (of_client, of_server) = (names(&client), names(&server));
    let end = |identity, allowed, listens: bool| {
        let mut config = NetConfig::new(Security::keys(identity, allowed)).rekey_datagrams(4);
        config = config.connect_timeout(PATIENCE).idle_timeout(PATIENCE);
        config.seed = Some(u64::from(listens));
        let host = Host::new(now, &config, DATAGRAM_BYTES, listens);
        let address = SocketAddr::from(([10, 0, 0, 1 + u8::from(listens)], 4000));
        End { host, link: None, got: Vec::new(), is_gone: false, address }
    };
    let mut ends = [end(client, of_server, false), end(server, of_client, true)];
    ends[0].link = Some(ends[0].host.connect(now, Some(ends[1].address)));
    let (mut sent, mut heard) = ([0_u32; 2], Vec::<Vec<u8>>::new());
    for round in 0..MOST_ROUNDS + MOST_ROUNDS_BEHIND {
        now += Duration::from_millis(5);
        let is_over = input.is_done() || round > MOST_ROUNDS;
        for at in 0..2 {
            if let Some(link) = ends[at].link.filter(|_| !is_over && sent[at] < 20) {
                let message = sent[at].to_le_bytes();
                let lengths = [message.len() as u32];
                ends[at].host.send(link, &message, &lengths, Delivery::ReliableOrdered, 0);
                sent[at] += 1;
            }
            for datagram in ends[at].leave(now) {
                let from = ends[at].address;
                if !is_over {
                    heard.push(datagram.clone());
                    meddle(&mut input, &mut heard, now, &mut ends);
                }
                // Some are lost as long as there is something left to do.
                if is_over || input.byte() & 7 != 7 {
                    ends[1 - at].take(now, from, &datagram);
                }
            }
            ends[at].tell(now);
        }
        let has_all = |at: usize| ends[at].got.len() == sent[1 - at] as usize;
        if is_over && ends[1].link.is_some() && has_all(0) && has_all(1) {
            break;
        }
    }
    for at in 0..2 {
        let all = (0..sent[1 - at]).map(|number| number.to_le_bytes().to_vec());
        assert!(!ends[at].is_gone && ends[at].got.iter().cloned().eq(all), "{:?}", ends[at].got);
        assert!(ends[at].host.links().len() == 1, "others were let in");
    }
}

/// Has something else arrive at one of the ends: a copy, a changed one, or any bytes.
fn meddle(input: &mut Input<'_>, heard: &mut Vec<Vec<u8>>, now: Instant, ends: &mut [End; 2]) {
    let what = input.byte();
    if what & 3 == 0 {
        return;
    }
    let to = usize::from(what >> 2 & 1);
    let from = match what >> 3 & 1 {
        0 => ends[1 - to].address,
        _ => SocketAddr::from(([10, 0, 1, input.byte()], 4000)),
    };
    let which = heard.len() - 1 - usize::from(input.byte()) % heard.len();
    let mut bytes = heard[which].clone();
    match what & 3 {
        1 => {}
        2 => {
            let at = usize::from(input.byte()) % bytes.len();
            bytes[at] ^= input.byte() | 1;
            with_checksum(&mut bytes);
        }
        _ => {
            let length = usize::from(input.byte());
            bytes.truncate(usize::from(input.byte()));
            bytes.extend_from_slice(input.bytes(length));
            bytes.resize(if what & 16 == 0 { bytes.len().max(5) } else { DATAGRAM_BYTES }, 0);
            with_checksum(&mut bytes);
        }
    }
    ends[to].take(now, from, &bytes);
    heard.drain(..heard.len().saturating_sub(64));
}

/// What is of a handshake gets by the first look.
fn with_checksum(bytes: &mut [u8]) {
    if bytes[0] & 0xc0 == 0x80
        && let Some((guarded, checksum)) = bytes.split_last_chunk_mut::<4>()
    {
        *checksum = crc32fast::hash(guarded).to_le_bytes();
        if let Ok(shake) = Shake::read(bytes, DATAGRAM_BYTES) {
            let mut written = Vec::new();
            shake.write(DATAGRAM_BYTES, &mut written);
            assert_eq!(Shake::read(&written, DATAGRAM_BYTES), Ok(shake));
        }
    }
}

impl End {
    fn take(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        self.host.arrived(now, Arrived::Datagram { from, is_marked: false, bytes });
    }

    /// What leaves for the other end.
    fn leave(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut out = Out::default();
        self.host.transmit(now, &mut out).expect("this carrier has no errors");
        let others = |to: &SocketAddr| to.ip().to_string().starts_with("10.0.0.");
        out.0.into_iter().filter(|(to, _)| others(to)).map(|(_, bytes)| bytes).collect()
    }

    fn tell(&mut self, now: Instant) {
        let (link_here, got, is_gone) = (&mut self.link, &mut self.got, &mut self.is_gone);
        self.host.tell(now, &mut |link, told| {
            match told {
                Told::Connected { .. } => *link_here = Some(link),
                Told::Frame(frame) => got.push(frame.to_vec()),
                Told::Disconnected { .. } => *is_gone = true,
                Told::Moved { .. } | Told::Undelivered(_) | Told::Mismatch(_) => {}
            }
            Taken::Yes
        });
    }
}
