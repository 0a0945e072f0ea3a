//! Where to listen and whom to connect to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::str::FromStr;

use crate::error::NetError;

/// A host and a port. The host may be a name, which is then looked up.
///
/// ```
/// use pysage_net::Address;
///
/// let known: Address = "127.0.0.1:5000".parse()?;
/// let named: Address = "game.example.org:5000".parse()?;
/// assert_eq!(named.to_string(), "game.example.org:5000");
/// # drop(known);
/// # Ok::<(), pysage_net::NetError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(Host);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Host {
    Known(SocketAddr),
    Named { name: String, port: u16 },
}

/// What can be given where an [`Address`] is asked for: a text such as `"127.0.0.1:5000"`,
/// `"[::1]:5000"` or `"game.example.org:5000"`, a host with a port, or an address of std.
pub trait ToAddress {
    /// The address.
    ///
    /// # Errors
    /// [`NetError::NotAnAddress`].
    fn to_address(&self) -> Result<Address, NetError>;
}

/// The most bytes of a name, as in DNS.
const NAME_BYTES: usize = 253;

impl Address {
    /// An address by its host, which may be a name, and its port.
    ///
    /// # Errors
    /// [`NetError::NotAnAddress`].
    pub fn new(host: &str, port: u16) -> Result<Address, NetError> {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Address(Host::Known(SocketAddr::new(ip, port))));
        }
        let is_name = !host.is_empty()
            && host.len() <= NAME_BYTES
            && host.chars().all(|it| it.is_alphanumeric() || matches!(it, '-' | '.' | '_'));
        if !is_name {
            return Err(NetError::NotAnAddress { given: format!("{host}:{port}") });
        }
        Ok(Address(Host::Named { name: host.to_owned(), port }))
    }

    /// The address, or the name and the port where it has to be looked up.
    pub(crate) fn known(&self) -> Result<SocketAddr, (&str, u16)> {
        match &self.0 {
            Host::Known(address) => Ok(*address),
            Host::Named { name, port } => Err((name, *port)),
        }
    }
}

impl FromStr for Address {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Address, NetError> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Address(Host::Known(address)));
        }
        let not_one = || NetError::NotAnAddress { given: text.to_owned() };
        let (host, port) = text.rsplit_once(':').ok_or_else(not_one)?;
        let port = port.parse().map_err(|_| not_one())?;
        Address::new(host, port).map_err(|_| not_one())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Host::Known(address) => address.fmt(f),
            Host::Named { name, port } => write!(f, "{name}:{port}"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address(Host::Known(address))
    }
}

impl<T: ToAddress + ?Sized> ToAddress for &T {
    fn to_address(&self) -> Result<Address, NetError> {
        (**self).to_address()
    }
}

impl ToAddress for str {
    fn to_address(&self) -> Result<Address, NetError> {
        self.parse()
    }
}

impl ToAddress for String {
    fn to_address(&self) -> Result<Address, NetError> {
        self.parse()
    }
}

impl ToAddress for Address {
    fn to_address(&self) -> Result<Address, NetError> {
        Ok(self.clone())
    }
}

impl ToAddress for (&str, u16) {
    fn to_address(&self) -> Result<Address, NetError> {
        Address::new(self.0, self.1)
    }
}

impl ToAddress for (String, u16) {
    fn to_address(&self) -> Result<Address, NetError> {
        Address::new(&self.0, self.1)
    }
}

/// Addresses of std are addresses as they are.
macro_rules! to_address {
    ($($kind:ty),+) => {
        $(impl ToAddress for $kind {
            fn to_address(&self) -> Result<Address, NetError> {
                Ok(Address(Host::Known((*self).into())))
            }
        })+
    };
}

to_address!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_host_and_a_port_is_an_address() {
        for text in ["127.0.0.1:5000", "[::1]:0", "localhost:1", "a-b.example.org:65535"] {
            assert_eq!(text.to_address().unwrap().to_string(), text);
        }
        assert_eq!(("::1", 5).to_address().unwrap().to_string(), "[::1]:5");
        assert_eq!(("[::1]", 5).to_address().unwrap().to_string(), "[::1]:5");
        let one = ("localhost", 5).to_address().unwrap();
        assert_eq!(one, "localhost:5".to_address().unwrap());
    }

    #[test]
    fn what_has_not_is_refused_with_what_was_given() {
        let long = format!("{}:1", "a".repeat(254));
        for text in
            ["", ":1", "localhost", "localhost:", "localhost:65536", "::1:5x", "a b:1", &long]
        {
            let error = text.to_address().unwrap_err();
            assert!(matches!(&error, NetError::NotAnAddress { given } if given == text), "{error}");
        }
    }
}
