//! Writes the code of a checked message.
//!
//! Every path is absolute and local names begin with two underscores, since the code stands among
//! the user's own names.

mod request;
mod wire;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, ExprPath, Ident, Member, parse_quote};

use crate::check::{Model, PacketType, Property};
use crate::parse::{Errors, Input, written};
use crate::spelling::spell;

/// The implementation of `Message`, or what is wrong with the type.
pub(crate) fn derive(input: DeriveInput, root: &str) -> TokenStream {
    let mut errors = Errors::default();
    let input = Input::read(input, &mut errors);
    let model = Model::check(input, root, &mut errors);
    match errors.into_error() {
        None => message(&model),
        Some(error) => {
            let errors = error.to_compile_error();
            let stand_in = stand_in(&model);
            quote!(#errors #stand_in)
        }
    }
}

fn message(model: &Model) -> TokenStream {
    let items = [
        name(model),
        constants(model),
        properties(model),
        validation(model),
        wire::wire_type(model),
        slot(model),
    ];
    let message = implement(model, &quote!(Message), &quote!(#(#items)*));
    in_a_block(&[
        message,
        request::implementation(model),
        wire::implementation(model),
        assertion(model),
    ])
}

/// Keeps rustc from adding that the type is no message wherever it is used.
fn stand_in(model: &Model) -> TokenStream {
    if model.generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let message = implement(model, &quote!(Message), &name(model));
    in_a_block(&[message, request::implementation(model), wire::stand_in(model)])
}

/// Keeps names from the user's own.
fn in_a_block(items: &[TokenStream]) -> TokenStream {
    quote!(const _: () = { #(#items)* };)
}

/// The implementation of a trait of the crate for the message.
fn implement(model: &Model, of: &TokenStream, items: &TokenStream) -> TokenStream {
    let root = &model.root;
    let mut generics = model.generics.clone();
    for parameter in model.generics.type_params() {
        let parameter = &parameter.ident;
        let bound = parse_quote!(#parameter: ::core::marker::Send + 'static);
        generics.make_where_clause().predicates.push(bound);
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let ident = own(&model.ident);
    quote! {
        #[automatically_derived]
        impl #impl_generics #root::#of for #ident #type_generics #where_clause {
            #items
        }
    }
}

fn name(model: &Model) -> TokenStream {
    let name = &model.name;
    quote!(const NAME: &'static ::core::primitive::str = #name;)
}

fn constants(model: &Model) -> TokenStream {
    let root = &model.root;
    let packet_type = model.packet_type.iter().map(|packet_type| match packet_type {
        PacketType::Number(value) | PacketType::Constant(value) => value,
    });
    let version = model.version.iter();
    let delivery = model.delivery.iter();
    let stream = model.stream.iter();
    quote! {
        #(
            const PACKET_TYPE: ::core::option::Option<#root::PacketType> =
                #root::PacketType::new(#packet_type);
        )*
        #(const VERSION: ::core::primitive::u16 = #version;)*
        #(const DELIVERY: #root::Delivery = #root::Delivery::#delivery;)*
        #(const STREAM: ::core::primitive::u8 = #stream;)*
    }
}

/// A check of what only the evaluation of a constant can tell; by itself rustc would evaluate the
/// packet type no sooner than something uses it.
fn assertion(model: &Model) -> TokenStream {
    let Some(PacketType::Constant(constant)) = &model.packet_type else {
        return TokenStream::new();
    };
    let (root, ident) = (&model.root, own(&model.ident));
    let reserved =
        format!("the packet type of `{ident}` is reserved: 0 to 100 are, 101 and up are free");
    quote_spanned! {within_expansion(written(constant).span())=>
        <#ident as #root::Message>::PACKET_TYPE.expect(#reserved);
    }
}

fn properties(model: &Model) -> TokenStream {
    if model.properties.is_empty() {
        return TokenStream::new();
    }
    let root = &model.root;
    let names: Vec<_> = model.properties.iter().map(|property| &property.name).collect();
    let type_names = model.properties.iter().map(|property| &property.type_name);
    let members: Vec<_> = model.properties.iter().map(member).collect();
    quote! {
        const PROPERTIES: &'static [#root::Property] =
            &[#(#root::Property::new(#names, #type_names)),*];

        fn property_any(
            &self,
            __name: &::core::primitive::str,
        ) -> ::core::option::Option<&dyn ::core::any::Any> {
            match __name {
                #(#names => ::core::option::Option::Some(&self.#members),)*
                _ => ::core::option::Option::None,
            }
        }

        fn property_any_mut(
            &mut self,
            __name: &::core::primitive::str,
        ) -> ::core::option::Option<&mut dyn ::core::any::Any> {
            match __name {
                #(#names => ::core::option::Option::Some(&mut self.#members),)*
                _ => ::core::option::Option::None,
            }
        }
    }
}

fn validation(model: &Model) -> TokenStream {
    let root = &model.root;
    let name = model.name.value();
    let of_properties = model.properties.iter().map(|property| checks(model, property));
    let of_whole = model.validate.iter().map(|check| call(model, check, &name, "self"));
    let checks: TokenStream = of_properties.chain(of_whole).collect();
    if checks.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const VALIDATED: ::core::primitive::bool = true;

        fn validate(&self) -> ::core::result::Result<(), #root::PropertyError> {
            #checks
            ::core::result::Result::Ok(())
        }
    }
}

fn checks(model: &Model, property: &Property) -> TokenStream {
    let range = property.range.iter().map(|range| compare(model, property, range));
    let function =
        property.validate.iter().map(|check| call(model, check, &property.name, "__value"));
    let checks: TokenStream = range.chain(function).collect();
    let member = member(property);
    if checks.is_empty() {
        TokenStream::new()
    } else if property.is_option {
        quote!(if let ::core::option::Option::Some(__value) = &self.#member { #checks })
    } else {
        quote!({ let __value = &self.#member; #checks })
    }
}

fn compare(model: &Model, property: &Property, range: &TokenStream) -> TokenStream {
    let Model { root, name, .. } = model;
    let Property { name: property, checked_type, .. } = property;
    let reason = format!("must be within {}", spell(range.clone()));
    // The type is named, since the range alone may leave open what its numbers are.
    quote_spanned! {within_expansion(written(range).span())=>
        let __range = &(#range);
        if !::core::ops::RangeBounds::<#checked_type>::contains(__range, __value) {
            return ::core::result::Result::Err(
                #root::PropertyError::invalid(#name, #property, #reason)
            );
        }
    }
}

fn call(model: &Model, check: &ExprPath, property: &str, value: &str) -> TokenStream {
    let Model { root, name, .. } = model;
    let span = within_expansion(check.span());
    let value = Ident::new(value, span);
    quote_spanned! {span=>
        if let ::core::result::Result::Err(__reason) = #check(#value) {
            return ::core::result::Result::Err(
                #root::PropertyError::invalid(#name, #property, __reason)
            );
        }
    }
}

fn slot(model: &Model) -> TokenStream {
    let ident = own(&model.ident);
    statics(model, [quote!(slot), quote!(topic_key)], &quote!(Self), &quote!(#ident))
}

/// Functions of these names with statics of their own, but for generic types, where all instances
/// would share them. The message that they are for is told twice: as `Self` names it, and as a
/// static can.
fn statics(
    model: &Model,
    [slot, key]: [TokenStream; 2],
    message: &TokenStream,
    in_static: &TokenStream,
) -> TokenStream {
    if model.is_generic() {
        return TokenStream::new();
    }
    let root = &model.root;
    quote! {
        #[inline]
        fn #slot() -> #root::MessageSlot {
            static SLOT: #root::SlotCell = #root::SlotCell::new();
            SLOT.get::<#message>()
        }

        #[inline]
        fn #key() -> ::core::option::Option<&'static #root::TopicKey<#message>> {
            ::std::thread_local! {
                static KEY: #root::TopicCell<#in_static> = const { #root::TopicCell::new() };
            }
            ::core::option::Option::Some(&KEY)
        }
    }
}

fn member(property: &Property) -> Member {
    match &property.member {
        Member::Named(name) => Member::Named(own(name)),
        Member::Unnamed(index) => Member::Unnamed(index.clone()),
    }
}

/// A name of the user's, as if the expansion had written it: lints leave it alone.
fn own(name: &Ident) -> Ident {
    let mut own = name.clone();
    own.set_span(within_expansion(name.span()));
    own
}

/// The place of `span`, but as part of the expansion: rustc points at what the user wrote, and
/// lints know that the code around it is not theirs.
fn within_expansion(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// The tokens as if the expansion had written them. `$crate` alone keeps its place, which tells
/// the crate.
fn without_lints(tokens: TokenStream) -> TokenStream {
    let own = |mut token: TokenTree| {
        let span = within_expansion(token.span());
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), without_lints(group.stream())).into();
        }
        if token.to_string() != "$crate" {
            token.set_span(span);
        }
        token
    };
    tokens.into_iter().map(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_message_takes_little_code() {
        let code = derive(
            parse_quote!(
                struct Tick;
            ),
            "pysage_core",
        );
        let expected = quote! {
            const _: () = {
                #[automatically_derived]
                impl ::pysage_core::Message for Tick {
                    const NAME: &'static ::core::primitive::str = "Tick";
                    #[inline]
                    fn slot() -> ::pysage_core::MessageSlot {
                        static SLOT: ::pysage_core::SlotCell = ::pysage_core::SlotCell::new();
                        SLOT.get::<Self>()
                    }
                    #[inline]
                    fn topic_key() -> ::core::option::Option<&'static ::pysage_core::TopicKey<Self>> {
                        ::std::thread_local! {
                            static KEY: ::pysage_core::TopicCell<Tick> =
                                const { ::pysage_core::TopicCell::new() };
                        }
                        ::core::option::Option::Some(&KEY)
                    }
                }
            };
        };
        assert_eq!(code.to_string(), expected.to_string());
    }

    #[test]
    fn a_wire_form_is_written_by_serde_for_a_type_that_stands_in() {
        let code = derive(
            parse_quote! {
                #[message(packet_type = 101, reply = u8)]
                enum Order { Stop, Go(#[serde(skip)] Option<Self>), Turn { by: i8 } }
            },
            "pysage_core",
        );
        let wire_type = quote! {
            ::pysage_core::__wire! {
                fn wire_type() -> ::core::option::Option<::pysage_core::__private::wire::WireType> {
                    ::core::option::Option::Some(
                        ::pysage_core::__private::wire::WireType::of_request::<Self>("u8")
                    )
                }
            }
        };
        let stand_in = quote! {
            #[derive(__serde::Serialize, __serde::Deserialize)]
            #[serde(crate = "__serde", remote = "Order")]
            enum __Wire { Stop, Go(#[serde(skip)] Option<Order>), Turn { by: i8 } }
        };
        for part in [wire_type, stand_in] {
            assert!(code.to_string().contains(&part.to_string()), "{part} in {code}");
        }
    }

    #[test]
    fn all_paths_begin_at_the_crate_of_the_entry() {
        let input: DeriveInput = parse_quote! {
            #[message(packet_type = BASE, delivery = sequenced, validate = check, reply = u8)]
            struct Bomb(#[message(range = 0..1, validate = check)] u8);
        };
        let code = derive(input, "pysage_net").to_string();
        assert!(!code.contains("pysage_core"), "{code}");
        for name in [
            "Message",
            "PacketType",
            "Delivery",
            "Property",
            "PropertyError",
            "Request",
            "Asked",
            "__private :: wire :: WireType",
            "__private :: serde",
            "__wire !",
        ] {
            assert!(code.contains(&format!(":: pysage_net :: {name}")), "{name} in {code}");
        }
    }
}
