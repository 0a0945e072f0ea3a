//! Every peer does the work it is timed for, and the runner notices if one does not.

use clap::ValueEnum;

use super::{
    PEERS,
    case::Case,
    floor,
    message::mix,
    peer::Peer,
    runner,
    workload::{Load, Size},
};

fn small_load(case: Case, seed: u64) -> Load {
    let size = Size { messages: 10_007, burst: 300, actors: Some(50), seed };
    Load::new(case, &size)
}

#[test]
fn all_peers_compute_the_expected_checksums() {
    let peers: Vec<&Peer> = PEERS[1..].iter().collect();
    for case in Case::value_variants() {
        let load = small_load(*case, 7);
        let rows = runner::measure(*case, &floor::PEER, &peers, &load, 1);
        let rows = rows.expect("all peers do all of the work");
        assert_eq!(rows[0].peer, "floor");
        assert!(rows.iter().all(|row| row.n == load.operations));
    }
}

#[test]
fn a_peer_which_loses_a_message_is_found_out() {
    const FORGETFUL: Peer = Peer {
        name: "forgetful",
        about: "Handles all messages but the last",
        package: None,
        run: |case, load| {
            let size =
                Size { messages: load.messages - 1, burst: load.burst, actors: None, seed: 7 };
            (floor::PEER.run)(case, &Load::new(case, &size))
        },
        spawned_heap_bytes: None,
    };

    let load = small_load(Case::Tell, 7);
    let found_out = runner::measure(Case::Tell, &floor::PEER, &[&FORGETFUL], &load, 1)
        .err()
        .expect("the checksum covers the last message");
    let message = found_out.to_string();
    assert!(message.contains("case tell, peer forgetful"), "{message}");
}

#[test]
fn checksums_depend_on_order_and_seed() {
    let handled_in = |first: u64, second: u64| mix(mix(0, first, 0), second, 0);
    assert_ne!(handled_in(1, 2), handled_in(2, 1));

    let with_seed = |seed| (floor::PEER.run)(Case::Tell, &small_load(Case::Tell, seed));
    let checksum = |seed| with_seed(seed).expect("the floor runs all cases").checksum;
    assert_eq!(checksum(1), checksum(1));
    assert_ne!(checksum(1), checksum(2));
}

/// The derives of the same name stand side by side, each under its path.
#[test]
fn a_message_of_ours_can_be_one_of_actix_and_bevy_as_well() {
    #[derive(actix::Message, bevy_ecs::message::Message, pysage_core::Message)]
    #[rtype(result = "u64")]
    #[message(name = "Shared", packet_type = 101)]
    struct Both {
        #[message(range = 0..10)]
        number: u64,
    }

    fn is_of_all<M>(_: &M)
    where
        M: actix::Message<Result = u64> + bevy_ecs::message::Message + pysage_core::Message,
    {
        assert_eq!(M::NAME, "Shared");
    }
    let shared = Both { number: 1 };
    is_of_all(&shared);
    assert_eq!(pysage_core::Message::property::<u64>(&shared, "number"), Ok(&1));
}
