//! The requests that wait for their answers, by ticket.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

#[cfg(feature = "wire")]
use crate::destination::Destination;
use crate::error::AskError;
use crate::manager::tasks::TaskKey;
#[cfg(feature = "wire")]
use crate::message::PacketType;

/// The answers that are still to come. Tickets are never used again.
#[derive(Default)]
pub(crate) struct Asks {
    last_ticket: Cell<u64>,
    open: RefCell<BTreeMap<u64, Open>>,
    deadlines: RefCell<BTreeSet<(Instant, u64)>>,
}

struct Open {
    pending: Rc<dyn ErasedPending>,
    /// None if it is beyond all times.
    deadline: Option<Instant>,
    /// The other end of the link that was asked, and the type of the request.
    #[cfg(feature = "wire")]
    asked: Option<(Destination, Option<PacketType>)>,
}

impl Asks {
    pub(super) fn open(
        &self,
        pending: Rc<dyn ErasedPending>,
        deadline: Option<Instant>,
        capacity: usize,
    ) -> Result<u64, AskError> {
        let mut open = self.open.borrow_mut();
        if open.len() >= capacity {
            return Err(AskError::Full);
        }
        let ticket = self.last_ticket.get() + 1;
        self.last_ticket.set(ticket);
        let entry = Open {
            pending,
            deadline,
            #[cfg(feature = "wire")]
            asked: None,
        };
        open.insert(ticket, entry);
        self.deadlines.borrow_mut().extend(deadline.map(|deadline| (deadline, ticket)));
        Ok(ticket)
    }

    /// Says over which link the answer has to come, and to a request of which type.
    #[cfg(feature = "wire")]
    pub(super) fn set_asked(&self, ticket: u64, asked: Destination, request: Option<PacketType>) {
        if let Some(open) = self.open.borrow_mut().get_mut(&ticket) {
            open.asked = Some((asked, request));
        }
    }

    /// Over which link the answer has to come, and to a request of which type.
    #[cfg(feature = "wire")]
    pub(super) fn asked(&self, ticket: u64) -> Option<(Destination, Option<PacketType>)> {
        self.open.borrow().get(&ticket)?.asked
    }

    pub(super) fn get(&self, ticket: u64) -> Option<Rc<dyn ErasedPending>> {
        self.open.borrow().get(&ticket).map(|open| open.pending.clone())
    }

    pub(super) fn remove(&self, ticket: u64) -> Option<Rc<dyn ErasedPending>> {
        let open = self.open.borrow_mut().remove(&ticket)?;
        if let Some(deadline) = open.deadline {
            self.deadlines.borrow_mut().remove(&(deadline, ticket));
        }
        Some(open.pending)
    }

    pub(super) fn set_deadline(&self, ticket: u64, deadline: Option<Instant>) {
        let mut open = self.open.borrow_mut();
        let Some(open) = open.get_mut(&ticket) else { return };
        let mut deadlines = self.deadlines.borrow_mut();
        if let Some(before) = std::mem::replace(&mut open.deadline, deadline) {
            deadlines.remove(&(before, ticket));
        }
        deadlines.extend(deadline.map(|deadline| (deadline, ticket)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }

    /// Those whose time is up, in the order of their deadlines.
    pub(super) fn overdue(&self, now: Instant) -> Vec<u64> {
        let deadlines = self.deadlines.borrow();
        let overdue = deadlines.iter().take_while(|(deadline, _)| *deadline <= now);
        overdue.map(|(_, ticket)| *ticket).collect()
    }

    /// The oldest first.
    pub(super) fn all(&self) -> Vec<u64> {
        self.open.borrow().keys().copied().collect()
    }
}

/// Where an answer is put, and who is told of it.
pub(super) struct Pending<R> {
    result: Cell<Option<Result<R, AskError>>>,
    waiter: Cell<(Option<TaskKey>, Option<Waker>)>,
}

/// What can be done with a pending answer whatever its type.
pub(super) trait ErasedPending {
    /// Takes the answer out of an `Option` of its type; says whether it is one.
    fn fill(&self, reply: &mut dyn Any) -> bool;
    fn fail(&self, error: AskError);
    /// The task and the waker that wait for the answer.
    fn take_waiter(&self) -> (Option<TaskKey>, Option<Waker>);
}

impl<R> Pending<R> {
    pub(super) fn new() -> Pending<R> {
        Pending { result: Cell::new(None), waiter: Cell::default() }
    }

    pub(super) fn take(&self) -> Option<Result<R, AskError>> {
        self.result.take()
    }

    pub(super) fn is_ready(&self) -> bool {
        let result = self.result.take();
        let ready = result.is_some();
        self.result.set(result);
        ready
    }

    pub(super) fn wait(&self, task: Option<TaskKey>, waker: Option<Waker>) {
        self.waiter.set((task, waker));
    }
}

impl<R: 'static> ErasedPending for Pending<R> {
    fn fill(&self, reply: &mut dyn Any) -> bool {
        let Some(reply) = reply.downcast_mut::<Option<R>>().and_then(Option::take) else {
            return false;
        };
        self.result.set(Some(Ok(reply)));
        true
    }

    fn fail(&self, error: AskError) {
        self.result.set(Some(Err(error)));
    }

    fn take_waiter(&self) -> (Option<TaskKey>, Option<Waker>) {
        self.waiter.take()
    }
}
