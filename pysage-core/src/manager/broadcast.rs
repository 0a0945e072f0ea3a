//! Sending to everybody.

use super::send::{Plain, check, write_frame};
use super::wiring::Attached;
use super::{ActorManager, World};
use crate::actor::{ActorId, Context};
use crate::destination::There;
use crate::error::SendError;
use crate::transport::{Encoding, Form, Head, OwnedReceiver};
use crate::wire::WireMessage;

/// What became of a broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broadcast {
    /// How many links took the message.
    pub sent: usize,
    /// How many had no room for it, or could not carry it.
    pub refused: usize,
}

impl ActorManager {
    /// Sends a message to the other end of every link of every transport. It is encoded once for
    /// all links that take it in the same form, however many there are.
    #[doc(alias = "broadcast_message")]
    pub fn broadcast<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        self.world().broadcast(None, &message)
    }
}

impl Context {
    /// Sends a message as [`ActorManager::broadcast`] does; its receivers learn which actor it is
    /// from.
    #[doc(alias = "broadcast_message")]
    pub fn broadcast<M: WireMessage + Clone>(&self, message: M) -> Broadcast {
        self.world().broadcast(Some(self.actor()), &message)
    }
}

/// A message on its way to all links, with its frame for each encoding that was met so far: `None`
/// where it cannot be written.
struct Copies<'a, M> {
    head: Head,
    message: &'a M,
    frames: Vec<(Encoding, Option<Vec<u8>>)>,
}

impl World {
    fn broadcast<M: WireMessage + Clone>(&self, sender: Option<ActorId>, message: &M) -> Broadcast {
        let links = self.all_links();
        let fits = check(message).is_ok() && self.register_sent::<M>().is_ok();
        if !fits {
            return Broadcast { sent: 0, refused: links.len() };
        }
        let head = Head { receiver: OwnedReceiver::Subscribers, sender };
        let mut copies = Copies { head, message, frames: Vec::new() };
        let sent = links.iter().filter(|there| self.post_copy(**there, &mut copies)).count();
        Broadcast { sent, refused: links.len() - sent }
    }

    /// Puts a copy into the outbox of a link; says whether it took it.
    fn post_copy<M: WireMessage + Clone>(&self, there: There, copies: &mut Copies<'_, M>) -> bool {
        let posted = self.with_link(there, |attached, link| match link.form {
            Form::Value => {
                let copy = Plain(copies.message.clone());
                attached.post_value(there.link, link, copies.head.clone(), copy)
            }
            Form::Bytes(encoding) => {
                let frame = copies.frame(encoding).ok_or(SendError::NoSuchLink)?;
                let mut write = |out: &mut Vec<u8>| {
                    out.extend_from_slice(frame);
                    Ok(())
                };
                let carried = (M::DELIVERY, M::STREAM);
                match attached.accept(there.link, &mut write) {
                    Some(accepted) => accepted,
                    None => attached.post_frame(there.link, link, encoding, carried, write),
                }
            }
        });
        posted.is_ok()
    }

    fn all_links(&self) -> Vec<There> {
        let mut links = Vec::new();
        self.each_attached(|transport, attached: &Attached| {
            let Ok(at) = attached.transport.try_borrow() else { return };
            let there = |link| There { manager: self.number(), transport, link, actor: None };
            links.extend(at.links().into_iter().map(there));
        });
        links
    }
}

impl<M: WireMessage + Clone> Copies<'_, M> {
    fn frame(&mut self, encoding: Encoding) -> Option<&[u8]> {
        let known = self.frames.iter().position(|(written, _)| *written == encoding);
        let place = known.unwrap_or_else(|| {
            let (copy, mut frame) = (Plain(self.message.clone()), Vec::new());
            let written = write_frame(&self.head, &copy, &encoding, &mut frame);
            self.frames.push((encoding, written.ok().map(|()| frame)));
            self.frames.len() - 1
        });
        self.frames[place].1.as_deref()
    }
}
