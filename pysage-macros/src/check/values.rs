//! The values of `#[message(..)]`, each judged on its own.

use std::fmt::Display;
use std::ops::RangeInclusive;

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Error, ExprPath, Ident, Lit, LitInt, LitStr, Path, Result, Token, Type, parse2};

use super::keys::{did_you_mean, list};
use crate::parse::written;
use crate::spelling::spell;

/// A packet type, by where it is checked not to be reserved.
pub(crate) enum PacketType {
    /// A number, which was checked here.
    Number(TokenStream),
    /// A constant, to be checked when it is evaluated.
    Constant(TokenStream),
}

/// What `delivery` takes, and the variant of `Delivery` that it stands for.
const DELIVERIES: [(&str, &str); 4] = [
    ("unreliable", "Unreliable"),
    ("sequenced", "Sequenced"),
    ("reliable_unordered", "ReliableUnordered"),
    ("reliable_ordered", "ReliableOrdered"),
];

pub(super) fn packet_type(value: TokenStream) -> Result<PacketType> {
    let number = match parse2::<Lit>(value.clone()) {
        Ok(Lit::Int(number)) => number.base10_parse::<i128>().ok(),
        Ok(_) => None,
        Err(_) => return Ok(PacketType::Constant(value)),
    };
    match number {
        Some(101..=65535) => Ok(PacketType::Number(value)),
        Some(0..=100) => {
            Err(error(&value, "packet types 0 to 100 are reserved; 101 and up are free"))
        }
        _ => Err(error(&value, "a packet type is a number from 101 to 65535, or a constant")),
    }
}

pub(super) fn name(value: &TokenStream) -> Result<LitStr> {
    match parse2::<LitStr>(value.clone()) {
        Ok(name) if !name.value().is_empty() => Ok(name),
        Ok(_) => Err(error(value, "the name of a message cannot be empty")),
        Err(_) => Err(error(value, "`name` is text in quotes, such as `name = \"boom\"`")),
    }
}

pub(super) fn number(
    key: &Ident,
    value: TokenStream,
    within: RangeInclusive<u16>,
) -> Result<TokenStream> {
    let number = parse2::<LitInt>(value.clone()).and_then(|number| number.base10_parse());
    if number.is_ok_and(|number| within.contains(&number)) {
        return Ok(value);
    }
    let (least, most) = within.into_inner();
    Err(error(&value, format!("`{key}` is a number from {least} to {most}")))
}

pub(super) fn delivery(value: &TokenStream) -> Result<Ident> {
    if let Ok(word) = parse2::<Ident>(value.clone())
        && let Some((_, variant)) = DELIVERIES.iter().find(|(name, _)| word == name)
    {
        return Ok(Ident::new(variant, word.span()));
    }
    let names = DELIVERIES.map(|(name, _)| name);
    // Of `"sequenced"` and `Delivery::Sequenced` too the word tells what was meant.
    let spelling = spell(value.clone());
    let word = spelling.rsplit(':').next().unwrap_or_default().trim_matches('"').to_lowercase();
    let hint = did_you_mean(&word, &names);
    Err(error(value, format!("`delivery` is one of {}, without quotes{hint}", list(&names))))
}

pub(super) fn function(value: &TokenStream) -> Result<ExprPath> {
    parse2(value.clone()).map_err(|_| {
        error(value, "`validate` is the path of a function, such as `validate = check_damage`")
    })
}

pub(super) fn reply(value: &TokenStream) -> Result<Type> {
    match parse2(value.clone()) {
        Ok(Type::Reference(reply)) if reply.lifetime.as_ref().is_none_or(|it| it.ident == "_") => {
            Err(error(value, "a reply borrows nothing; own the data, such as `String` for `&str`"))
        }
        Ok(reply) => Ok(reply),
        Err(_) => Err(error(value, "`reply` is a type without quotes, such as `reply = i32`")),
    }
}

pub(super) fn root(value: &TokenStream) -> Result<Path> {
    Path::parse_mod_style.parse2(value.clone()).map_err(|_| {
        error(value, "`crate` is a path without quotes, such as `crate = engine::pysage_core`")
    })
}

pub(super) fn range(value: TokenStream) -> Result<TokenStream> {
    if parse2::<Lit>(value.clone()).is_ok() {
        return Err(error(&value, "`range` is a range of values, such as `range = 0..=100`"));
    }
    if integer_range_is_empty.parse2(value.clone()).unwrap_or(false) {
        let message = format!("no value is within {}", spell(value.clone()));
        return Err(error(&value, message));
    }
    Ok(value)
}

/// Whether a range of two integers is empty; an error for all other tokens.
fn integer_range_is_empty(input: ParseStream<'_>) -> Result<bool> {
    let low = input.parse::<LitInt>()?.base10_parse::<i128>()?;
    let inclusive = input.parse::<Option<Token![..=]>>()?.is_some();
    if !inclusive {
        input.parse::<Token![..]>()?;
    }
    let high = input.parse::<LitInt>()?.base10_parse::<i128>()?;
    Ok(if inclusive { low > high } else { low >= high })
}

fn error(value: &TokenStream, message: impl Display) -> Error {
    Error::new_spanned(written(value), message)
}
