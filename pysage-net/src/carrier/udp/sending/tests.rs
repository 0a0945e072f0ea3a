//! What becomes of runs when the system takes part of them, or nothing.

#![allow(clippy::unwrap_used)]

use std::net::Ipv4Addr;

use super::*;

fn run(bytes: &[u8], segment_bytes: usize) -> Departing<'_> {
    Departing { to: (Ipv4Addr::LOCALHOST, 1).into(), markable: false, bytes, segment_bytes }
}

/// A system that says these errors, one for each call, and takes what comes behind them.
fn saying(errors: &[ErrorKind]) -> impl FnMut(&[u8]) -> io::Result<()> + use<'_> {
    let mut errors = errors.iter();
    move |_| errors.next().map_or(Ok(()), |kind| Err((*kind).into()))
}

#[test]
fn a_run_goes_out_in_pieces_of_as_many_segments_as_the_system_cuts() {
    let bytes = [7; 95];
    let mut pieces = Vec::new();
    let sent = Sender::new(4).send(&run(&bytes, 10), |piece| {
        pieces.push(piece.len());
        Ok(())
    });
    assert_eq!((sent.unwrap(), pieces), (95, vec![40, 40, 15]));
}

#[test]
fn what_the_system_does_not_cut_goes_out_one_by_one_from_then_on() {
    let bytes = [7; 35];
    for kind in [ErrorKind::InvalidInput, ErrorKind::Other] {
        let mut sender = Sender::new(64);
        let mut pieces = Vec::new();
        let sent = sender.send(&run(&bytes, 10), |piece| {
            pieces.push(piece.len());
            if piece.len() > 10 { Err(kind.into()) } else { Ok(()) }
        });
        assert_eq!((sent.unwrap(), &pieces), (35, &vec![35, 10, 10, 10, 5]));

        pieces.clear();
        sender
            .send(&run(&bytes, 10), |piece| {
                pieces.push(piece.len());
                Ok(())
            })
            .unwrap();
        assert_eq!(pieces, [10, 10, 10, 5], "it was tried again");
    }
}

#[test]
fn an_error_that_one_datagram_meets_as_well_does_not_end_the_cutting() {
    let bytes = [7; 35];
    let mut sender = Sender::new(64);
    let error = sender.send(&run(&bytes, 10), saying(&[ErrorKind::Other, ErrorKind::Other]));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(sender.most_segments, 64);
}

#[test]
fn an_error_that_concerns_the_address_does_not_end_the_cutting() {
    let bytes = [7; 35];
    for kind in [
        ErrorKind::NetworkUnreachable,
        ErrorKind::HostUnreachable,
        ErrorKind::PermissionDenied,
        ErrorKind::ConnectionRefused,
    ] {
        let mut sender = Sender::new(64);
        let error = sender.send(&run(&bytes, 10), saying(&[kind])).unwrap_err();
        assert_eq!((error.kind(), sender.most_segments), (kind, 64));
    }
}

#[test]
fn a_full_buffer_takes_nothing_or_the_first_segments() {
    let bytes = [7; 35];
    let full = ErrorKind::WouldBlock;
    assert_eq!(Sender::new(64).send(&run(&bytes, 10), saying(&[full])).unwrap(), 0);

    let mut calls = 0;
    let sent = Sender::new(1).send(&run(&bytes, 10), |_| {
        calls += 1;
        if calls > 2 { Err(full.into()) } else { Ok(()) }
    });
    assert_eq!(sent.unwrap(), 20);
}

#[test]
fn an_error_behind_segments_that_were_taken_is_told_with_the_rest() {
    let bytes = [7; 35];
    let mut sender = Sender::new(1);
    let mut calls = 0;
    let mut second_fails = |_: &[u8]| {
        calls += 1;
        if calls >= 2 { Err(ErrorKind::HostUnreachable.into()) } else { Ok(()) }
    };
    assert_eq!(sender.send(&run(&bytes, 10), &mut second_fails).unwrap(), 10);
    assert!(sender.send(&run(&bytes[10..], 10), &mut second_fails).is_err());
}
