//! Who may come in, and what may be read on the way.

#[cfg(feature = "secure")]
mod allow_list;
#[cfg(feature = "secure")]
mod keys;
#[cfg(feature = "secure")]
mod rights;
#[cfg(feature = "secure")]
mod text;

#[cfg(feature = "secure")]
pub use allow_list::AllowList;
#[cfg(feature = "secure")]
pub use keys::{Identity, KeyError, PresharedKey, PublicKey};
#[cfg(feature = "secure")]
pub use rights::Rights;

use crate::session::Session;

/// Who may come in, and what may be read on the way.
///
/// [`keys`](Self::keys) is for all who are known by name, [`psk`](Self::psk) for few who share a
/// secret, and [`open`](Self::open) for networks in which nobody else is. There is no default: a
/// listener that other machines can reach needs one of the three.
///
#[cfg_attr(
    feature = "secure",
    doc = "
```
use pysage_net::{ActorManager, AllowList, Identity, NetConfig, Network, Security};

let (server, client) = (Identity::generate(), Identity::generate());
let guests = AllowList::only(client.public_key());
let kitchen = ActorManager::new();
let listener = kitchen.listen(\"0.0.0.0:0\", NetConfig::new(Security::keys(server.clone(), guests)))?;

let guest = ActorManager::new();
let at = format!(\"127.0.0.1:{}\", listener.local_addr().port());
let chef = AllowList::only(server.public_key());
guest.connect(at.as_str(), NetConfig::new(Security::keys(client, chef)))?;
while guest.peers().is_empty() {
    guest.tick()?;
    kitchen.tick()?;
}
# Ok::<(), Box<dyn std::error::Error>>(())
```
"
)]
#[derive(Clone, Debug)]
pub struct Security(pub(crate) Kind);

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nobody chose: as open, for addresses of this machine alone.
    Unset,
    Open,
    #[cfg(feature = "secure")]
    Keys(Identity, AllowList),
    #[cfg(feature = "secure")]
    Psk(PresharedKey),
}

impl Security {
    /// Each end shows that it has its key, and lets in the keys of its list: nobody else reads or
    /// changes what is said. Who connects names the one key it expects at the other end, by
    /// [`AllowList::only`].
    ///
    /// A peer is its key, wherever it is: over UDP its address may change, and when the same key
    /// connects anew to a listener its former connection ends as
    /// [`Restarted`](crate::DisconnectReason::Restarted).
    #[cfg(feature = "secure")]
    #[must_use]
    pub fn keys(identity: Identity, allowed: AllowList) -> Security {
        Security(Kind::Keys(identity, allowed))
    }

    /// Whoever has this key may come in, and nobody else reads or changes what is said. Those who
    /// have it cannot be told apart by it.
    #[cfg(feature = "secure")]
    #[must_use]
    pub fn psk(key: PresharedKey) -> Security {
        Security(Kind::Psk(key))
    }

    /// Whoever knows the address may come in, and whoever carries the datagrams may read and change
    /// them. A checksum guards against mistakes, not against attackers.
    #[must_use]
    pub fn open() -> Security {
        Security(Kind::Open)
    }

    /// Whether somebody chose.
    pub(crate) fn is_chosen(&self) -> bool {
        !matches!(self.0, Kind::Unset)
    }

    /// Whether peers show that they have a key, and datagrams are sealed.
    pub(crate) fn seals(&self) -> bool {
        !matches!(self.0, Kind::Unset | Kind::Open)
    }

    /// Whether it says whom a connection is to reach.
    pub(crate) fn names_whom_to_call(&self) -> bool {
        #[cfg(feature = "secure")]
        if let Kind::Keys(_, allowed) = &self.0 {
            return allowed.one().is_some();
        }
        true
    }

    /// What a datagram takes beside its frames.
    pub(crate) fn overhead_bytes(&self) -> usize {
        Session::HEADER_BYTES
            + if self.seals() { Session::TAG_BYTES } else { Session::CHECKSUM_BYTES }
    }
}
