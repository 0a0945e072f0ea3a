//! What the original calls types: letters for numbers, and what has no letter.

/// The name by which [`ShortText`](super::ShortText) tells this codec what it is.
pub(super) const SHORT_TEXT: &str = "pysage::ShortText";
/// The name by which [`ShortBytes`](super::ShortBytes) tells this codec what it is.
pub(super) const SHORT_BYTES: &str = "pysage::ShortBytes";

/// Why a type is refused that has no form.
#[cold]
pub(super) fn no_form(what: &str) -> String {
    format!("the original pysage has no form for {what}")
}

/// Why the items of a sequence are refused.
pub(super) const ITEM: &str = "sequences of anything but single numbers or bools";

/// Hands the table of numbers to a macro: methods of serde, type, letter.
macro_rules! each_number {
    ($with:ident) => {
        $with! {
            serialize_i8 deserialize_i8 visit_i8 i8 b'b',
            serialize_u8 deserialize_u8 visit_u8 u8 b'B',
            serialize_i16 deserialize_i16 visit_i16 i16 b'h',
            serialize_u16 deserialize_u16 visit_u16 u16 b'H',
            serialize_i32 deserialize_i32 visit_i32 i32 b'i',
            serialize_u32 deserialize_u32 visit_u32 u32 b'I',
            serialize_i64 deserialize_i64 visit_i64 i64 b'q',
            serialize_u64 deserialize_u64 visit_u64 u64 b'Q',
            serialize_f32 deserialize_f32 visit_f32 f32 b'f',
            serialize_f64 deserialize_f64 visit_f64 f64 b'd',
        }
    };
}

/// Methods of a `Serializer` that refuse with `$reason(what)`.
macro_rules! refuse_serialize {
    ($reason:path; $($method:ident $(<$value:ident>)? ($($argument:ty),*) $(-> $compound:ident)?
        => $what:expr;)*) => {
        $(
            #[cold]
            fn $method $(<$value: Serialize + ?Sized>)? (
                self $(, _: $argument)*
            ) -> Result<refuse_serialize!(@ok $($compound)?), Self::Error> {
                Err($reason($what))
            }
        )*
    };
    (@ok) => { Self::Ok };
    (@ok $compound:ident) => { Self::$compound };
    // What has no form wherever it stands.
    (everywhere $reason:path) => {
        refuse_serialize! { $reason;
            serialize_i128(i128) => "an i128";
            serialize_u128(u128) => "a u128";
            serialize_char(char) => "a char";
            serialize_none() => "an Option";
            serialize_some<T>(&T) => "an Option";
            serialize_unit_variant(&'static str, u32, &'static str) => "an enum";
            serialize_newtype_variant<T>(&'static str, u32, &'static str, &T) => "an enum";
            serialize_tuple_variant(&'static str, u32, &'static str, usize)
                -> SerializeTupleVariant => "an enum";
            serialize_struct_variant(&'static str, u32, &'static str, usize)
                -> SerializeStructVariant => "an enum";
            serialize_map(Option<usize>) -> SerializeMap => "a map";
        }
    };
    // What has a form as a field, but not as a part of something that has to be short.
    (compounds $reason:path, $what:expr) => {
        refuse_serialize! { $reason;
            serialize_unit() => $what;
            serialize_unit_struct(&'static str) => $what;
            serialize_seq(Option<usize>) -> SerializeSeq => $what;
            serialize_tuple(usize) -> SerializeTuple => $what;
            serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct => $what;
            serialize_struct(&'static str, usize) -> SerializeStruct => $what;
        }
    };
}

/// Methods of a `Deserializer` that refuse what has no form, with `self.refuse(what)`.
macro_rules! refuse_deserialize {
    ($($method:ident ($($argument:ty),*) => $what:literal;)*) => {
        $(
            #[cold]
            fn $method<V: Visitor<'de>>(
                self $(, _: $argument)*, _: V
            ) -> Result<V::Value, Self::Error> {
                Err(self.refuse($what))
            }
        )*
    };
    (everywhere) => {
        refuse_deserialize! {
            deserialize_i128() => "an i128";
            deserialize_u128() => "a u128";
            deserialize_char() => "a char";
            deserialize_option() => "an Option";
            deserialize_enum(&'static str, &'static [&'static str]) => "an enum";
            deserialize_map() => "a map";
            deserialize_any() => "a type that is told by the bytes";
            deserialize_identifier() => "the name of a field";
            deserialize_ignored_any() => "a field that is skipped";
        }
    };
}

pub(super) use {each_number, refuse_deserialize, refuse_serialize};
