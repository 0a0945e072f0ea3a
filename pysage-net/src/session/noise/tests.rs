#![allow(clippy::unwrap_used)]

use super::*;
use crate::golden::assert_golden;
use crate::security::AllowList;
use crate::session::{Answer, Cookie, Said, SealedHello, Session, Shake, Terms};

const CLIENT: (u32, u64) = (0x0010_0007, 0x1122_3344_5566_7788);

fn identity(number: u8) -> Identity {
    Identity::of([number; 32].into())
}

fn calls(own: u8, other: u8) -> Security {
    let allowed = AllowList::only(identity(other).public_key());
    Security::keys(identity(own), allowed)
}

fn terms() -> Vec<u8> {
    let mut out = Vec::new();
    let terms = Terms { codec: 1, window_bytes: 1 << 20, message_bytes: 64 << 10 };
    terms.write(&mut out);
    out
}

#[test]
fn both_end_up_with_the_same_secrets_and_know_each_other() {
    let shared = crate::security::PresharedKey::generate();
    let psk = Security::psk(shared);
    for [client, server] in [[calls(1, 2), calls(2, 1)], [psk.clone(), psk]] {
        let random = &mut Random::new(None);
        let mut call = client.call(CLIENT, b"hello", random).unwrap();
        let heard = server.hear(CLIENT, &call.letter(), random).unwrap();
        assert_eq!(heard.said, b"hello");
        let key = matches!(client.0, Kind::Keys(..)).then(|| identity(1).public_key());
        assert_eq!((heard.key, server.allows(heard.key.as_ref())), (key, true));
        let (letter, of_server) = heard.answer(b"welcome");
        for at in 0..letter.bytes().len() {
            let mut changed = letter.bytes().to_vec();
            changed[at] ^= 1;
            assert!(call.answered(&Letter::new(&changed).unwrap()).is_none(), "changed at {at}");
        }
        let (said, of_client) = call.answered(&letter).unwrap();
        assert_eq!(said, b"welcome");
        assert_eq!(of_client.sending, of_server.receiving);
        assert_eq!(of_client.receiving, of_server.sending);
        assert_ne!(of_client.receiving, of_client.sending);
    }
}

#[test]
fn a_call_is_heard_only_as_it_was_said() {
    let (client, server, random) = (calls(1, 2), calls(2, 1), &mut Random::new(None));
    let letter = client.call(CLIENT, b"hello", random).unwrap().letter();
    let (session, key) = CLIENT;
    for client in [(session ^ 1, key), (session, key ^ 1)] {
        assert!(server.hear(client, &letter, random).is_none());
    }
    for at in 0..letter.bytes().len() {
        let mut changed = letter.bytes().to_vec();
        changed[at] ^= 1;
        assert!(server.hear(CLIENT, &Letter::new(&changed).unwrap(), random).is_none(), "{at}");
    }
    assert!(calls(3, 1).hear(CLIENT, &letter, random).is_none(), "another one was called");
}

/// Points of small order make secrets that everybody knows.
#[test]
fn a_point_of_small_order_is_refused() {
    let mut own = X25519::default();
    snow::types::Dh::set(&mut own, &[7; 32]);
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one] {
        assert!(snow::types::Dh::dh(&own, &point, &mut [0; 32]).is_err());
    }
}

#[test]
fn a_handshake_with_keys_is_written_as_it_always_was() {
    let (client_session, client_key) = CLIENT;
    let written = |said| {
        let mut out = Vec::new();
        Shake { client_session, client_key, said }.write(1_200, &mut out);
        out
    };
    let mut call = calls(1, 2).call(CLIENT, &terms(), &mut Random::new(Some(1))).unwrap();
    let hello =
        written(Said::SealedHello(SealedHello { cookie: Cookie::NONE, letter: call.letter() }));
    assert_golden("beginning of a sealed hello", &hello[..147]);
    let heard = calls(2, 1).hear(CLIENT, &call.letter(), &mut Random::new(Some(2))).unwrap();
    let terms = Terms { codec: 1, window_bytes: 1 << 20, message_bytes: 64 << 10 };
    let welcome = Answer::Welcome { server_session: 0x0020_0003, terms };
    let (letter, of_server) = heard.answer(&welcome.to_bytes());
    assert_golden("sealed answer", &written(Said::SealedAnswer(letter)));
    let (_, of_client) = call.answered(&letter).unwrap();
    let datagram = |secrets: &Secrets, there, number, steps| {
        let (mut session, mut out) = (Session::sealed(secrets, there), Vec::new());
        let now = std::time::Instant::now();
        for _ in 0..steps {
            session.step(now, 0, Some(0), (0, std::time::Duration::ZERO));
        }
        session.begin(number, None, &mut out);
        out.push(1);
        session.seal(number, 0, &mut out);
        out
    };
    assert_golden("sealed datagram", &datagram(&of_client, 0x0020_0003, 5, 0));
    assert_golden("sealed datagram of the next key", &datagram(&of_client, 0x0020_0003, 5, 1));
    assert_golden(
        "sealed datagram of the server",
        &datagram(&of_server, client_session, 70_000, 0),
    );
}
