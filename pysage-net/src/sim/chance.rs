//! Numbers that look like chance, and follow from others.

use std::net::{IpAddr, SocketAddr};

/// A part of this, from none of it to all, each as likely, for a number that was drawn.
pub(super) fn part(of_ns: u64, drawn: u64) -> u64 {
    ((u128::from(drawn) * (u128::from(of_ns) + 1)) >> u64::BITS) as u64
}

/// Adds a word to a hash.
pub(super) fn mixed(hash: u64, word: u64) -> u64 {
    let mixed = (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

/// A number that stands for an address.
pub(super) fn name_of(address: SocketAddr) -> u64 {
    let ip = match address.ip() {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    mixed(mixed(u64::from(address.port()), ip as u64), (ip >> 64) as u64)
}
