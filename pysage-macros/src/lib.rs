//! The derive behind pysage's messages.
//!
//! Use it as `Message` through `pysage-core`, `pysage-group` or `pysage-net`: each re-exports the
//! entry whose code finds that crate, so that one of them is all a program has to depend on.
//!
//! A derive goes through three rooms: `parse` reads what was written, `check` judges it and says
//! all that is wrong at once, `expand` writes the code.

mod check;
mod expand;
mod parse;
mod spelling;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct or an enum a message.
///
/// The message's name is that of its type and its properties are the fields of the struct; an
/// enum has none. All of `#[message(..)]` is optional:
///
/// | on the type | |
/// |---|---|
/// | `packet_type = 101` | the number of its wire form, 101 to 65535; without it the message stays in the process. A constant will do |
/// | `name = "boom"` | its name in logs and subscriptions by name |
/// | `version = 2` | counts changes of its wire form, from 1 |
/// | `delivery = sequenced` | how a network carries it: `unreliable`, `sequenced`, `reliable_unordered` or `reliable_ordered` (the default) |
/// | `stream = 1` | the stream that keeps order, 0 (the default) to 255 |
/// | `validate = path` | a `fn(&Self) -> Result<(), impl Display>` that checks the whole |
/// | `reply = Type` | makes it a request, which is answered with a value of this type |
/// | `crate = path` | where the crate is that the derive came from, if it has another name here |
///
/// | on a field of a struct | |
/// |---|---|
/// | `range = 0..=100` | the bounds of its value |
/// | `validate = path` | a `fn(&T) -> Result<(), impl Display>` that checks its value |
///
/// For a field written `Option<T>` both check the `T`, if there is one.
///
/// Type parameters must be `Send + 'static`; lifetime parameters are refused, and so is a packet
/// type for a generic message, since it could not stand for each of its instances.
///
/// # The wire form
///
/// A message with a packet type has a wire form: its fields in their order, and before them the
/// place of the variant if it is an enum. Names do not show. The types of the fields, and of the
/// reply, have to be serde's `Serialize` and `Deserialize`; the message itself need not be, and its
/// crate needs serde only if it has such types of its own. Where it is serde's too, for another
/// format or since it contains itself, neither form heeds the other.
///
/// Of `#[serde(..)]` on fields, the wire form of a message with a packet type looks at these:
///
/// | on a field | |
/// |---|---|
/// | `with`, `serialize_with`, `deserialize_with` | functions that write and read the field |
/// | `skip` | the field is not written, and is its default after reading |
/// | `default`, `default = "path"` | what a field is that is skipped |
/// | `rename`, `alias`, `bound`, `borrow`, `getter` | do not show in the wire form |
/// | `flatten`, `skip_serializing_if` | are refused, since what they leave out could not be noticed by the reader |
/// | `skip_serializing`, `skip_deserializing` | are refused, one without the other |
///
/// They are refused even if the message is serde's too and they are meant for that. `#[serde(..)]`
/// on the type and on its variants concerns serde's own derive alone.
///
/// ```
/// use pysage_core::Message;
///
/// #[derive(Message)]
/// #[message(packet_type = 101, delivery = sequenced, stream = 1)]
/// struct Moved {
///     #[message(range = 0.0..256.0)]
///     x: f32,
///     #[message(validate = not_blank)]
///     note: Option<String>,
/// }
///
/// fn not_blank(note: &str) -> Result<(), &'static str> {
///     if note.trim().is_empty() { Err("must not be blank") } else { Ok(()) }
/// }
///
/// let moved = Moved { x: 300.0, note: None };
/// let error = moved.validate().unwrap_err().to_string();
/// assert_eq!(error, "property `x` of message `Moved` is invalid: must be within 0.0..256.0");
/// ```
///
/// A request with a wire form:
///
/// ```
/// use pysage_core::{Message, Request};
///
/// #[derive(Message)]
/// #[message(packet_type = 102, reply = Result<u32, String>)]
/// struct Price {
///     item: String,
///     #[serde(skip)]
///     asked_before: bool,
/// }
///
/// let answer: <Price as Request>::Reply = Ok(12);
/// # assert_eq!(answer, Ok(12));
/// ```
#[proc_macro_derive(Message, attributes(message, serde))]
pub fn message(input: TokenStream) -> TokenStream {
    derive(input, "pysage_core")
}

/// Makes a struct or an enum a message; `pysage-group` re-exports it as `Message`.
///
/// It is [`Message`](derive@Message) but for the crate that its code finds.
#[proc_macro_derive(MessageViaGroup, attributes(message, serde))]
pub fn message_via_group(input: TokenStream) -> TokenStream {
    derive(input, "pysage_group")
}

/// Makes a struct or an enum a message; `pysage-net` re-exports it as `Message`.
///
/// It is [`Message`](derive@Message) but for the crate that its code finds.
#[proc_macro_derive(MessageViaNet, attributes(message, serde))]
pub fn message_via_net(input: TokenStream) -> TokenStream {
    derive(input, "pysage_net")
}

fn derive(input: TokenStream, root: &str) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::derive(input, root).into()
}
