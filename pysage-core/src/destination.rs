//! Where a message is sent.

use std::fmt;

use crate::actor::ActorId;

/// Where a message can be sent: to an actor here, to whatever is at the other end of a link, or to
/// one actor there.
///
/// Whatever came over a link can be replied to: [`Context::sender`](crate::Context::sender) is one.
/// It is small, and means nobody once its link is gone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Destination(Place);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Here(ActorId),
    #[cfg(feature = "wire")]
    There(There),
}

/// The other end of a link, or an actor there.
#[cfg(feature = "wire")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct There {
    /// The manager that has the transport.
    pub(crate) manager: u16,
    /// The place of the transport in that manager.
    pub(crate) transport: u16,
    pub(crate) link: crate::transport::LinkId,
    pub(crate) actor: Option<ActorId>,
}

impl Destination {
    /// The actor, if it is one of a manager of this process.
    #[must_use]
    pub fn here(self) -> Option<ActorId> {
        match self.0 {
            Place::Here(actor) => Some(actor),
            #[cfg(feature = "wire")]
            Place::There(_) => None,
        }
    }
}

#[cfg(feature = "wire")]
impl Destination {
    pub(crate) fn at(there: There) -> Destination {
        Destination(Place::There(there))
    }

    pub(crate) fn there(self) -> Option<There> {
        match self.0 {
            Place::Here(_) => None,
            Place::There(there) => Some(there),
        }
    }

    /// The link that leads there; `None` for an actor here.
    #[must_use]
    pub fn link(self) -> Option<crate::transport::LinkId> {
        self.there().map(|there| there.link)
    }

    /// Whoever is at the other end of the link, instead of one actor there.
    #[must_use]
    pub fn whole(self) -> Destination {
        match self.0 {
            Place::Here(_) => self,
            Place::There(there) => Destination::at(There { actor: None, ..there }),
        }
    }
}

impl From<ActorId> for Destination {
    fn from(actor: ActorId) -> Destination {
        Destination(Place::Here(actor))
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Here(actor) => write!(f, "Destination({actor})"),
            #[cfg(feature = "wire")]
            Place::There(there) => {
                write!(f, "Destination(transport {}, {}", there.transport, there.link)?;
                there.actor.map_or(Ok(()), |actor| write!(f, ", {actor} there"))?;
                f.write_str(")")
            }
        }
    }
}
