//! The wire form of a struct whose fields go as they are.
//!
//! It is what serde's derive would write, but that nothing of it is left to be a call: the reading
//! of a few numbers costs less than to hand them on.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, Member, Type};

use super::{own, place, without_lints};
use crate::check::{Wire, WireField, WireFields};
use crate::parse::Style;

/// The bodies of what writes and what reads, if the message is such a struct.
pub(super) fn bodies(ident: &Ident, wire: &Wire) -> Option<[TokenStream; 2]> {
    let Wire::Struct(fields) = wire else { return None };
    let plain = fields.list.iter().all(|field| field.serde.is_empty());
    match (fields.style, fields.list.as_slice()) {
        (_, []) => None,
        _ if !plain => None,
        (Style::Parentheses, [field]) => {
            Some([write_single(ident, field), read_single(ident, field)])
        }
        _ => Some([write(ident, fields), read(ident, fields)]),
    }
}

/// What tells whether all fields are plain to the codecs; arrays and tuples are if their parts are.
pub(super) fn is_plain(room: &TokenStream, wire: &Wire) -> Option<TokenStream> {
    let Wire::Struct(fields) = wire else { return None };
    let mut parts = Vec::new();
    fields.list.iter().for_each(|field| add_parts(&field.ty, &mut parts));
    Some(quote!(true #(&& #room::is_plain::<#parts>())*))
}

fn add_parts(ty: &TokenStream, parts: &mut Vec<TokenStream>) {
    match syn::parse2(ty.clone()) {
        Ok(Type::Array(array)) => add_parts(&array.elem.to_token_stream(), parts),
        Ok(Type::Tuple(tuple)) if !tuple.elems.is_empty() => {
            tuple.elems.iter().for_each(|part| add_parts(&part.to_token_stream(), parts));
        }
        _ => parts.push(without_lints(ty.clone())),
    }
}

fn write(ident: &Ident, fields: &WireFields) -> TokenStream {
    let (name, count) = (ident.unraw().to_string(), fields.list.len());
    let (method, part, named) = match fields.style {
        Style::Braces => (quote!(serialize_struct), quote!(SerializeStruct), true),
        _ => (quote!(serialize_tuple_struct), quote!(SerializeTupleStruct), false),
    };
    let each = fields.list.iter().map(|field| {
        let (member, place) = (member(field), place(field.ty.clone()));
        let name = named.then(|| name_of(field)).into_iter();
        let put = quote_spanned!(place=> __serde::ser::#part::serialize_field);
        quote!(#put(&mut __fields, #(#name,)* &self.#member)?;)
    });
    quote! {
        let mut __fields = __serde::Serializer::#method(__serializer, #name, #count)?;
        #(#each)*
        __serde::ser::#part::end(__fields)
    }
}

fn read(ident: &Ident, fields: &WireFields) -> TokenStream {
    let (name, count) = (ident.unraw().to_string(), fields.list.len());
    let ident = own(ident);
    let each = fields.list.iter().enumerate().map(|(index, field)| {
        let (member, ty) = (member(field), without_lints(field.ty.clone()));
        quote! {
            #member: match __serde::de::SeqAccess::next_element::<#ty>(&mut __parts)? {
                ::core::option::Option::Some(__part) => __part,
                ::core::option::Option::None => {
                    return ::core::result::Result::Err(
                        __serde::de::Error::invalid_length(#index, &self)
                    );
                }
            }
        }
    });
    let visit = quote! {
        #[inline(always)]
        fn visit_seq<__A: __serde::de::SeqAccess<'de>>(
            self,
            mut __parts: __A,
        ) -> ::core::result::Result<#ident, __A::Error> {
            ::core::result::Result::Ok(#ident { #(#each),* })
        }
    };
    let plural = if count == 1 { "" } else { "s" };
    let what = format!("`{name}` with {count} field{plural}");
    if let Style::Braces = fields.style {
        let names = fields.list.iter().map(name_of);
        let begin = quote!(deserialize_struct(__deserializer, #name, &[#(#names),*], __Fields));
        let by_name = read_by_name(&ident, fields);
        return visitor(&ident, &what, &quote!(#visit #by_name), &begin);
    }
    let begin = quote!(deserialize_tuple_struct(__deserializer, #name, #count, __Fields));
    visitor(&ident, &what, &visit, &begin)
}

/// What reads a form in which fields have names; no codec has.
fn read_by_name(ident: &Ident, fields: &WireFields) -> TokenStream {
    let names: Vec<_> = fields.list.iter().map(name_of).collect();
    let members = fields.list.iter().map(member);
    let types = fields.list.iter().map(|field| without_lints(field.ty.clone()));
    let parts: Vec<_> = (0..names.len()).map(|index| format_ident!("__part_{index}")).collect();
    quote! {
        fn visit_map<__A: __serde::de::MapAccess<'de>>(
            self,
            mut __entries: __A,
        ) -> ::core::result::Result<#ident, __A::Error> {
            #(let mut #parts = ::core::option::Option::None;)*
            while let ::core::option::Option::Some(__name) =
                __serde::de::MapAccess::next_key::<::std::string::String>(&mut __entries)?
            {
                match __name.as_str() {
                    #(#names => #parts = ::core::option::Option::Some(
                        __serde::de::MapAccess::next_value::<#types>(&mut __entries)?
                    ),)*
                    _ => {
                        __serde::de::MapAccess::next_value::<__serde::de::IgnoredAny>(
                            &mut __entries,
                        )?;
                    }
                }
            }
            ::core::result::Result::Ok(#ident {
                #(#members: match #parts {
                    ::core::option::Option::Some(__part) => __part,
                    ::core::option::Option::None => {
                        return ::core::result::Result::Err(__serde::de::Error::missing_field(#names));
                    }
                }),*
            })
        }
    }
}

fn write_single(ident: &Ident, field: &WireField) -> TokenStream {
    let (name, place) = (ident.unraw().to_string(), place(field.ty.clone()));
    let put = quote_spanned!(place=> __serde::Serializer::serialize_newtype_struct);
    quote!(#put(__serializer, #name, &self.0))
}

fn read_single(ident: &Ident, field: &WireField) -> TokenStream {
    let name = ident.unraw().to_string();
    let (ident, ty) = (own(ident), without_lints(field.ty.clone()));
    let visit = quote! {
        #[inline(always)]
        fn visit_newtype_struct<__D: __serde::Deserializer<'de>>(
            self,
            __inside: __D,
        ) -> ::core::result::Result<#ident, __D::Error> {
            ::core::result::Result::Ok(#ident(<#ty as __serde::Deserialize>::deserialize(__inside)?))
        }
    };
    let begin = quote!(deserialize_newtype_struct(__deserializer, #name, __Fields));
    visitor(&ident, &format!("`{name}`"), &visit, &begin)
}

fn visitor(ident: &Ident, what: &str, visit: &TokenStream, begin: &TokenStream) -> TokenStream {
    quote! {
        struct __Fields;

        impl<'de> __serde::de::Visitor<'de> for __Fields {
            type Value = #ident;

            fn expecting(
                &self,
                __f: &mut ::core::fmt::Formatter<'_>,
            ) -> ::core::fmt::Result {
                __f.write_str(#what)
            }

            #visit
        }

        __serde::Deserializer::#begin
    }
}

fn member(field: &WireField) -> Member {
    match &field.member {
        Member::Named(name) => Member::Named(own(name)),
        Member::Unnamed(index) => Member::Unnamed(index.clone()),
    }
}

fn name_of(field: &WireField) -> String {
    match &field.member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
