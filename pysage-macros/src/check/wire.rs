//! What of a message leaves the process: its fields in their order, and how serde is to treat them.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, ExprPath, Ident, LitStr, Member, Meta, MetaNameValue, Token, parse2};

use super::keys::{did_you_mean, list};
use crate::parse::{Body, Errors, Field, Fields, Style, written};

/// The wire form of a message.
pub(crate) enum Wire {
    Struct(WireFields),
    Enum(Vec<(Ident, WireFields)>),
}

/// The fields of a struct or a variant.
pub(crate) struct WireFields {
    pub(crate) style: Style,
    pub(crate) list: Vec<WireField>,
}

/// A field, whether or not it is written.
pub(crate) struct WireField {
    pub(crate) member: Member,
    /// Without the word `Self`.
    pub(crate) ty: TokenStream,
    /// The entries of its `#[serde(..)]` that the wire form heeds, without the word `Self`.
    pub(crate) serde: Vec<TokenStream>,
}

/// What the wire form heeds; it means there what it means to serde.
const HEEDED: [&str; 7] = [
    "with",
    "serialize_with",
    "deserialize_with",
    "skip",
    "skip_serializing",
    "skip_deserializing",
    "default",
];

/// What shows neither in a form without names nor for a type without parameters.
const IGNORED: [&str; 5] = ["rename", "alias", "bound", "borrow", "getter"];

/// What the wire form cannot heed, and why.
const REFUSED: [(&str, &str); 2] = [
    (
        "flatten",
        "`flatten` is of no use to a message with a packet type: its fields go by their place, \
         not by their name; put a struct into the field instead",
    ),
    (
        "skip_serializing_if",
        "`skip_serializing_if` leaves a gap that the reader cannot see, since the fields of a \
         message go by their place; remove it, or `skip` the field always",
    ),
];

impl Wire {
    /// Judges what the wire form of a type would be; a union has none.
    pub(super) fn check(ident: &Ident, body: &Body, errors: &mut Errors) -> Option<Wire> {
        match body {
            Body::Struct(fields) => Some(Wire::Struct(WireFields::check(ident, fields, errors))),
            Body::Enum(variants) => {
                let mut check = |fields| WireFields::check(ident, fields, errors);
                let variants =
                    variants.iter().map(|variant| (variant.ident.clone(), check(&variant.fields)));
                Some(Wire::Enum(variants.collect()))
            }
            Body::Union(_) => None,
        }
    }
}

impl WireFields {
    fn check(ident: &Ident, fields: &Fields, errors: &mut Errors) -> WireFields {
        let check = |field: &Field| WireField {
            member: field.member.clone(),
            ty: without_self(field.ty.to_token_stream(), ident),
            serde: check_serde(ident, &field.serde, errors),
        };
        WireFields { style: fields.style, list: fields.list.iter().map(check).collect() }
    }
}

fn check_serde(ident: &Ident, attributes: &[Attribute], errors: &mut Errors) -> Vec<TokenStream> {
    let read = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated),
        _ => Err(Error::new_spanned(
            attribute,
            "`serde` needs a list, such as `#[serde(with = \"hexadecimal\")]`",
        )),
    };
    let entries = attributes.iter().filter_map(|attribute| errors.keep(read(attribute)));
    let mut heeded: Vec<Meta> = entries.flatten().collect();
    heeded.retain(|entry| match judge(entry) {
        Ok(heeded) => heeded,
        Err(error) => {
            errors.push(error);
            false
        }
    });
    for error in skipped_in_one_direction(&heeded).into_iter().chain(given_twice(&heeded)) {
        errors.push(error);
    }
    heeded.iter().map(|entry| without_self_in_path(entry, ident)).collect()
}

/// Whether the wire form heeds an entry.
fn judge(entry: &Meta) -> Result<bool, Error> {
    let word = entry.path().to_token_stream().to_string();
    let word = word.as_str();
    let is_word = matches!(entry, Meta::Path(_));
    let problem = if IGNORED.contains(&word) {
        return Ok(false);
    } else if !HEEDED.contains(&word) {
        not_heeded(word)
    } else if word.starts_with("skip") && !is_word {
        format!("`{word}` takes no value")
    } else if word.contains("with") && quoted_path(entry).is_none() {
        format!("`{word}` takes a path in quotes, such as `{word} = \"hexadecimal\"`")
    } else if word == "default" && !is_word && quoted_path(entry).is_none() {
        "`default` stands alone or takes a path in quotes, such as `default = \"usual\"`".to_owned()
    } else {
        return Ok(true);
    };
    Err(Error::new_spanned(entry, problem))
}

fn not_heeded(word: &str) -> String {
    match REFUSED.iter().find(|(refused, _)| *refused == word) {
        Some((_, why)) => (*why).to_owned(),
        None => {
            let hint = did_you_mean(word, &[&HEEDED[..], &IGNORED[..]].concat());
            format!("unknown key `{word}` of serde; the wire form heeds {}{hint}", list(&HEEDED))
        }
    }
}

/// The path of `key = "path"`.
fn quoted_path(entry: &Meta) -> Option<ExprPath> {
    let Meta::NameValue(MetaNameValue { value, .. }) = entry else { return None };
    // As a macro was given it, it may be in an invisible group.
    parse2::<LitStr>(written(&value.to_token_stream())).ok()?.parse().ok()
}

fn given_twice(entries: &[Meta]) -> Option<Error> {
    let second = |word: &&str| {
        let paths = entries.iter().map(Meta::path);
        paths.filter(|path| path.is_ident(word)).nth(1)
    };
    let (word, path) = HEEDED.iter().find_map(|word| Some((word, second(word)?)))?;
    Some(Error::new_spanned(path, format!("`{word}` is given twice")))
}

fn skipped_in_one_direction(entries: &[Meta]) -> Option<Error> {
    let find = |word| entries.iter().map(Meta::path).find(|path| path.is_ident(word));
    let (written, read) = (find("skip_serializing"), find("skip_deserializing"));
    let (path, other) = match (written, read) {
        _ if find("skip").is_some() => return None,
        (Some(path), None) => (path, "skip_deserializing"),
        (None, Some(path)) => (path, "skip_serializing"),
        _ => return None,
    };
    let word = path.to_token_stream();
    let message = format!(
        "`{word}` without `{other}` makes what is written differ from what is read; `skip` does \
         both"
    );
    Some(Error::new_spanned(path, message))
}

/// The entry with the type's name for `Self` in its path.
fn without_self_in_path(entry: &Meta, ident: &Ident) -> TokenStream {
    let Some(path) = quoted_path(entry) else { return entry.to_token_stream() };
    let (key, path) = (entry.path(), path.into_token_stream());
    let span = path.span();
    let path = LitStr::new(&without_self(path, ident).to_string(), span);
    quote!(#key = #path)
}

/// The tokens with the type's name for `Self`, which would mean the type that stands in for it.
fn without_self(tokens: TokenStream, ident: &Ident) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(word) if word == "Self" => {
            let mut name = ident.clone();
            name.set_span(word.span());
            TokenTree::Ident(name)
        }
        TokenTree::Group(group) => {
            let mut inside = Group::new(group.delimiter(), without_self(group.stream(), ident));
            inside.set_span(group.span());
            TokenTree::Group(inside)
        }
        token => token,
    };
    tokens.into_iter().map(replace).collect()
}
