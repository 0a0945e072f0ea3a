//! renet over its netcode transport, which encrypts.

use std::{
    net::UdpSocket,
    time::{Duration, Instant},
};

use renet::{ChannelConfig, ClientId, ConnectionConfig, RenetClient, RenetServer, SendType};
use renet_netcode::{
    ClientAuthentication, NetcodeClientTransport, NetcodeServerTransport, ServerAuthentication,
    ServerConfig,
};

use super::{
    message::{Handled, Message},
    peer::{End, Failure, Invitation, Job, Peer},
    socket::{bind, wait_readable},
};

pub const PEER: Peer = Peer::new::<Renet<300>>(
    "renet",
    "Over netcode, encrypted; resends after 300 ms, which is its default",
    Some("renet"),
    |_| true,
);

pub const QUICK: Peer = Peer::new::<Renet<40>>(
    "renet_40ms",
    "As renet, resends after 40 ms, twice the round trip of the cases with loss",
    Some("renet"),
    |job| job.case.is_relayed(),
);

const CHANNEL: u8 = 0;
const PROTOCOL: u64 = 5;

/// Its default. Above it a connection ends.
const CHANNEL_BYTES: usize = 5 << 20;

/// Without delay. It looks at all of it in each flush, and it must fit into the receiver's buffer.
const BYTES_UNDER_WAY: usize = 256 << 10;

/// As much as it has, where its default of 60,000 is meant for 60 ticks a second.
const BYTES_A_FLUSH: u64 = 250_000;

/// It sends acknowledgements in each flush, and all of them again until it knows that they have
/// arrived. To do so for each datagram takes it more time than the messages do.
const FLUSH_INTERVAL: Duration = Duration::from_micros(250);

/// One end of it, or many clients.
pub struct Renet<const RESEND_MS: u64> {
    ends: Ends,
    /// To wait with, of the same sockets.
    sockets: Vec<UdpSocket>,
    least_memory: usize,
    updated: Instant,
    flushed: Instant,
    has_sent: bool,
    handled: Handled,
}

enum Ends {
    Server { server: RenetServer, transport: Box<NetcodeServerTransport>, clients: Vec<ClientId> },
    Clients(Vec<(RenetClient, NetcodeClientTransport)>),
}

impl<const RESEND_MS: u64> Renet<RESEND_MS> {
    fn new(job: &Job, ends: Ends, sockets: Vec<UdpSocket>) -> Self {
        let under_way = if job.case.is_relayed() { CHANNEL_BYTES / 2 } else { BYTES_UNDER_WAY };
        let least_memory = CHANNEL_BYTES - under_way;
        let now = Instant::now();
        let handled = Handled::default();
        Self { ends, sockets, least_memory, updated: now, flushed: now, has_sent: false, handled }
    }
}

fn config(resend_ms: u64) -> ConnectionConfig {
    let channels = vec![ChannelConfig {
        channel_id: CHANNEL,
        max_memory_usage_bytes: CHANNEL_BYTES,
        send_type: SendType::ReliableOrdered { resend_time: Duration::from_millis(resend_ms) },
    }];
    ConnectionConfig {
        server_channels_config: channels.clone(),
        client_channels_config: channels,
        available_bytes_per_tick: BYTES_A_FLUSH,
    }
}

impl<const RESEND_MS: u64> End for Renet<RESEND_MS> {
    fn listen(job: &Job) -> Result<(Self, Invitation), Failure> {
        let socket = bind()?;
        let address = socket.local_addr()?;
        let sockets = vec![socket.try_clone()?];
        let config_of_transport = ServerConfig {
            current_time: Duration::ZERO,
            max_clients: job.peers,
            protocol_id: PROTOCOL,
            public_addresses: vec![address],
            authentication: ServerAuthentication::Unsecure,
        };
        let transport = Box::new(NetcodeServerTransport::new(config_of_transport, socket)?);
        let server = RenetServer::new(config(RESEND_MS));
        let ends = Ends::Server { server, transport, clients: Vec::new() };
        let certificate = Vec::new();
        Ok((Self::new(job, ends, sockets), Invitation { address, certificate }))
    }

    fn connect(job: &Job, to: &Invitation) -> Result<Self, Failure> {
        let (mut clients, mut sockets) = (Vec::new(), Vec::new());
        for index in 0..job.peers {
            let socket = bind()?;
            sockets.push(socket.try_clone()?);
            let authentication = ClientAuthentication::Unsecure {
                protocol_id: PROTOCOL,
                client_id: index as u64 + 1,
                server_addr: to.address,
                user_data: None,
            };
            let transport = NetcodeClientTransport::new(Duration::ZERO, authentication, socket)?;
            clients.push((RenetClient::new(config(RESEND_MS)), transport));
        }
        Ok(Self::new(job, Ends::Clients(clients), sockets))
    }

    fn connected(&self) -> usize {
        match &self.ends {
            Ends::Server { clients, .. } => clients.len(),
            Ends::Clients(clients) => {
                clients.iter().filter(|(client, _)| client.is_connected()).count()
            }
        }
    }

    fn send(&mut self, peer: usize, message: &Message) -> Result<bool, Failure> {
        let encoded = || {
            let mut bytes = Vec::with_capacity(message.byte_count());
            message.encode(&mut bytes);
            bytes
        };
        match &mut self.ends {
            Ends::Server { server, clients, .. } => {
                let client = clients[peer];
                let has_room = server.channel_available_memory(client, CHANNEL) > self.least_memory;
                self.has_sent |= has_room;
                if has_room {
                    server.send_message(client, CHANNEL, encoded());
                }
                Ok(has_room)
            }
            Ends::Clients(clients) => {
                let (client, _) = &mut clients[peer];
                let has_room = client.channel_available_memory(CHANNEL) > self.least_memory;
                self.has_sent |= has_room;
                if has_room {
                    client.send_message(CHANNEL, encoded());
                }
                Ok(has_room)
            }
        }
    }

    fn receive(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        let passed = now - std::mem::replace(&mut self.updated, now);
        match &mut self.ends {
            Ends::Server { server, transport, clients } => {
                server.update(passed);
                transport.update(passed, server)?;
                if clients.len() != server.connected_clients() {
                    *clients = server.clients_id();
                }
                for client in &*clients {
                    while let Some(bytes) = server.receive_message(*client, CHANNEL) {
                        self.handled.decode(&bytes)?;
                    }
                }
            }
            Ends::Clients(clients) => {
                for (client, transport) in clients {
                    client.update(passed);
                    transport.update(passed, client)?;
                    while let Some(bytes) = client.receive_message(CHANNEL) {
                        self.handled.decode(&bytes)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if !self.has_sent && self.flushed.elapsed() < FLUSH_INTERVAL {
            return Ok(());
        }
        self.has_sent = false;
        self.flushed = Instant::now();
        match &mut self.ends {
            Ends::Server { server, transport, .. } => transport.send_packets(server),
            Ends::Clients(clients) => {
                for (client, transport) in clients {
                    if client.is_connected() {
                        transport.send_packets(client)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), Failure> {
        Ok(wait_readable(&self.sockets, at_most)?)
    }

    fn handled(&self) -> Handled {
        self.handled
    }
}
