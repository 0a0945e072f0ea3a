//! The bytes of datagrams, and that `docs/network.md` shows the same. If a test of these bytes fails,
//! peers of different versions do not understand each other any more.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// All examples of the document, in its order. These bytes do not change.
#[rustfmt::skip]
const GOLDEN: &[(&str, &str)] = &[
    ("beginning of a hello", "80 50 53 47 31 07 00 10 00 88 77 66 55 44 33 22 11 00 00 00 00 00 00 00 00 00 00 00 \
        00 00 00 00 00 01 00 00 10 00 00 00 00 00 00 00 01 00 00 00 00 00"),
    ("end of a hello", "e2 5e e3 92"),
    ("cookie", "81 50 53 47 31 07 00 10 00 88 77 66 55 44 33 22 11 c0 c6 2d 00 00 00 00 00 ef cd ab \
        89 67 45 23 01 b7 cf b2 d9"),
    ("beginning of a hello with a cookie", "80 50 53 47 31 07 00 10 00 88 77 66 55 44 33 22 11 c0 c6 2d 00 00 00 00 00 ef cd ab \
        89 67 45 23 01 01 00 00 10 00 00 00 00 00 00 00 01 00 00 00 00 00"),
    ("end of a hello with a cookie", "5b b0 45 39"),
    ("welcome", "82 50 53 47 31 07 00 10 00 88 77 66 55 44 33 22 11 03 00 20 00 00 ff ee dd cc bb aa \
        99 01 00 00 10 00 00 00 00 00 00 00 01 00 00 00 00 00 8a 0f 76 d3"),
    ("refusal", "83 50 53 47 31 07 00 10 00 88 77 66 55 44 33 22 11 01 0c 95 11 a3"),
    ("beginning of a sealed hello", "84 50 53 47 31 07 00 10 00 88 77 66 55 44 33 22 11 00 00 00 00 00 00 00 00 00 00 00 \
        00 00 00 00 00 71 40 e9 13 b7 35 c3 f4 08 e7 c8 5c a9 bf bb 5a f8 19 69 11 ea 24 9f \
        e9 6d 4e 96 ab af cb aa 1d 38 c0 e7 4e 99 00 10 4c 9c 7f 8c c8 7c 6e 5b 60 ef 04 d7 \
        11 52 d9 0c fc 19 9f 30 df fd 84 b3 d5 48 c6 c9 c7 9c 2a 63 c4 cb 7c b8 68 63 6d d5 \
        a3 1a 27 c7 17 b9 6b 03 27 e8 fe 1f 45 ce ad 21 aa c7 98 c4 93 c5 66 14 e7 cb 3f c2 \
        92 23 6f a4 5c 61 ab"),
    ("sealed answer", "85 50 53 47 31 07 00 10 00 88 77 66 55 44 33 22 11 46 8a 47 dd 8e f6 57 1b d3 e8 ff \
        8e ab 1d 1d 9b dd c6 73 fa f6 b7 69 95 38 c3 07 10 c0 99 01 43 11 da d6 24 07 3b 6c \
        51 d7 fc ab 16 4b d7 c9 05 87 b4 58 eb 7a 8b 46 ff 29 49 b6 f9 e2 4b 64 19 05 ea 85 \
        e9 f9 17 34 63 a5 24 91"),
    ("sealed datagram", "50 03 00 20 00 05 00 e6 2b 1a 82 5f 9f 92 0c 43 54 82 d2 9a 2f 56 1a 0c"),
    ("sealed datagram of the next key", "51 03 00 20 00 05 00 20 70 52 b2 c8 3e d8 61 b8 15 ad ed 95 f7 c7 50 6c"),
    ("sealed datagram of the server", "60 07 00 10 00 70 11 01 d9 6d 64 e7 bf 35 4a 09 57 e9 67 ab 7c aa 70 57 73"),
    ("challenge", "04 01 02 03 04 05 06 07 08"),
    ("response", "05 01 02 03 04 05 06 07 08"),
    ("datagram", "50 03 00 20 00 05 00 01 82 0b 07 a4"),
    ("datagram of a larger number", "60 07 00 10 00 70 11 01 03 00 59 d9 75 a3"),
    ("numbers", "25 7b bd 9d 7f 3e 7d c2 19 7c 5e ff 14 e8 8c"),
    ("padding", "00 00 00"),
    ("ping", "01"),
    ("ack", "02 43 84 44 d2 80 10 00 00 00 02 05 00 03 40 64 32"),
    ("close", "03 00"),
    ("one message", "83 07 05 68 65 6c 6c 6f"),
    ("messages alike", "8a 41 2c 04 06 04 68 65 61 64 61 62 63 64 65 66 67 68"),
    ("messages alike of a stream", "a9 03 80 10 00 00 02 04 00 61 62 63 64 65 66 67 68"),
    ("mixed messages", "90 00 03 01 61 02 62 63 03 64 65 66"),
    ("part", "9b 09 44 51 01 74 61 69 6c 73"),
    ("what an end knows", "84 00 03 01 00 00"),
];

/// The bytes of this name.
#[track_caller]
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let found = GOLDEN.iter().find(|(known, _)| *known == name);
    let Some((_, hex)) = found else { panic!("there are no bytes of the name {name}") };
    let byte = |digits| u8::from_str_radix(digits, 16).expect("a byte is two hex digits");
    hex.split_whitespace().map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// Fails with both in hexadecimal unless bytes are those of this name.
#[track_caller]
pub(crate) fn assert_golden(name: &str, bytes: &[u8]) {
    assert_eq!(hex(bytes), hex(&golden(name)), "{name}");
}

/// What stands in the document between lines of three backticks, of which the first says `golden`:
/// a name, a colon, and bytes, which go on in lines that begin with a space.
fn documented() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/network.md");
    let text = fs::read_to_string(path).expect("the document can be read");
    let mut examples = BTreeMap::<String, String>::new();
    let (mut inside, mut last) = (false, String::new());
    for line in text.lines() {
        match line {
            "```golden" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ if line.starts_with(' ') => {
                let example = examples.get_mut(&last).expect("a name comes first");
                *example = format!("{example} {}", line.trim());
            }
            _ => {
                let (name, bytes) = line.rsplit_once(": ").expect("a name comes first");
                last = name.to_owned();
                assert!(!examples.contains_key(&last), "{last} is there twice");
                examples.insert(last.clone(), bytes.trim().to_owned());
            }
        }
    }
    examples
}

#[test]
fn the_document_shows_these_bytes_and_no_others() {
    let golden = |&(name, _): &(&str, &str)| (name.to_owned(), hex(&golden(name)));
    assert_eq!(documented(), GOLDEN.iter().map(golden).collect::<BTreeMap<_, _>>());
}
