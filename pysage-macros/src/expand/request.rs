//! The answer to a message that has one.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::{implement, own, statics, without_lints};
use crate::check::Model;

/// The implementation of `Request`, if the message has a reply.
pub(super) fn implementation(model: &Model) -> TokenStream {
    let Some(reply) = &model.reply else { return TokenStream::new() };
    let reply = without_lints(reply.to_token_stream());
    let statics = asked(model);
    implement(model, &quote!(Request), &quote!(type Reply = #reply; #statics))
}

/// Where what is known of the request on its way is kept, as of the message itself.
fn asked(model: &Model) -> TokenStream {
    let (root, ident) = (&model.root, own(&model.ident));
    let asked = |message| quote!(#root::Asked<#message>);
    let names = [quote!(asked_slot), quote!(asked_key)];
    statics(model, names, &asked(quote!(Self)), &asked(quote!(#ident)))
}
