//! The wire form of a message that has a packet type.
//!
//! For a struct whose fields go as they are it is written here, and else by serde's own derive, for a
//! type that stands in for the message: so the message itself needs no line of serde, and clashes
//! with none.

mod plain;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, Member};

use super::{own, within_expansion, without_lints};
use crate::check::{Model, Wire, WireField, WireFields};
use crate::parse::{Style, written};
use crate::spelling::spell;

/// The item of `Message` that gives the wire form to whoever knows the type only by its trait.
pub(super) fn wire_type(model: &Model) -> TokenStream {
    if model.wire.is_none() {
        return TokenStream::new();
    }
    let (root, wire) = (&model.root, room(model));
    let made = match &model.reply {
        None => quote!(#wire::WireType::of::<Self>()),
        Some(reply) => {
            let name = spell(quote!(#reply));
            // What is wrong with the reply is told at the reply.
            let make = quote_spanned!(place(quote!(#reply))=> of_request::<Self>);
            quote!(#wire::WireType::#make(#name))
        }
    };
    quote! {
        #root::__wire! {
            fn wire_type() -> ::core::option::Option<#wire::WireType> {
                ::core::option::Option::Some(#made)
            }
        }
    }
}

/// The implementation of `WireMessage`.
pub(super) fn implementation(model: &Model) -> TokenStream {
    let Some(wire) = &model.wire else { return TokenStream::new() };
    let root = &model.root;
    if let Some([write, read]) = plain::bodies(&model.ident, wire) {
        let is_plain = plain::is_plain(&room(model), wire);
        let trait_implementation = implement(model, &write, &read, is_plain);
        return quote! {
            #root::__wire! {
                use #root::__private::serde as __serde;
                #trait_implementation
            }
        };
    }
    let remote = LitStr::new(&model.ident.to_string(), Span::call_site());
    let form = match wire {
        Wire::Struct(fields) => {
            let semicolon = match fields.style {
                Style::Braces => None,
                Style::Parentheses | Style::Nothing => Some(quote!(;)),
            };
            let fields = list(fields);
            quote!(struct __Wire #fields #semicolon)
        }
        Wire::Enum(variants) => {
            let variants = variants.iter().map(|(ident, fields)| {
                let (ident, fields) = (own(ident), list(fields));
                quote!(#ident #fields)
            });
            quote!(enum __Wire { #(#variants),* })
        }
    };
    let trait_implementation = implement(
        model,
        &quote!(__Wire::serialize(self, __serializer)),
        &quote!(__Wire::deserialize(__deserializer)),
        None,
    );
    quote! {
        #root::__wire! {
            use #root::__private::serde as __serde;

            #[derive(__serde::Serialize, __serde::Deserialize)]
            #[serde(crate = "__serde", remote = #remote)]
            #form

            #trait_implementation
        }
    }
}

/// Keeps rustc from adding that the message has no wire form wherever it is sent.
pub(super) fn stand_in(model: &Model) -> TokenStream {
    if model.wire.is_none() || model.is_generic() {
        return TokenStream::new();
    }
    let root = &model.root;
    let never = quote!(::core::unreachable!());
    let trait_implementation = implement(model, &never, &never, None);
    quote! {
        #root::__wire! {
            use #root::__private::serde as __serde;
            #trait_implementation
        }
    }
}

fn implement(
    model: &Model,
    serialize: &TokenStream,
    deserialize: &TokenStream,
    is_plain: Option<TokenStream>,
) -> TokenStream {
    let (wire, ident) = (room(model), own(&model.ident));
    let is_plain = is_plain.map(|is_plain| {
        quote! {
            #[inline(always)]
            fn is_plain() -> bool {
                #is_plain
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #wire::WireMessage for #ident {
            #[inline(always)]
            fn serialize<__S: __serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #serialize
            }

            #[inline(always)]
            fn deserialize<'de, __D: __serde::Deserializer<'de>>(
                __deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #deserialize
            }

            #is_plain
        }
    }
}

/// Where the crate has what is public of the wire form.
fn room(model: &Model) -> TokenStream {
    let root = &model.root;
    quote!(#root::__private::wire)
}

fn list(WireFields { style, list }: &WireFields) -> TokenStream {
    let fields = list.iter().map(field);
    match style {
        Style::Braces => quote!({ #(#fields),* }),
        Style::Parentheses => quote!((#(#fields),*)),
        Style::Nothing => TokenStream::new(),
    }
}

/// A field whose first token has the place of its type, since serde's derive reports there what is
/// wrong with the type.
fn field(WireField { member, ty, serde }: &WireField) -> TokenStream {
    let place = place(ty.clone());
    let attribute = match serde.as_slice() {
        [] => None,
        serde => Some(quote_spanned!(place=> #[serde(#(#serde),*)])),
    };
    let name = match member {
        Member::Named(name) => {
            let mut name = name.clone();
            name.set_span(place);
            Some(quote!(#name:))
        }
        Member::Unnamed(_) => None,
    };
    let ty = without_lints(ty.clone());
    quote!(#attribute #name #ty)
}

fn place(ty: TokenStream) -> Span {
    within_expansion(written(&ty).span())
}
