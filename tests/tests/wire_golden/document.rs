//! The bytes themselves, and that the document shows the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// All examples of `docs/wire.md`, in its order. These bytes do not change.
#[rustfmt::skip]
const GOLDEN: &[(&str, &str)] = &[
    ("frame for subscribers", "00 65 00 13"),
    ("frame for an actor", "01 65 00 04 00 03 00 00 02 10 00 13"),
    ("frame for a name, from an actor", "06 65 00 07 70 6c 61 79 65 72 31 04 00 03 00 00 02 10 00 13"),
    ("frame of a request", "08 6b 00 08 07 06 05 04 03 02 01 03 74 65 61 01 02"),
    ("frame of an answer", "10 6b 00 08 07 06 05 04 03 02 01 00 0c"),
    ("frame of a refusal", "18 6b 00 08 07 06 05 04 03 02 01 01"),
    ("compact Bomb", "13"),
    ("compact Bomb, longer", "fb 13 00"),
    ("compact Unsigned", "ff fa fb fb 00 fc 00 00 01 00 fd 00 00 00 00 01 00 00 00 \
        fe 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 07"),
    ("compact Signed", "ff 02 fb fb 00 fb fc 00 fd ff ff ff ff ff ff ff ff"),
    ("compact Plain", "00 00 c0 3f 00 00 00 00 00 00 00 c0 01 c3 a9 01 02 03 04"),
    ("compact Several", "03 68 c3 a9 02 01 fb 2c 01 03 00 01 07 02 01 61 01 01 62 ff"),
    ("compact Door::Open", "00"),
    ("compact Door::Locked", "01 09"),
    ("compact Door::Shut", "02 01 03"),
    ("fixed Bomb", "f6 ff ff ff"),
    ("fixed Unsigned", "ff fa 00 fb 00 00 00 01 00 00 00 00 00 01 00 00 00 \
        00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00"),
    ("fixed Signed", "ff 01 00 82 ff ff ff 7e 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80"),
    ("fixed Plain", "00 00 c0 3f 00 00 00 00 00 00 00 c0 01 c3 a9 01 02 03 04"),
    ("fixed Several", "03 00 00 00 00 00 00 00 68 c3 a9 02 00 00 00 00 00 00 00 01 00 2c 01 \
        03 00 00 00 00 00 00 00 00 01 07 02 00 00 00 00 00 00 00 \
        01 00 00 00 00 00 00 00 61 01 01 00 00 00 00 00 00 00 62 ff"),
    ("fixed Door::Open", "00 00 00 00"),
    ("fixed Door::Locked", "01 00 00 00 09"),
    ("fixed Door::Shut", "02 00 00 00 01 03"),
    ("original frame", "65 ff ff ff f6"),
    ("original Bomb", "ff ff ff f6"),
    ("original Said", "03 62 6f 62 00 00 00 03 68 c3 a9 ff fe 3f c0 00 00 00 00 00 02 00 01 01 2c 01"),
    ("empty table", "00 00"),
    ("fingerprint of the empty table", "08 32 88 07 b4 eb 6f ed"),
    ("table", "03 00 \
        65 00 01 00 04 00 42 6f 6d 62 00 00 01 00 06 00 64 61 6d 61 67 65 03 00 69 33 32 \
        6a 00 01 00 04 00 44 6f 6f 72 00 00 00 00 \
        6b 00 02 00 05 00 50 72 69 63 65 13 00 52 65 73 75 6c 74 3c 75 33 32 2c 20 53 74 72 69 6e \
        67 3e 02 00 04 00 69 74 65 6d 06 00 53 74 72 69 6e 67 05 00 63 6f 75 6e 74 0b 00 4f 70 74 \
        69 6f 6e 3c 75 31 36 3e"),
    ("fingerprint of the table", "08 52 57 35 9b 4b de 20"),
];

/// The bytes of this name.
#[track_caller]
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let found = GOLDEN.iter().find(|(known, _)| *known == name);
    let Some((_, hex)) = found else { panic!("there are no bytes of the name {name}") };
    let byte = |digits| u8::from_str_radix(digits, 16).expect("a byte is two hex digits");
    hex.split_whitespace().map(byte).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// What stands in the document between lines of three backticks, of which the first says `golden`:
/// a name, a colon, and bytes, which go on in lines that begin with a space.
fn documented() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/wire.md");
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
                last = name.trim_end_matches(':').to_owned();
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
