#![allow(clippy::unwrap_used)]

use super::*;
use crate::sim::{Conditions, SimNetwork};

fn two() -> (SimNetwork, [SimPort; 2]) {
    let network = SimNetwork::new(1);
    let ports = ["10.0.0.1:4000", "10.0.0.2:4000"].map(|at| network.port(at.parse().unwrap()));
    (network, ports)
}

#[test]
fn batches_arrive_whole_and_one_after_the_other() {
    let (network, [here, there]) = two();
    let now = Instant::now();
    let mut from = MemoryCarrier::open(now, &here).unwrap();
    let mut to = MemoryCarrier::listen(now, there.address(), &there).unwrap();
    let bytes: Vec<u8> = (0..345).map(|at| at as u8).collect();
    let departing =
        Departing { to: there.address(), markable: true, bytes: &bytes, segment_bytes: 10 };
    assert_eq!(from.send(now, departing).unwrap(), bytes.len());
    assert_eq!(to.arrives_at(), Some(now));
    let (mut got, mut sizes) = (Vec::new(), Vec::new());
    let mut note = |arrived: Arrived<'_>| match arrived {
        Arrived::Datagram { from, is_marked, bytes } => {
            assert_eq!((from, is_marked), (here.address(), false));
            sizes.push(bytes.len());
            got.extend_from_slice(bytes);
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(to.receive(now, &mut note).unwrap(), Batch::More);
    assert_eq!(to.receive(now, &mut note).unwrap(), Batch::All);
    assert!(got == bytes && sizes == [vec![10; 34], vec![5]].concat());
    assert_eq!(network.counters().sent, 35);
}

#[test]
fn a_port_is_at_its_own_address_and_taken_once() {
    let (_, [here, there]) = two();
    let now = Instant::now();
    let refused = |at| MemoryCarrier::listen(now, at, &here).err().map(|error| error.kind());
    assert_eq!(refused(there.address()), Some(io::ErrorKind::AddrNotAvailable));
    assert_eq!(refused("0.0.0.0:1".parse().unwrap()), Some(io::ErrorKind::AddrNotAvailable));
    for at in ["10.0.0.1:4000", "0.0.0.0:0", "0.0.0.0:4000"] {
        let carrier = MemoryCarrier::listen(now, at.parse().unwrap(), &here).unwrap();
        assert_eq!(carrier.local_addr(), here.address());
        assert_eq!(refused(here.address()), Some(io::ErrorKind::AddrInUse));
    }
}

#[cfg(feature = "laminar")]
#[test]
fn laminar_frames_what_goes_over_it() {
    use crate::carrier::{Carrier, UdpOptions};

    let (network, ports) = two();
    network.set_conditions(Conditions::new());
    let [here, there] = ports.map(SimPort::framed_by_laminar);
    let now = Instant::now();
    let options = || UdpOptions { segment_offload: true };
    let to_there = there.address();
    let mut to = Carrier::Memory(there).listen(now, to_there, options()).unwrap();
    let mut from = Carrier::Memory(here).connect(now, to_there, options()).unwrap();
    assert_eq!(from.datagram_bytes(), DATAGRAM_BYTES - 5);
    let departing = Departing { to: to_there, markable: true, bytes: b"onetwo", segment_bytes: 3 };
    assert_eq!(from.send(now, departing).unwrap(), 6);
    network.inject("10.0.0.9:1".parse().unwrap(), to_there, b"not laminar's");
    let mut got = Vec::new();
    to.receive(now, &mut |arrived| match arrived {
        Arrived::Datagram { bytes, .. } => got.push(bytes.to_vec()),
        other => panic!("{other:?}"),
    })
    .unwrap();
    assert_eq!(got, [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!((to.dropped(), network.counters().sent_bytes), (1, 16));
}
