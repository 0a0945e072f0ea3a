//! Packets that the original wrote, and some that nobody should accept.

use std::fmt::Debug;

use serde_json::Value;

use super::*;

const VECTORS: &str = include_str!("../../../../tests/vectors/original.json");

/// The packet types of the vectors are the thin layer above the codec.
const PACKET_TYPE_BYTES: usize = 1;

fn vectors(part: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(VECTORS).unwrap();
    all[part].as_array().unwrap().clone()
}

fn text<'v>(vector: &'v Value, key: &str) -> &'v str {
    vector[key].as_str().unwrap()
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks_exact(2).map(|digits| str::from_utf8(digits).unwrap());
    digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
}

/// What is done with the Rust type of each vector.
trait Check {
    fn check<T>(&mut self, vector: &Value)
    where
        T: FromPython + Serialize + DeserializeOwned + PartialEq + Debug;
}

/// Finds the type of a golden packet by its name; a name that is not here fails.
fn with_type_of(vector: &Value, check: &mut impl Check) {
    macro_rules! table {
        ($($name:literal => $fields:ty,)*) => {
            match text(vector, "name") {
                $($name => check.check::<$fields>(vector),)*
                name => panic!("the vector `{name}` is not in the table"),
            }
        };
    }
    table! {
        "empty 101" => (),
        "i 0" => (i32,),
        "i -1" => (i32,),
        "i -2147483648" => (i32,),
        "I 0" => (u32,),
        "b -128" => (i8,),
        "B 0" => (u8,),
        "h -32768" => (i16,),
        "H 0" => (u16,),
        "H 258" => (u16,),
        "q -1" => (i64,),
        "q -9223372036854775808L" => (i64,),
        "Q 18446744073709551615L" => (u64,),
        "d -0.0" => (f64,),
        "d 10.0" => (f64,),
        "d 5e-324" => (f64,),
        "d -inf" => (f64,),
        "f 0.0" => (f32,),
        "f -2.5" => (f32,),
        "? True" => (bool,),
        "c 'x'" => ([u8; 1],),
        "4s padded" => ([u8; 4],),
        "p empty" => (ShortText,),
        "p all bytes 0..254" => (ShortBytes,),
        "S empty" => (String,),
        "S 256" => (String,),
        "ai empty" => (Vec<i32>,),
        "ai 100" => (Vec<i32>,),
        "ad empty" => (Vec<f64>,),
        "aH" => (Vec<u16>,),
        "aQ" => (Vec<u64>,),
        "ah" => (Vec<i16>,),
        "aI" => (Vec<u32>,),
        "tuple idS" => ((i32, f64, String),),
        "tuple of one" => ((u16,),),
        "two ints" => (i32, i32),
        "chat nick msg" => (ShortText, ShortText),
        "custom pack: coord (1,2) and speed" => ((i32, i32), f64),
        "custom pack: json in S" => (String,),
        "original test: TestMessage2(size=(1,1))" => ((i32, i32),),
    }
}

#[test]
fn every_golden_packet_goes_both_ways() {
    struct BothWays(usize);
    impl Check for BothWays {
        fn check<T>(&mut self, vector: &Value)
        where
            T: FromPython + Serialize + DeserializeOwned + PartialEq + Debug,
        {
            let name = text(vector, "name");
            let packet = from_hex(text(vector, "hex"));
            let value = T::from_python(&vector["values"]);
            let mut written = vec![u8::try_from(vector["packet_type"].as_u64().unwrap()).unwrap()];
            encode(&value, &mut written, LIMIT_BYTES).unwrap();
            assert_eq!(written, packet, "{name}");
            assert_eq!(tcp_frame(&written), from_hex(text(vector, "tcp_hex")), "{name}");
            let read = decode::<T>(&packet[PACKET_TYPE_BYTES..]);
            assert_eq!(read.as_ref(), Ok(&value), "{name}");
            assert_eq!(encoded(&read.unwrap()), packet[PACKET_TYPE_BYTES..], "{name}");
            assert_eq!(schema::<T>().unwrap(), types_of(vector), "{name}");
            self.0 += 1;
        }
    }
    let mut check = BothWays(0);
    vectors("vectors").iter().for_each(|vector| with_type_of(vector, &mut check));
    assert_eq!(check.0, 40);
}

/// Big endian length, then the packet.
fn tcp_frame(packet: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packet.len()).unwrap();
    [&length.to_be_bytes(), packet].concat()
}

/// The types of the original, with tuples as the schema shows them.
fn types_of(vector: &Value) -> Vec<String> {
    fn shown(types: &Value) -> String {
        match types {
            Value::String(letters) => letters.clone(),
            types => format!("({})", all_of(types).join(", ")),
        }
    }
    fn all_of(types: &Value) -> Vec<String> {
        types.as_array().unwrap().iter().map(shown).collect()
    }
    all_of(&vector["types"])
}

#[test]
fn every_malformed_packet_is_refused_with_its_place() {
    let malformed = vectors("malformed");
    for vector in &malformed {
        let packet = from_hex(text(vector, "hex"));
        let fields = &packet[PACKET_TYPE_BYTES..];
        let refused = match text(vector, "name") {
            "short i" => decode::<(i32,)>(fields).unwrap_err(),
            "p longer than packet" => decode::<(ShortText,)>(fields).unwrap_err(),
            "S longer than packet" | "S short length" => decode::<(String,)>(fields).unwrap_err(),
            "ai longer than packet" => decode::<(Vec<i32>,)>(fields).unwrap_err(),
            "empty with data" => decode::<()>(fields).unwrap_err(),
            "negative array then bytes: position runs back" => {
                decode::<(Vec<i32>, i32)>(fields).unwrap_err()
            }
            "ab of -4 is then accepted when what follows adds up" => {
                decode::<(Vec<i8>, i32)>(fields).unwrap_err()
            }
            name => panic!("the vector `{name}` is not in the table"),
        };
        let place = refused.at.expect("the place is known");
        assert!(place <= fields.len(), "{vector}: {refused:?}");
    }
    assert_eq!(malformed.len(), 8);
}

/// Decodes each golden packet with some of its bytes changed, cut or added.
#[test]
fn no_mutation_of_a_packet_does_harm() {
    struct Mutated(Random);
    impl Check for Mutated {
        fn check<T>(&mut self, vector: &Value)
        where
            T: FromPython + Serialize + DeserializeOwned + PartialEq + Debug,
        {
            let packet = from_hex(text(vector, "hex"));
            for _ in 0..500 {
                let bytes = self.0.mutate(&packet[PACKET_TYPE_BYTES..]);
                match decode::<T>(&bytes) {
                    Ok(value) => {
                        let again = encoded(&value);
                        assert_eq!(again.len(), bytes.len());
                        // Not compared as values: a NaN differs from itself.
                        let value = decode::<T>(&again).unwrap();
                        assert_eq!(encoded(&value), again, "{bytes:02x?}");
                    }
                    Err(malformed) => assert!(malformed.at.is_some_and(|at| at <= bytes.len())),
                }
            }
        }
    }
    const SEED: u64 = 0x7079_7361_6765;
    println!("seed {SEED:#x}");
    let mut check = Mutated(Random(SEED));
    vectors("vectors").iter().for_each(|vector| with_type_of(vector, &mut check));
}

/// Marsaglia's xorshift of 64 bits.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        const TELLING: [u8; 6] = [0, 1, 4, 0x7f, 0x80, 0xff];
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let byte = match self.below(2) {
                0 => TELLING[self.below(TELLING.len())],
                _ => self.below(256) as u8,
            };
            // Lengths stand at the front.
            let end = if self.below(2) == 0 { bytes.len().min(4) } else { bytes.len() };
            match self.below(4) {
                0 => bytes.insert(self.below(bytes.len() + 1), byte),
                1 => bytes.truncate(self.below(bytes.len() + 1)),
                _ if end == 0 => bytes.push(byte),
                _ => bytes[self.below(end)] = byte,
            }
        }
        bytes
    }
}

/// A value as the vectors show what Python had.
trait FromPython {
    fn from_python(value: &Value) -> Self;
}

macro_rules! from_python {
    ($($type:ty: $value:ident => $made:expr;)*) => {
        $(
            impl FromPython for $type {
                fn from_python($value: &Value) -> $type {
                    $made
                }
            }
        )*
    };
}

fn signed<T: TryFrom<i64, Error: Debug>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).unwrap()
}

fn unsigned<T: TryFrom<u64, Error: Debug>>(value: &Value) -> T {
    T::try_from(value.as_u64().unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    from_hex(text(value, "bytes"))
}

from_python! {
    i8: value => signed(value);
    i16: value => signed(value);
    i32: value => signed(value);
    i64: value => signed(value);
    u8: value => unsigned(value);
    u16: value => unsigned(value);
    u32: value => unsigned(value);
    u64: value => unsigned(value);
    f64: value => f64::from_bits(u64::from_str_radix(text(value, "f64_bits"), 16).unwrap());
    f32: value => f64::from_python(value) as f32;
    bool: value => value.as_bool().unwrap();
    String: value => String::from_utf8(bytes(value)).unwrap();
    ShortText: value => ShortText::try_from(String::from_python(value)).unwrap();
    ShortBytes: value => ShortBytes::try_from(bytes(value)).unwrap();
    [u8; 1]: value => bytes(value).try_into().unwrap();
    [u8; 4]: value => bytes(value).try_into().unwrap();
    (): value => assert!(value.as_array().unwrap().is_empty());
}

impl<T: FromPython> FromPython for Vec<T> {
    fn from_python(value: &Value) -> Vec<T> {
        value.as_array().unwrap().iter().map(T::from_python).collect()
    }
}

macro_rules! tuple_from_python {
    ($length:literal: $($type:ident $place:tt)*) => {
        impl<$($type: FromPython),*> FromPython for ($($type,)*) {
            fn from_python(value: &Value) -> Self {
                assert_eq!(value.as_array().unwrap().len(), $length);
                ($($type::from_python(&value[$place]),)*)
            }
        }
    };
}

tuple_from_python!(1: A 0);
tuple_from_python!(2: A 0 B 1);
tuple_from_python!(3: A 0 B 1 C 2);
