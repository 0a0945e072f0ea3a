//! Two hosts that are in a session from the beginning.

use std::net::SocketAddr;
use std::time::Instant;

use pysage_core::transport::LinkId;

use crate::carrier::DATAGRAM_BYTES;
use crate::config::NetConfig;
use crate::host::Host;
use crate::security::{AllowList, Identity, PublicKey, Security};
use crate::session::{Secrets, Session};

/// What two such hosts are made of, the client first: to be made once, since finding keys takes longer
/// than all that is done with them.
pub(super) struct Pair {
    configs: [NetConfig; 2],
    keys: [PublicKey; 2],
    sessions: [Session; 2],
    client: (u32, u64),
}

/// What the client has put to the session's key.
const CLIENT_KEY: u64 = 77;

pub(super) const ADDRESSES: [SocketAddr; 2] = [address(1), address(2)];

const fn address(last: u8) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, last)), 4000)
}

impl Pair {
    /// Of these keys, and with what `change` makes of the configurations.
    pub(super) fn new(
        now: Instant,
        identities: [Identity; 2],
        change: impl Fn(NetConfig) -> NetConfig,
    ) -> Pair {
        let keys = identities.each_ref().map(Identity::public_key);
        let [client, server] = identities;
        let configs = [(client, keys[1]), (server, keys[0])].map(|(identity, other)| {
            let security = Security::keys(identity, AllowList::only(other));
            let mut config = change(NetConfig::new(security));
            config.seed = Some(u64::from(keys[0] == other));
            config
        });
        let mut numbers = [0, 1].map(|at| {
            let mut host = Host::new(now, &configs[at], DATAGRAM_BYTES, at == 1);
            host.await_joining(now, ADDRESSES[1 - at], Some(keys[1 - at])).1
        });
        let client = (numbers[0], CLIENT_KEY);
        numbers.reverse();
        let sessions = [0, 1].map(|at| {
            let [sending, receiving] = [at as u8, 1 - at as u8].map(|byte| [byte; 32].into());
            Session::sealed(&Secrets { sending, receiving }, numbers[at])
        });
        Pair { configs, keys, sessions, client }
    }

    /// One of the two hosts, and its link to the other one: the same each time.
    pub(super) fn host(&self, now: Instant, at: usize) -> (Host, LinkId) {
        let mut host = Host::new(now, &self.configs[at], DATAGRAM_BYTES, at == 1);
        let (link, _) = host.await_joining(now, ADDRESSES[1 - at], Some(self.keys[1 - at]));
        host.join(now, link, self.sessions[at].clone(), self.client);
        (host, link)
    }

    /// What makes the listener of the two let somebody else in.
    pub(super) fn let_in(&self, key: PublicKey) {
        if let crate::security::Kind::Keys(_, allowed) = &self.configs[1].security.0 {
            allowed.allow(key);
        }
    }
}
