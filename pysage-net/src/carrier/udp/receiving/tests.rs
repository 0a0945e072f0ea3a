//! What becomes of what the system gives: pieces, marks, errors.

#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, SocketAddr};

use super::*;

const FROM: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// What came, in words that compare.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Bytes(Vec<u8>),
    Marked(Vec<u8>),
    Unreachable(ErrorKind),
    Unfit,
}

/// What a system gives in one call.
type Call = io::Result<Vec<(Vec<u8>, RecvMeta)>>;

fn piece(bytes: &[u8], stride: usize) -> (Vec<u8>, RecvMeta) {
    let meta = RecvMeta { addr: FROM, len: bytes.len(), stride, ..RecvMeta::default() };
    (bytes.to_vec(), meta)
}

/// Receives once from a system that gives this, and then nothing.
fn receive(joined: usize, calls: Vec<Call>) -> (io::Result<Batch>, Vec<Came>) {
    let mut calls = calls.into_iter();
    let mut came = Vec::new();
    let batch = Receiver::new(joined).receive(
        |buffers, metas| {
            let pieces = calls.next().unwrap_or(Err(ErrorKind::WouldBlock.into()))?;
            assert_eq!(buffers.len(), metas.len());
            // It gives what there is room for.
            for ((buffer, to), (bytes, meta)) in buffers.iter_mut().zip(&mut *metas).zip(&pieces) {
                buffer[..bytes.len()].copy_from_slice(bytes);
                *to = *meta;
            }
            Ok(pieces.len().min(buffers.len()))
        },
        &mut |received| {
            came.push(match received {
                Received::Datagram { from, is_marked, bytes } => {
                    assert_eq!(from, FROM);
                    if is_marked {
                        Came::Marked(bytes.to_vec())
                    } else {
                        Came::Bytes(bytes.to_vec())
                    }
                }
                Received::Unreachable(kind) => Came::Unreachable(kind),
                Received::Unfit => Came::Unfit,
            });
        },
    );
    (batch, came)
}

#[test]
fn what_the_system_joined_is_cut_again() {
    let (batch, came) = receive(64, vec![Ok(vec![piece(b"aabbc", 2)])]);
    assert_eq!(batch.unwrap(), Batch::All);
    let bytes = |text: &[u8]| Came::Bytes(text.to_vec());
    assert_eq!(came, [bytes(b"aa"), bytes(b"bb"), bytes(b"c")]);
}

#[cfg(target_os = "linux")] // Elsewhere the system gives fewer at a time.
#[test]
fn a_batch_of_long_pieces_has_fewer_of_them_until_they_are_short_again() {
    let mut receiver = Receiver::new(64);
    let mut batch = |piece_bytes: usize| {
        let mut asked = Vec::new();
        let batch = receiver.receive(
            |_, metas| {
                metas.fill(piece(&vec![0; piece_bytes], 1_000).1);
                asked.push(metas.len());
                Ok(metas.len())
            },
            &mut |_| {},
        );
        assert_eq!(batch.unwrap(), Batch::More);
        asked
    };
    assert_eq!(batch(1_000), [4, 16], "there is more room once it was full");
    assert_eq!(batch(64_000), [16], "it is not known before they come");
    assert_eq!(batch(64_000), [4]);
    assert_eq!(batch(1_000), [4, 16]);
    assert_eq!(batch(1_000), [16]);
}

#[test]
fn a_mark_holds_for_each_datagram_of_a_piece() {
    let (bytes, mut meta) = piece(b"aab", 2);
    meta.ecn = Some(EcnCodepoint::Ce);
    let (_, came) = receive(64, vec![Ok(vec![(bytes, meta)])]);
    assert_eq!(came, [Came::Marked(b"aa".to_vec()), Came::Marked(b"b".to_vec())]);

    let (bytes, mut meta) = piece(b"a", 1);
    meta.ecn = Some(EcnCodepoint::Ect0);
    let (_, came) = receive(64, vec![Ok(vec![(bytes, meta)])]);
    assert_eq!(came, [Came::Bytes(b"a".to_vec())]);
}

#[test]
fn what_no_peer_sends_is_unfit() {
    let long = [7; DATAGRAM_BYTES + 1];
    let fills_the_buffer = [7; SINGLE_BYTES];
    let (bytes, mut from_nowhere) = piece(b"a", 1);
    from_nowhere.addr.set_port(0);
    for unfit in [
        piece(b"", 0),
        piece(&long, long.len()),
        piece(&fills_the_buffer, fills_the_buffer.len()),
        (bytes, from_nowhere),
    ] {
        for joined in [1, 64] {
            let (batch, came) = receive(joined, vec![Ok(vec![unfit.clone()])]);
            assert_eq!((batch.unwrap(), came), (Batch::All, vec![Came::Unfit]));
        }
    }
}

#[test]
fn lengths_that_do_not_fit_the_buffer_do_no_harm() {
    let (bytes, mut meta) = piece(b"aa", 0);
    meta.len = usize::MAX;
    let (_, came) = receive(1, vec![Ok(vec![(bytes, meta)])]);
    assert!(came.iter().all(|came| matches!(came, Came::Bytes(bytes) if bytes.len() == 1)));
}

#[test]
fn what_did_not_reach_whom_it_was_for_is_told_and_ends_nothing() {
    let (batch, came) = receive(
        64,
        vec![
            Err(ErrorKind::ConnectionReset.into()),
            Err(ErrorKind::ConnectionRefused.into()),
            Err(ErrorKind::HostUnreachable.into()),
            Ok(vec![piece(b"a", 1)]),
        ],
    );
    assert_eq!(batch.unwrap(), Batch::All);
    assert_eq!(
        came,
        [
            Came::Unreachable(ErrorKind::ConnectionRefused),
            Came::Unreachable(ErrorKind::ConnectionRefused),
            Came::Unreachable(ErrorKind::HostUnreachable),
            Came::Bytes(b"a".to_vec()),
        ]
    );
}

#[test]
fn an_error_that_passes_is_none() {
    let passing = || Err(ErrorKind::Other.into());
    let (batch, came) = receive(64, vec![passing(), passing(), Ok(vec![piece(b"a", 1)])]);
    assert_eq!((batch.unwrap(), came), (Batch::All, vec![Came::Bytes(b"a".to_vec())]));
}

#[test]
fn an_error_that_stays_is_one_of_the_socket() {
    let calls = (0..100).map(|_| Err(ErrorKind::Other.into())).collect();
    let (batch, came) = receive(64, calls);
    assert_eq!(batch.unwrap_err().kind(), ErrorKind::Other);
    assert!(came.is_empty());
}

#[test]
fn a_flood_ends_the_batch_and_there_may_be_more() {
    let whole_batch = PIECES.min(BATCH_SIZE);
    let calls = (0..100).map(|_| Ok(vec![piece(b"a", 1); whole_batch])).collect();
    let (batch, came) = receive(64, calls);
    assert_eq!(batch.unwrap(), Batch::More);
    // The second call has room for a whole batch.
    let at_first = FIRST_PIECES.min(BATCH_SIZE);
    let calls = (PIECES - at_first).div_ceil(whole_batch);
    assert_eq!(came.len(), at_first + calls * whole_batch);

    let calls = (0..100).map(|_| Err(ErrorKind::ConnectionReset.into())).collect();
    let (batch, came) = receive(64, calls);
    assert_eq!(batch.unwrap(), Batch::More);
    assert_eq!(came.len(), PIECES);
}
