//! Every peer does the work it is timed for, and the runner notices if one does not.

use clap::ValueEnum;

use super::{
    PEERS,
    case::Case,
    load::{Load, Random},
    message::{Handled, Message},
    peer::{Job, Peer},
    raw,
    runner::{self, Plan, Variant},
    second::Second,
};

fn plan(case: Case) -> Plan {
    let messages = match case {
        Case::Game => 10,
        Case::RoundTrip | Case::IdlePoll => 50,
        _ => 1_003,
    };
    let peers = if case.is_between_processes() { 1 } else { 3 };
    let load = Load {
        messages: if case == Case::MemoryAfterBulk { 3 * messages } else { messages },
        bytes: (case != Case::Mixed).then_some(64),
        seed: 7,
    };
    let loss = case.losses().first().copied();
    Plan { case, load, peers, loss, runs: 1, start_second: Second::in_thread }
}

#[test]
fn all_peers_compute_the_expected_checksums() {
    let all: Vec<Variant<'_>> = PEERS.iter().flat_map(Peer::variants).collect();
    for case in Case::value_variants() {
        let rows = runner::measure(&plan(*case), &all).expect("all peers do all of the work");
        assert!(rows.len() >= 2, "{}", case.name());
        assert!(rows.iter().all(|row| row.n > 0));
    }
}

#[test]
fn a_peer_which_loses_a_message_is_found_out() {
    fn without_the_last(job: &Job) -> Job {
        let load = Load { messages: job.load.messages - 1, ..job.load.clone() };
        Job { load, ..job.clone() }
    }
    const FORGETFUL: Peer = Peer {
        about: "Sends all messages but the last",
        connect: |job, second, invited| {
            (raw::PEER.connect)(&without_the_last(job), second, invited)
        },
        ..raw::PEER
    };

    let plan =
        Plan { start_second: |job| Second::in_thread(&without_the_last(job)), ..plan(Case::Burst) };
    let found_out = runner::measure(&plan, &[(&FORGETFUL, None)]).err();
    let message = found_out.expect("the checksum covers the last message").to_string();
    assert!(message.contains("case burst, peer raw: 1002 messages"), "{message}");
}

#[test]
fn checksums_depend_on_order_content_and_seed() {
    let handled = |words: [[f64; 2]; 2]| {
        let mut handled = Handled::default();
        words.iter().for_each(|words| handled.words(words));
        handled.checksum
    };
    let first = handled([[1.0, 2.0], [3.0, 4.0]]);
    assert_ne!(first, handled([[3.0, 4.0], [1.0, 2.0]]));
    assert_ne!(first, handled([[2.0, 1.0], [3.0, 4.0]]));

    let with_seed = |seed| Load { messages: 10, bytes: Some(64), seed }.expected().checksum;
    assert_eq!(with_seed(1), with_seed(1));
    assert_ne!(with_seed(1), with_seed(2));
}

#[test]
fn what_is_encoded_is_decoded_to_the_same_also_in_parts() {
    let load = Load { messages: 300, bytes: None, seed: 3 };
    let mut messages = load.messages();
    let mut bytes = Vec::new();
    for index in 0..load.messages {
        messages.at(index).encode_with_length(&mut bytes);
    }
    let mut handled = Handled::default();
    let mut random = Random(5);
    let mut rest: Vec<u8> = Vec::new();
    let mut parts = &bytes[..];
    while !parts.is_empty() {
        let (part, behind) = parts.split_at((random.next() as usize % 3_000).min(parts.len()));
        rest.extend_from_slice(part);
        let used = handled.decode_all(&rest).expect("all messages are well-formed");
        rest.drain(..used);
        parts = behind;
    }
    let expected = load.expected();
    assert_eq!((handled.count, handled.checksum), (expected.count, expected.checksum));
}

#[test]
fn what_is_no_message_is_refused() {
    let mut handled = Handled::default();
    for length in [0, 1, 8, 15, 63, 65] {
        assert!(handled.decode(&vec![0; length]).is_err(), "{length} bytes");
    }
    assert_eq!(handled.count, 0);
    assert!(matches!(Message::new(vec![0.0; 8]), Message::Sample(_)));
}
