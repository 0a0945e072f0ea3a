//! ENet, as rusty_enet.

use std::{net::UdpSocket, time::Duration};

use rusty_enet::{Event, Host, HostSettings, Packet, PeerID};

use super::{
    message::{Handled, Message},
    peer::{End, Failure, Invitation, Job, Peer},
    socket::{bind, wait_readable},
    window::{self, Window},
};

pub const PEER: Peer = Peer::new::<Enet>(
    "enet",
    "rusty_enet, reliable packets on one channel",
    Some("rusty_enet"),
    |_| true,
);

const CHANNEL: u8 = 0;

/// Messages that it may hold for one receiver; it has no bound of its own.
const QUEUED_MESSAGES: u64 = 16_384;

pub struct Enet {
    host: Host<UdpSocket>,
    /// To wait with, of the same socket.
    socket: UdpSocket,
    connected: Vec<PeerID>,
    /// Between two ends only: bulk of many peers is bounded by the case.
    window: Option<Window>,
    handled: Handled,
}

impl Enet {
    fn open(job: &Job) -> Result<Self, Failure> {
        let socket = bind()?;
        let clone = socket.try_clone()?;
        let settings =
            HostSettings { peer_limit: job.peers, channel_limit: 1, ..HostSettings::default() };
        let host = Host::new(socket, settings)?;
        let window = job.case.is_between_processes().then(|| Window::new(QUEUED_MESSAGES));
        let handled = Handled::default();
        Ok(Self { host, socket: clone, connected: Vec::new(), window, handled })
    }

    fn report(&mut self) -> Result<(), Failure> {
        let count = self.handled.count;
        if let Some(word) = self.window.as_mut().and_then(|window| window.report(count)) {
            self.host.peer_mut(self.connected[0]).send(CHANNEL, &Packet::reliable(&word[..]))?;
        }
        Ok(())
    }
}

impl End for Enet {
    fn listen(job: &Job) -> Result<(Self, Invitation), Failure> {
        let end = Self::open(job)?;
        let address = end.socket.local_addr()?;
        Ok((end, Invitation { address, certificate: Vec::new() }))
    }

    fn connect(job: &Job, to: &Invitation) -> Result<Self, Failure> {
        let mut end = Self::open(job)?;
        for _ in 0..job.peers {
            end.host.connect(to.address, 1, 0)?;
        }
        Ok(end)
    }

    fn connected(&self) -> usize {
        self.connected.len()
    }

    fn send(&mut self, peer: usize, message: &Message) -> Result<bool, Failure> {
        if self.window.as_ref().is_some_and(Window::is_full) {
            return Ok(false);
        }
        let mut encoded = Vec::with_capacity(message.byte_count());
        message.encode(&mut encoded);
        let packet = Packet::reliable(encoded);
        self.host.peer_mut(self.connected[peer]).send(CHANNEL, &packet)?;
        if let Some(window) = &mut self.window {
            window.count_sent();
        }
        Ok(true)
    }

    fn receive(&mut self) -> Result<(), Failure> {
        while let Some(event) = self.host.service()? {
            match event {
                Event::Connect { peer, .. } => self.connected.push(peer.id()),
                Event::Disconnect { .. } => return Err("disconnected".into()),
                Event::Receive { packet, .. } => {
                    let bytes = packet.data();
                    let is_word = bytes.len() == window::WORD_BYTES;
                    match self.window.as_mut().filter(|_| is_word) {
                        Some(window) => _ = window.take(bytes),
                        None => self.handled.decode(bytes)?,
                    }
                }
            }
        }
        self.report()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.host.flush();
        Ok(())
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), Failure> {
        Ok(wait_readable([&self.socket], at_most)?)
    }

    fn handled(&self) -> Handled {
        self.handled
    }
}
