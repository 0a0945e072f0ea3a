//! Two managers of one thread, joined.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use super::{Encoding, Envelope, Form, Inbox, Link, LinkId, Outbox, Outgoing, Rejected, Transport};
use crate::BoxError;
use crate::wire::MessageInfo;

/// One end of a link between two managers of one thread; [`memory`] makes both.
pub struct Memory {
    form: Form,
    room_bytes: usize,
    /// 0 or 1.
    end: usize,
    shared: Rc<RefCell<[Lane; 2]>>,
}

/// What is on its way to one end.
#[derive(Default)]
struct Lane {
    frames: VecDeque<Vec<u8>>,
    values: VecDeque<Envelope>,
    bytes: usize,
    /// The end that it leads to is gone.
    closed: bool,
}

/// The two ends of a link between two managers of one thread: for tests, and for programs that want
/// to see how they do with a transport in between. `room_bytes` may be on the way at a time.
///
/// ```
/// use pysage_core::transport::{Encoding, Form, memory};
/// use pysage_core::{ActorManager, Message};
///
/// #[derive(Message)]
/// #[message(packet_type = 101)]
/// struct Bomb { damage: i32 }
///
/// let (here, there) = (ActorManager::new(), ActorManager::new());
/// let (one, other) = memory(Form::Bytes(Encoding::default()), 64 << 10);
/// let link = one.link_id();
/// let one = here.attach(one)?;
/// there.attach(other)?;
/// there.register_message::<Bomb>()?;
/// here.send(one.destination(link), Bomb { damage: 10 })?;
/// here.tick()?;
/// assert_eq!(there.tick()?.received, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn memory(form: Form, room_bytes: usize) -> (Memory, Memory) {
    let shared = Rc::<RefCell<[Lane; 2]>>::default();
    let end = |end| Memory { form, room_bytes, end, shared: shared.clone() };
    (end(0), end(1))
}

impl Memory {
    const LINK: LinkId = LinkId { index: 0, generation: 0 };

    /// The one link there is.
    #[must_use]
    pub fn link_id(&self) -> LinkId {
        Memory::LINK
    }

    fn encoding(&self) -> Encoding {
        match self.form {
            Form::Bytes(encoding) => encoding,
            Form::Value => Encoding::default(),
        }
    }

    fn lane(&self, end: usize) -> RefMut<'_, Lane> {
        RefMut::map(self.shared.borrow_mut(), |lanes| &mut lanes[end])
    }

    fn ours(&self) -> RefMut<'_, Lane> {
        self.lane(self.end)
    }

    fn theirs(&self) -> RefMut<'_, Lane> {
        self.lane(1 - self.end)
    }
}

impl Transport for Memory {
    fn link(&self, link: LinkId) -> Option<Link> {
        let theirs = self.theirs();
        let room_bytes = self.room_bytes.saturating_sub(theirs.bytes);
        let there = link == Memory::LINK && !theirs.closed;
        there.then_some(Link { form: self.form, room_bytes })
    }

    fn links(&self) -> Vec<LinkId> {
        self.link(Memory::LINK).map(|_| Memory::LINK).into_iter().collect()
    }

    fn carries(&self, message: &MessageInfo) -> Result<(), String> {
        message.check(self.encoding().codec)
    }

    fn receive(&mut self, _: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        let encoding = self.encoding();
        // The lane is free while the inbox is at work: a dead-letter handler may reach for it.
        let next_frame = || self.ours().frames.pop_front();
        while let Some(frame) = next_frame() {
            if inbox.frame(Memory::LINK, &encoding, &frame) == Err(Rejected::Full) {
                self.ours().frames.push_front(frame);
                break;
            }
            self.ours().bytes -= frame.len();
        }
        let next_value = || self.ours().values.pop_front();
        while let Some(envelope) = next_value() {
            let bytes = envelope.bytes();
            if let Err(envelope) = inbox.value(Memory::LINK, envelope) {
                self.ours().values.push_front(envelope);
                break;
            }
            self.ours().bytes -= bytes;
        }
        let closed = self.theirs().closed;
        if closed {
            let lost = std::mem::take(&mut *self.theirs());
            self.theirs().closed = true;
            lost.frames.iter().for_each(|frame| inbox.undelivered(&encoding, frame));
            lost.values.iter().for_each(|envelope| inbox.undelivered_value(envelope));
        }
        Ok(())
    }

    fn transmit(&mut self, _: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        let mut lane = self.theirs();
        while !lane.closed
            && let Some(outgoing) = outbox.take(Memory::LINK)
        {
            match outgoing {
                Outgoing::Frame { bytes, .. } => {
                    lane.bytes += bytes.len();
                    lane.frames.push_back(bytes.to_vec());
                }
                Outgoing::Value(envelope) => {
                    lane.bytes += envelope.bytes();
                    lane.values.push_back(envelope);
                }
            }
        }
        Ok(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.ours().closed = true;
    }
}
