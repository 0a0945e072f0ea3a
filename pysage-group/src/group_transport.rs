//! A group as a transport of its manager.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use pysage_core::transport::{Inbox, Link, LinkId, Outbox, Transport};
use pysage_core::wire::{Codec, MessageInfo};
use pysage_core::{ActorManager, BoxError, Key, SendError, Waiting};

use crate::node::Node;

/// The links of a group, as its manager sees them.
pub(crate) struct GroupTransport {
    pub(crate) node: Rc<RefCell<Node>>,
}

/// Waits for other groups between ticks.
struct WaitingForGroups {
    node: Rc<RefCell<Node>>,
}

impl GroupTransport {
    /// Gives a manager its links to other groups.
    pub(crate) fn attach(manager: &ActorManager, node: Rc<RefCell<Node>>) -> Key<GroupTransport> {
        node.borrow_mut().wait_busily(manager.busy_wait());
        manager.wait_by(WaitingForGroups { node: node.clone() });
        manager.attach(GroupTransport { node }).expect("it carries all messages")
    }
}

impl Transport for GroupTransport {
    fn link(&self, link: LinkId) -> Option<Link> {
        self.node.borrow().links().link(link)
    }

    fn links(&self) -> Vec<LinkId> {
        self.node.borrow().links().ids()
    }

    fn receive(&mut self, now: Instant, inbox: &mut Inbox<'_>) -> Result<(), BoxError> {
        self.node.borrow_mut().receive(now, inbox)
    }

    fn transmit(&mut self, now: Instant, outbox: &mut Outbox) -> Result<(), BoxError> {
        self.node.borrow_mut().transmit(now, outbox);
        Ok(())
    }

    fn accept(
        &mut self,
        link: LinkId,
        write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Option<Result<(), SendError>> {
        self.node.borrow_mut().accept(link, write)
    }

    fn wake_at(&self) -> Option<Instant> {
        self.node.borrow().wake_at(Instant::now())
    }

    fn carries(&self, message: &MessageInfo) -> Result<(), String> {
        message.check(Codec::Fixed)
    }

    fn done(&mut self, link: LinkId, messages: u64) {
        self.node.borrow_mut().add_done(link, messages);
    }
}

impl Waiting for WaitingForGroups {
    fn wait_until(&self, time: Instant) {
        self.node.borrow_mut().wait(Some(time));
    }

    fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let waker = self.node.borrow().waker();
        Arc::new(move || waker.wake())
    }
}
