//! Who may come in, and what they may send, as programs see it.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/net.rs"]
mod net;

use net::{Next, Seen, Tell, Witness, until, witness};
use pysage_net::{
    ActorManager, AllowList, AskError, Carrier, Identity, Message, NetConfig, NetError, Network,
    PresharedKey, Rights, Security, Service, sim::SimNetwork,
};

#[derive(Message, Clone)]
#[message(packet_type = 103, stream = 9)]
struct OnStreamNine(u32);

fn keys(identity: &Identity, allowed: &AllowList) -> NetConfig {
    NetConfig::new(Security::keys(identity.clone(), allowed.clone()))
}

/// A server and a client that is connecting to it, with the list of those whom the server lets in.
struct Both {
    server: ActorManager,
    at_server: Seen,
    client: ActorManager,
    at_client: Seen,
    guests: AllowList,
    of_client: Identity,
    peer: pysage_net::Destination,
}

fn both(rights: Rights) -> Both {
    let (of_server, of_client) = (Identity::generate(), Identity::generate());
    let guests = AllowList::new();
    guests.allow_with(of_client.public_key(), rights);
    let (server, at_server) = witness(true);
    let (client, at_client) = witness(false);
    let listener = server.listen("127.0.0.1:0", keys(&of_server, &guests)).unwrap();
    let called = AllowList::only(of_server.public_key());
    let peer = client.connect(listener.local_addr(), keys(&of_client, &called)).unwrap();
    Both { server, at_server, client, at_client, guests, of_client, peer }
}

/// Who guessed the seed would know the secrets of all sessions.
#[test]
fn a_seed_is_for_simulations_alone() {
    let manager = ActorManager::new();
    let shared = || NetConfig::new(Security::psk(PresharedKey::generate())).seed(7);
    for config in [shared(), NetConfig::new(Security::open()).seed(7)] {
        let carriers = [Carrier::Laminar, Carrier::Udp, Carrier::Tcp];
        for config in carriers.map(|carrier| config.clone().carrier(carrier)) {
            let listened = manager.listen("127.0.0.1:0", config.clone()).map(drop);
            let connected = manager.connect("127.0.0.1:5000", config).map(drop);
            for refused in [listened, connected].map(Result::unwrap_err) {
                let told = refused.to_string();
                assert!(matches!(refused, NetError::Config { .. }), "{told}");
                assert!(told.contains("`seed`") && told.contains("`Carrier::Memory`"), "{told}");
            }
        }
    }
    let at = "10.0.0.1:4000".parse().unwrap();
    let simulated = shared().carrier(Carrier::Memory(SimNetwork::new(7).port(at)));
    manager.listen(at, simulated.service(Service::InTick)).unwrap();
}

#[test]
fn whoever_others_can_reach_has_to_choose() {
    let manager = ActorManager::new();
    for at in ["0.0.0.0:0", "[::]:0"] {
        let refused = manager.listen(at, NetConfig::default()).unwrap_err();
        assert!(matches!(refused, NetError::NoSecurity { .. }), "{at}");
        let told = refused.to_string();
        for choice in ["Security::keys", "Security::psk", "Security::open"] {
            assert!(told.contains(choice), "{told}");
        }
    }
    for to in ["192.0.2.1:5000", "game.example.org:5000"] {
        let refused = manager.connect(to, NetConfig::default());
        assert!(matches!(refused, Err(NetError::NoSecurity { .. })), "{to}");
    }
    let listener = manager.listen("127.0.0.1:0", NetConfig::default()).unwrap();
    manager.connect(listener.local_addr(), NetConfig::default()).unwrap();
    let shared = NetConfig::new(Security::psk(PresharedKey::generate()));
    for chosen in [NetConfig::new(Security::open()), shared] {
        manager.listen("0.0.0.0:0", chosen).unwrap();
    }
}

#[test]
fn who_connects_with_keys_names_one() {
    let manager = ActorManager::new();
    let of_others = |others: usize| {
        let others = (0..others).map(|_| Identity::generate().public_key());
        keys(&Identity::generate(), &others.collect())
    };
    for others in [0, 2] {
        let refused = manager.connect("127.0.0.1:5000", of_others(others)).unwrap_err();
        assert!(matches!(refused, NetError::NoKeyExpected), "{refused}");
    }
    assert!(manager.listen("127.0.0.1:0", of_others(0)).is_ok(), "they may come later");
}

#[test]
fn who_is_on_the_list_comes_in_and_who_is_not_is_told_so() {
    let Both { server, at_server, client, at_client, peer, .. } = both(Rights::all());
    client.send(peer, Tell(1)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("2"));
    let of_server = AllowList::only(Identity::generate().public_key());
    let (other, at_other) = witness(false);
    let at = client.peer_addr(peer).unwrap();
    let soon = std::time::Duration::from_millis(600);
    let config = keys(&Identity::generate(), &of_server).connect_timeout(soon);
    other.send(other.connect(at, config).unwrap(), Tell(7)).unwrap();
    until(&[&server, &client, &other], "the end", || at_other.has("OtherSecurity"));
    assert_eq!(at_server.all(), "connected 1");
}

#[test]
fn nothing_of_a_key_is_handled_once_it_is_revoked() {
    let Both { server, at_server, client, at_client, guests, of_client, peer } =
        both(Rights::all());
    client.send(peer, Tell(1)).unwrap();
    until(&[&server, &client], "the reply", || at_client.has("2"));
    // More than one tick takes may be on its way and in the host by now.
    for number in 100..200 {
        client.send(peer, Tell(number)).unwrap();
    }
    client.tick().unwrap();
    assert!(guests.revoke(&of_client.public_key()));
    until(&[&server, &client], "the end", || at_client.has("NotAllowed"));
    assert_eq!(at_server.all(), "connected 1 NotAllowed");
    assert!(server.peers().is_empty());
}

#[test]
fn a_peer_sends_what_it_may_and_no_more() {
    let rights = Rights::all().only_message::<Tell>().actors(["witness"]);
    let Both { server, at_server, client, at_client, guests, of_client, peer } = both(rights);
    let other = Seen::default();
    server.register_named("other", Witness { seen: other.clone(), replies: false }).unwrap();
    client.register_message::<OnStreamNine>().unwrap();
    server.register_message::<OnStreamNine>().unwrap();
    client.send_to_actor(peer, "other", Tell(1)).unwrap();
    client.send_to_actor(peer, "witness", Tell(2)).unwrap();
    let mut answer = client.ask(peer, Next(1));
    client.send(peer, Tell(3)).unwrap();
    until(&[&server, &client], "the last reply", || at_client.has("4"));
    assert_eq!((at_server.all(), other.all()), ("connected 2 3".into(), "connected 3".into()));
    until(&[&server, &client], "the refusal", || answer.is_ready());
    assert_eq!(answer.take(), Some(Err(AskError::NotAllowed)));
    assert_eq!(server.net_counters().messages_refused, 2);
    // An answer is no message of its own: the server may ask it.
    let mut answer = server.ask(server.peers()[0], Next(5));
    until(&[&server, &client], "the answer", || answer.is_ready());
    assert_eq!(answer.take(), Some(Ok::<_, AskError>(6)));
    // Rights are those of the list at the time.
    guests.allow_with(of_client.public_key(), Rights::all().streams(9));
    client.send_to_actor(peer, "other", Tell(10)).unwrap();
    until(&[&server, &client], "the message", || other.has("10"));
    client.send(peer, OnStreamNine(1)).unwrap();
    until(&[&server, &client], "the end", || at_server.all().contains("a stream that it may not"));
}

#[test]
fn all_who_have_the_shared_key_come_in() {
    let key = PresharedKey::generate();
    let config = || NetConfig::new(Security::psk(key.clone()));
    let (server, at_server) = witness(true);
    let listener = server.listen("127.0.0.1:0", config()).unwrap();
    let clients = [(); 3].map(|()| witness(false));
    for (number, (client, _)) in (0..).zip(&clients) {
        let peer = client.connect(listener.local_addr(), config()).unwrap();
        client.send(peer, Tell(10 * number)).unwrap();
    }
    let managers: Vec<_> = clients.iter().map(|(client, _)| client).chain([&server]).collect();
    until(&managers, "all replies", || {
        (0..).zip(&clients).all(|(number, (_, seen))| seen.has(&format!("{}", 10 * number + 1)))
    });
    assert_eq!((server.peers().len(), at_server.count()), (3, 6));
}
