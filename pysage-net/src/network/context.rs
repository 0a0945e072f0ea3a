//! What a handler can do with networks, by its context.

use std::net::SocketAddr;

use pysage_core::{Broadcast, Context, Destination, SendError, WireMessage};

use super::{Listener, Network, ToAddress, broadcast};
use crate::config::NetConfig;
use crate::counters::NetCounters;
use crate::error::NetError;

/// A context sends in the name of its actor; all else is its manager's.
impl Network for Context {
    fn listen(&self, address: impl ToAddress, config: NetConfig) -> Result<Listener, NetError> {
        (**self).listen(address, config)
    }

    fn connect(&self, address: impl ToAddress, config: NetConfig) -> Result<Destination, NetError> {
        (**self).connect(address, config)
    }

    fn disconnect(&self, peer: impl Into<Destination>) -> Result<(), NetError> {
        (**self).disconnect(peer)
    }

    fn stop_listening(&self, listener: Listener) -> Result<(), NetError> {
        (**self).stop_listening(listener)
    }

    fn peers(&self) -> Vec<Destination> {
        (**self).peers()
    }

    fn peers_of(&self, listener: Listener) -> Vec<Destination> {
        (**self).peers_of(listener)
    }

    fn peer_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        (**self).peer_addr(peer)
    }

    fn local_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        (**self).local_addr(peer)
    }

    fn send_to_actor<M: WireMessage>(
        &self,
        peer: impl Into<Destination>,
        actor: &str,
        message: M,
    ) -> Result<(), SendError> {
        self.send_to_named(peer, actor, message)
    }

    fn broadcast_to_peers<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        broadcast(self, |peer| self.send(peer, message.clone()))
    }

    fn net_counters(&self) -> NetCounters {
        (**self).net_counters()
    }
}
