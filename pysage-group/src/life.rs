//! The life of a group: it starts, ticks until it is to end, and ends.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Instant;

use pysage_core::{ActorManager, Flow, TickRate};

use crate::control::Settings;
use crate::entry::Entry;
use crate::group_transport::GroupTransport;
use crate::node::{Birth, Node};

/// Lives as a group; returns what went wrong, if something did.
pub(crate) fn live(birth: Birth, entry: &Entry) -> Option<String> {
    let settings = birth.settings.clone();
    let node = Rc::new(RefCell::new(Node::born(birth, Instant::now())));
    let failure = start(&node, entry).and_then(|manager| {
        let ended = run(&manager, &node, &settings);
        wind_up(&manager, &node, ended.is_err());
        ended
    });
    let failure = failure.err();
    node.borrow_mut().end(failure.clone(), Instant::now() + settings.stop_timeout / 2);
    failure
}

/// Makes the group's manager, and what its entry puts there.
fn start(node: &Rc<RefCell<Node>>, entry: &Entry) -> Result<ActorManager, String> {
    let started = catch_unwind(AssertUnwindSafe(|| {
        let config = entry.manager_config().halt_at_panic(true);
        let manager = ActorManager::with_config(config);
        GroupTransport::attach(&manager, node.clone());
        entry.start(&manager).map(|()| manager)
    }));
    let manager = match started {
        Ok(Ok(manager)) => manager,
        Ok(Err(error)) => return Err(format!("entry `{}`: {error}", entry.name())),
        Err(panic) => return Err(format!("entry `{}` panicked: {}", entry.name(), text(&*panic))),
    };
    let mut table = Vec::new();
    manager.message_table().encode(&mut table);
    node.borrow_mut().tell_ready(table);
    Ok(manager)
}

/// Ticks until the group is to end.
fn run(
    manager: &ActorManager,
    node: &Rc<RefCell<Node>>,
    settings: &Settings,
) -> Result<(), String> {
    let mut rate = TickRate::every(settings.tick_interval);
    if let Some(budget) = settings.tick_budget {
        rate = rate.budget(budget);
    }
    if settings.wakes {
        rate = rate.or_when_woken();
    }
    let has_seen_stop = Cell::new(false);
    let ran = manager.run(rate, |report| {
        let node = node.borrow();
        let idle = report.drained && report.waiting == 0;
        let is_to_end = match node.is_asked_to_stop() {
            // What was handed over before it was asked to stop is there a tick later.
            Some(asked) => {
                let patience = settings.stop_timeout / 2;
                let is_done = node.has_done_its_work() && (idle || asked.elapsed() >= patience);
                has_seen_stop.replace(true) && is_done
            }
            None => node.is_orphan(),
        };
        if is_to_end || report.panics > 0 { Flow::Stop } else { Flow::Continue }
    });
    match (manager.take_panic(), ran) {
        (Some(panic), _) => Err(panic.to_string()),
        (None, Err(error)) => Err(error.to_string()),
        (None, Ok(_)) => Ok(()),
    }
}

/// Lets the actors go, and passes on what was sent to the last.
fn wind_up(manager: &ActorManager, node: &Rc<RefCell<Node>>, failed: bool) {
    // What is dropped from here on was not handled.
    node.borrow_mut().stop_counting();
    if !failed {
        manager.reset();
    }
    // A transport that fails now has nobody to tell.
    drop(manager.flush());
}

/// The text of a panic.
fn text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text")
}
