//! The two ends of a scenario, of laminar alone.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use laminar::{Config, ConnectionManager, Packet, SocketEvent, VirtualConnection};
use pysage_net::Delivery;

use crate::air::{Air, AirSocket};
use crate::scenario::{End, Ends, Scenario};

type Manager = ConnectionManager<AirSocket, VirtualConnection>;

/// Two of laminar's managers of connections.
pub(crate) struct LaminarEnds {
    air: Rc<RefCell<Air>>,
    managers: [Manager; 2],
    began: Instant,
    /// What laminar said besides messages.
    pub(crate) endings: u32,
}

pub(crate) fn address(end: End) -> SocketAddr {
    match end {
        End::Near => ([10, 0, 0, 1], 1).into(),
        End::Far => ([10, 0, 0, 2], 2).into(),
    }
}

/// laminar as it is, but with a sign of life ten times a second, and the idle time-out that pysage has.
/// So no connection ends because one end had nothing to say.
pub(crate) fn kind_config() -> Config {
    Config {
        heartbeat_interval: Some(Duration::from_millis(100)),
        idle_connection_timeout: Duration::from_secs(10),
        ..Config::default()
    }
}

impl LaminarEnds {
    pub(crate) fn new(scenario: &Scenario, config: &Config) -> LaminarEnds {
        let air = Air::new(scenario.weather, address(End::Near));
        let managers = [End::Near, End::Far].map(|end| {
            let socket = AirSocket { at: address(end), air: Rc::clone(&air) };
            ConnectionManager::new(socket, config.clone())
        });
        LaminarEnds { air, managers, began: Instant::now(), endings: 0 }
    }
}

impl Ends for LaminarEnds {
    fn send(&mut self, from: End, delivery: Delivery, body: &[u8]) -> bool {
        let to = if from == End::Near { address(End::Far) } else { address(End::Near) };
        let body = body.to_vec();
        let packet = match delivery {
            Delivery::Unreliable => Packet::unreliable(to, body),
            Delivery::Sequenced => Packet::unreliable_sequenced(to, body, None),
            Delivery::ReliableUnordered => Packet::reliable_unordered(to, body),
            Delivery::ReliableOrdered => Packet::reliable_ordered(to, body, None),
        };
        self.managers[from as usize].event_sender().send(packet).is_ok()
    }

    fn step(&mut self, now: Duration) {
        self.air.borrow_mut().now = now;
        for manager in &mut self.managers {
            manager.manual_poll(self.began + now);
        }
    }

    fn received(&mut self, at: End) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for event in self.managers[at as usize].event_receiver().try_iter() {
            match event {
                SocketEvent::Packet(packet) => bodies.push(packet.payload().to_vec()),
                SocketEvent::Timeout(_) | SocketEvent::Disconnect(_) => self.endings += 1,
                SocketEvent::Connect(_) => {}
            }
        }
        bodies
    }
}
