//! Where somebody comes from, as far as limits are concerned.

use std::net::{IpAddr, Ipv4Addr};

/// Where somebody comes from, as far as limits are concerned: an address of IPv4, or the first 64 bits
/// of one of IPv6, of which whoever has one has all others behind them, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    V4(Ipv4Addr),
    V6(u64),
}

impl Origin {
    /// That of an address. One of IPv4 that is written as one of IPv6 is one of IPv4.
    pub(crate) fn of(address: IpAddr) -> Origin {
        match address.to_canonical() {
            IpAddr::V4(address) => Origin::V4(address),
            IpAddr::V6(address) => Origin::V6((address.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn who_may_choose_among_addresses_has_one_origin() {
        let of = |address: &str| Origin::of(address.parse().unwrap());
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert_eq!(of("2001:db8:0:7::1"), of("2001:db8:0:7:ffff::2"));
        assert_ne!(of("2001:db8:0:7::1"), of("2001:db8:0:8::1"));
        assert_ne!(of("::a00:1"), of("10.0.0.1"));
    }
}
