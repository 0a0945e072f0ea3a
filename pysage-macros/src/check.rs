//! Judges what was written: makes the model that is expanded, and says all that is wrong at once.

mod keys;
mod values;
mod wire;

#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{
    Error, ExprPath, GenericArgument, GenericParam, Generics, Ident, LitStr, Member, PathArguments,
    Type,
};

use crate::parse::{Body, Entry, Errors, Field, Input, Variant};
use crate::spelling::spell;
use keys::Place;
pub(crate) use values::PacketType;
pub(crate) use wire::{Wire, WireField, WireFields};

/// A message as it is to be expanded; whole only if there were no errors.
pub(crate) struct Model {
    /// The crate that has the trait.
    pub(crate) root: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) name: LitStr,
    pub(crate) packet_type: Option<PacketType>,
    pub(crate) version: Option<TokenStream>,
    /// A variant of `Delivery`.
    pub(crate) delivery: Option<Ident>,
    pub(crate) stream: Option<TokenStream>,
    pub(crate) validate: Option<ExprPath>,
    /// What the message is answered with, if it is a request.
    pub(crate) reply: Option<Type>,
    pub(crate) properties: Vec<Property>,
    /// What leaves the process, if a packet type was given.
    pub(crate) wire: Option<Wire>,
}

/// A field of a struct.
pub(crate) struct Property {
    pub(crate) member: Member,
    pub(crate) name: String,
    /// The field's type as written.
    pub(crate) type_name: String,
    /// The type of what is checked: the field's, or the `T` of its `Option<T>`.
    pub(crate) checked_type: Type,
    pub(crate) is_option: bool,
    pub(crate) range: Option<TokenStream>,
    pub(crate) validate: Option<ExprPath>,
}

impl Model {
    /// Judges a type; `root` is the name of the crate that the derive came from.
    pub(crate) fn check(input: Input, root: &str, errors: &mut Errors) -> Model {
        let root = Ident::new(root, Span::call_site());
        let mut model = Model {
            root: quote!(::#root),
            name: LitStr::new(&input.ident.unraw().to_string(), input.ident.span()),
            ident: input.ident,
            generics: input.generics,
            packet_type: None,
            version: None,
            delivery: None,
            stream: None,
            validate: None,
            reply: None,
            properties: Vec::new(),
            wire: None,
        };
        for lifetime in model.generics.lifetimes() {
            errors.push(Error::new_spanned(
                lifetime,
                "a message borrows nothing: it is handled when the borrow is long over; \
                 own the data, such as `String` for `&str`",
            ));
        }
        let leaves_process = input.entries.iter().any(|entry| entry.key == "packet_type");
        for entry in keys::once(input.entries, errors) {
            model.take(entry, errors);
        }
        if leaves_process {
            model.wire = Wire::check(&model.ident, &input.body, errors);
        }
        model.check_body(input.body, input.packed, errors);
        model
    }

    fn take(&mut self, Entry { key, value }: Entry, errors: &mut Errors) {
        match key.to_string().as_str() {
            "packet_type" => {
                if self.is_generic() {
                    errors.push(Error::new_spanned(
                        &key,
                        "a generic message cannot have a packet type, since one number cannot \
                         stand for several types; wrap it in a plain struct that has one",
                    ));
                }
                self.packet_type = errors.keep(values::packet_type(value));
            }
            "name" => {
                if let Some(name) = errors.keep(values::name(&value)) {
                    self.name = name;
                }
            }
            "version" => self.version = errors.keep(values::number(&key, value, 1..=u16::MAX)),
            "delivery" => self.delivery = errors.keep(values::delivery(&value)),
            "stream" => {
                self.stream = errors.keep(values::number(&key, value, 0..=u16::from(u8::MAX)))
            }
            "validate" => self.validate = errors.keep(values::function(&value)),
            "reply" => self.reply = errors.keep(values::reply(&value)),
            "crate" => {
                if let Some(root) = errors.keep(values::root(&value)) {
                    self.root = root.into_token_stream();
                }
            }
            _ => errors.push(keys::misplaced(&key, Place::Message)),
        }
    }

    fn check_body(&mut self, body: Body, packed: Option<Ident>, errors: &mut Errors) {
        match body {
            Body::Struct(fields) => {
                if let Some(packed) = packed.filter(|_| !fields.list.is_empty()) {
                    errors.push(Error::new_spanned(
                        packed,
                        "a message cannot be packed, since its properties are read by reference",
                    ));
                }
                let check = |field| Property::check(field, errors);
                self.properties = fields.list.into_iter().map(check).collect();
            }
            Body::Enum(variants) => {
                for Variant { entries, fields, .. } in &variants {
                    let of_fields = fields.list.iter().flat_map(|field| &field.entries);
                    for entry in entries.iter().chain(of_fields) {
                        errors.push(keys::misplaced(&entry.key, Place::Variant));
                    }
                }
            }
            Body::Union(union) => errors.push(Error::new_spanned(
                union,
                "a union cannot be a message, since nobody can tell which of its fields is set; \
                 use a struct or an enum",
            )),
        }
    }

    /// Whether the type stands for several types.
    pub(crate) fn is_generic(&self) -> bool {
        let is_lifetime = |parameter: &GenericParam| matches!(parameter, GenericParam::Lifetime(_));
        !self.generics.params.iter().all(is_lifetime)
    }
}

impl Property {
    fn check(field: Field, errors: &mut Errors) -> Property {
        let inside = inside_option(&field.ty);
        let mut property = Property {
            name: match &field.member {
                Member::Named(name) => name.unraw().to_string(),
                Member::Unnamed(index) => index.index.to_string(),
            },
            type_name: spell(field.ty.to_token_stream()),
            checked_type: inside.unwrap_or(&field.ty).clone(),
            is_option: inside.is_some(),
            member: field.member,
            range: None,
            validate: None,
        };
        for Entry { key, value } in keys::once(field.entries, errors) {
            match key.to_string().as_str() {
                "range" => property.range = errors.keep(values::range(value)),
                "validate" => property.validate = errors.keep(values::function(&value)),
                _ => errors.push(keys::misplaced(&key, Place::Field)),
            }
        }
        property
    }
}

/// The `T` of a type written as `Option<T>`.
fn inside_option(ty: &Type) -> Option<&Type> {
    let path = match ty {
        Type::Group(group) => return inside_option(&group.elem),
        Type::Paren(paren) => return inside_option(&paren.elem),
        Type::Path(path) if path.qself.is_none() => &path.path,
        _ => return None,
    };
    let words: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let known = ["Option", "std::option::Option", "core::option::Option"];
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inside))
            if arguments.args.len() == 1 && known.contains(&words.join("::").as_str()) =>
        {
            Some(inside)
        }
        _ => None,
    }
}
