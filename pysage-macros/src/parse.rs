//! What was written: the type, its fields, and the entries of their `#[message(..)]`, not judged.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{
    Attribute, Data, DeriveInput, Error, Generics, Ident, Member, Meta, Result, Token, Type,
};

/// The type that the derive was put on.
pub(crate) struct Input {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) entries: Vec<Entry>,
    pub(crate) body: Body,
    /// The word `packed` of its `#[repr(..)]`, if it is there.
    pub(crate) packed: Option<Ident>,
}

/// What the type is made of.
pub(crate) enum Body {
    Struct(Fields),
    Enum(Vec<Variant>),
    Union(Token![union]),
}

/// A variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) fields: Fields,
    pub(crate) entries: Vec<Entry>,
}

/// The fields of a struct or a variant.
pub(crate) struct Fields {
    pub(crate) style: Style,
    pub(crate) list: Vec<Field>,
}

/// What stands around fields.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Braces,
    Parentheses,
    /// There are none.
    Nothing,
}

/// A field of a struct or a variant.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) entries: Vec<Entry>,
    /// Its `#[serde(..)]`, which only the wire form looks into.
    pub(crate) serde: Vec<Attribute>,
}

/// One `key = value` of a `#[message(..)]`.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    /// Never empty.
    pub(crate) value: TokenStream,
}

/// The errors of one type, reported together.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Input {
    /// Reads a type; what cannot be read as `key = value` is an error, and left out.
    pub(crate) fn read(input: DeriveInput, errors: &mut Errors) -> Input {
        let entries = read_entries(&input.attrs, errors);
        let body = match input.data {
            Data::Struct(data) => Body::Struct(read_fields(data.fields, errors)),
            Data::Enum(data) => {
                let read = |variant: syn::Variant| Variant {
                    ident: variant.ident,
                    entries: read_entries(&variant.attrs, errors),
                    fields: read_fields(variant.fields, errors),
                };
                Body::Enum(data.variants.into_iter().map(read).collect())
            }
            Data::Union(data) => Body::Union(data.union_token),
        };
        let packed = input.attrs.iter().find_map(find_packed);
        Input { ident: input.ident, generics: input.generics, entries, body, packed }
    }
}

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value, or none and the error kept.
    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn into_error(self) -> Option<Error> {
        self.0
    }
}

fn read_fields(fields: syn::Fields, errors: &mut Errors) -> Fields {
    let style = match fields {
        syn::Fields::Named(_) => Style::Braces,
        syn::Fields::Unnamed(_) => Style::Parentheses,
        syn::Fields::Unit => Style::Nothing,
    };
    let members: Vec<Member> = fields.members().collect();
    let read = |(member, mut field): (Member, syn::Field)| {
        let entries = read_entries(&field.attrs, errors);
        field.attrs.retain(|attribute| attribute.path().is_ident("serde"));
        Field { member, ty: field.ty, entries, serde: field.attrs }
    };
    Fields { style, list: members.into_iter().zip(fields).map(read).collect() }
}

fn find_packed(attribute: &Attribute) -> Option<Ident> {
    let Meta::List(list) = &attribute.meta else { return None };
    let mut words = attribute.path().is_ident("repr").then(|| list.tokens.clone())?.into_iter();
    words.find_map(|word| match word {
        TokenTree::Ident(word) if word == "packed" => Some(word),
        _ => None,
    })
}

fn read_entries(attributes: &[Attribute], errors: &mut Errors) -> Vec<Entry> {
    let mut entries = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("message")) {
        let read = match &attribute.meta {
            Meta::List(list) => list
                .parse_args_with(|input: ParseStream<'_>| read_list(input, &mut entries, errors)),
            _ => Err(Error::new_spanned(
                attribute,
                "`message` needs a list of keys, such as `#[message(packet_type = 101)]`",
            )),
        };
        errors.keep(read);
    }
    entries
}

fn read_list(input: ParseStream<'_>, entries: &mut Vec<Entry>, errors: &mut Errors) -> Result<()> {
    while !input.is_empty() {
        match read_entry(input) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                errors.push(error);
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
            }
        }
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(())
}

fn read_entry(input: ParseStream<'_>) -> Result<Entry> {
    let Ok(key) = input.call(Ident::parse_any) else {
        return Err(input.error("expected a key and its value, such as `packet_type = 101`"));
    };
    let equals = input.parse::<Option<Token![=]>>()?;
    let is_type = key == "reply";
    let value = if equals.is_some() { read_value(input, is_type)? } else { TokenStream::new() };
    if value.is_empty() {
        return Err(Error::new_spanned(&key, format!("`{key}` needs a value: `{key} = ..`")));
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error("expected `,` before the next key"));
    }
    Ok(Entry { key, value })
}

/// Takes tokens as far as the comma that ends them, or the next key if the comma is missing.
///
/// syn could parse the expression, but only with its feature `full`, which nothing else here needs
/// and every user would have to build.
fn read_value(input: ParseStream<'_>, is_type: bool) -> Result<TokenStream> {
    let mut value = TokenStream::new();
    let mut previous = None;
    let mut open_angles = 0_usize;
    while !input.is_empty() && (open_angles > 0 || !at_end_of_value(input)) {
        let token = input.parse::<TokenTree>()?;
        let sign = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        // A `<` opens generics, not a comparison: in a type, in other generics, after `::`, and
        // where no value has come before it.
        let opens = is_type || open_angles > 0 || matches!(previous, None | Some(':' | '.' | '='));
        if sign == '<' && opens {
            open_angles += 1;
        } else if sign == '>' && previous != Some('-') {
            open_angles = open_angles.saturating_sub(1);
        }
        previous = Some(sign);
        value.extend([token]);
    }
    Ok(value)
}

fn at_end_of_value(input: ParseStream<'_>) -> bool {
    let assigns = input.peek2(Token![=]) && !input.peek2(Token![==]) && !input.peek2(Token![=>]);
    input.peek(Token![,]) || (assigns && input.peek(Ident::peek_any))
}

/// The tokens without the invisible groups around what a macro was given. To rustc such a group
/// stands in the macro, but the mistake is where the macro is used.
pub(crate) fn written(tokens: &TokenStream) -> TokenStream {
    let inside = |token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => written(&group.stream()),
        token => token.into(),
    };
    tokens.clone().into_iter().flat_map(inside).collect()
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse::Parser;

    use super::*;

    /// The entries as `key: value`, and the errors.
    fn read(list: TokenStream) -> (Vec<String>, Vec<String>) {
        let attribute =
            Attribute::parse_outer.parse2(quote!(#[message(#list)])).expect("attributes");
        let mut errors = Errors::default();
        let entries = read_entries(&attribute, &mut errors);
        let entries = entries.iter().map(|entry| format!("{}: {}", entry.key, entry.value));
        let errors = errors.into_error().into_iter().flatten().map(|error| error.to_string());
        (entries.collect(), errors.collect())
    }

    #[test]
    fn commas_end_values_unless_in_brackets_or_generics() {
        for value in [
            quote!(101),
            quote!(0..=100),
            quote!((1, 2)),
            quote!(f(1, 2)),
            quote!(f::<A, { 1 }>(1)..),
            quote!(<A as B<C, D>>::E),
            quote!(..<A as B<C, D>>::E),
            quote!(..=<A as B<fn(u8) -> C, D>>::E),
            quote!(1 << 8),
            quote!(1 < 2),
            quote!(a >= b),
        ] {
            let (entries, errors) = read(quote!(a = #value, b = #value));
            assert_eq!(entries, [format!("a: {value}"), format!("b: {value}")]);
            assert_eq!(errors, [""; 0]);
        }
    }

    #[test]
    fn a_reply_is_a_type_with_its_generics() {
        for value in [
            quote!(i32),
            quote!(Result<A, B>),
            quote!(Box<dyn Fn(u8) -> HashMap<A, Vec<B>> + Send>),
            quote!(fn(A, B) -> C),
        ] {
            let (entries, errors) = read(quote!(reply = #value, b = 1));
            assert_eq!(entries, [format!("reply: {value}"), "b: 1".to_owned()]);
            assert_eq!(errors, [""; 0]);
        }
    }

    #[test]
    fn what_is_not_an_entry_is_left_out_with_an_error() {
        let (entries, errors) = read(quote!(a, b = 1, 2, c(3), d = , crate = 4 e = 5, f = 6,));
        assert_eq!(entries, ["b: 1", "f: 6"]);
        assert_eq!(
            errors,
            [
                "`a` needs a value: `a = ..`",
                "expected a key and its value, such as `packet_type = 101`",
                "`c` needs a value: `c = ..`",
                "`d` needs a value: `d = ..`",
                "expected `,` before the next key",
            ]
        );
    }

    #[test]
    fn an_empty_list_is_fine() {
        assert_eq!(read(quote!()), (vec![], vec![]));
    }
}
