//! What a handler can do with peers on the original, by its context.

use std::net::SocketAddr;

use pysage_core::{Broadcast, Context, Destination, WireMessage};

use super::{LegacyConfig, LegacyCounters, LegacyListener, LegacyNetwork, broadcast};
use crate::error::NetError;
use crate::network::ToAddress;

/// A context sends in the name of its actor; all else is its manager's.
impl LegacyNetwork for Context {
    fn listen_legacy(
        &self,
        address: impl ToAddress,
        config: LegacyConfig,
    ) -> Result<LegacyListener, NetError> {
        (**self).listen_legacy(address, config)
    }

    fn connect_legacy(
        &self,
        address: impl ToAddress,
        config: LegacyConfig,
    ) -> Result<Destination, NetError> {
        (**self).connect_legacy(address, config)
    }

    fn add_legacy_peer(
        &self,
        listener: LegacyListener,
        address: SocketAddr,
    ) -> Option<Destination> {
        (**self).add_legacy_peer(listener, address)
    }

    fn disconnect_legacy(&self, peer: impl Into<Destination>) -> Result<(), NetError> {
        (**self).disconnect_legacy(peer)
    }

    fn stop_listening_legacy(&self, listener: LegacyListener) -> Result<(), NetError> {
        (**self).stop_listening_legacy(listener)
    }

    fn legacy_peers(&self) -> Vec<Destination> {
        (**self).legacy_peers()
    }

    fn legacy_peer_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        (**self).legacy_peer_addr(peer)
    }

    fn legacy_local_addr(&self, peer: impl Into<Destination>) -> Option<SocketAddr> {
        (**self).legacy_local_addr(peer)
    }

    fn broadcast_to_legacy_peers<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        broadcast(self, |peer| self.send(peer, message.clone()))
    }

    fn legacy_counters(&self) -> LegacyCounters {
        (**self).legacy_counters()
    }
}
