//! Groups in processes of their own: the program, started once more.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pysage_core::transport::DEFAULT_INBOX_BYTES;

use crate::control::Control;
use crate::entry::Entry;
use crate::error::GroupError;
use crate::life;
use crate::line::{Line, LinkEnd};
use crate::name::GroupName;
use crate::node::Birth;
use crate::socket::{self, Inherited, Waiter};

/// How long a group waits to be told what it is.
const START_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a group may take to notice that its parent is gone before it is killed.
const ORPHAN_GRACE: Duration = Duration::from_millis(500);

/// How long a process that ends waits for others to have read what it wrote, where the system would
/// drop that with the process.
const PART_TIMEOUT: Duration = Duration::from_millis(500);

static ENABLED: AtomicBool = AtomicBool::new(false);

/// Lets the program have groups in processes: call it as the first line of `main`.
///
/// A group in a process is the same program, started once more. There this call becomes the group,
/// with one of the `entries`, and never returns; in the first process it does nothing else but
/// remember that it was called.
///
/// ```no_run
/// use pysage_group::{ActorManager, Entry, GroupConfig, Groups, enable_groups};
/// # use pysage_group::{Actor, Subscriptions};
/// # #[derive(Default)]
/// # struct Worker;
/// # impl Actor for Worker { fn subscriptions(_: &mut Subscriptions<Self>) {} }
///
/// const WORKER: Entry = Entry::actor::<Worker>("worker");
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     enable_groups([WORKER]);
///     let manager = ActorManager::new();
///     manager.add_process_group("worker1", WORKER, GroupConfig::default())?;
///     manager.tick()?;
///     manager.clear_groups()?;
///     Ok(())
/// }
/// ```
///
/// # Panics
/// If two entries have one name.
pub fn enable_groups(entries: impl IntoIterator<Item = Entry>) {
    let entries: Vec<_> = entries.into_iter().collect();
    for (index, entry) in entries.iter().enumerate() {
        let taken = entries[..index].iter().any(|before| before.name() == entry.name());
        assert!(!taken, "two entries have the name `{}`", entry.name());
    }
    ENABLED.store(true, Ordering::Release);
    match socket::inherited() {
        Ok(None) => {}
        Ok(Some(inherited)) => {
            let status = become_group(inherited, &entries);
            socket::part(Instant::now() + PART_TIMEOUT);
            std::process::exit(status)
        }
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(START_FAILED);
        }
    }
}

/// Exit statuses of groups.
const START_FAILED: i32 = 2;
const FAILED: i32 = 101;

/// Whether groups in processes can be added from here.
pub(crate) fn check_enabled(has_own_program: bool) -> Result<(), GroupError> {
    match ENABLED.load(Ordering::Acquire) {
        true => Ok(()),
        false if socket::is_marked() => Err(GroupError::ForgottenInGroup),
        false if has_own_program => Ok(()),
        false => Err(GroupError::NotEnabled),
    }
}

/// Lives as the group that the parent says; returns the exit status.
fn become_group(inherited: Inherited, entries: &[Entry]) -> i32 {
    let Inherited { mut control, nonce: expected } = inherited;
    let told = control.receive_by(Instant::now() + START_TIMEOUT);
    let told = told.map_err(|error| error.to_string()).and_then(|told| {
        let control = Control::decode(&told.body).map_err(|error| error.to_string())?;
        Ok((control, told.handover))
    });
    let (group, entry, settings, stream) = match told {
        Ok((Control::Start { nonce, group, entry, settings }, Some(stream)))
            if nonce == expected.bytes() =>
        {
            (group, entry, settings, stream)
        }
        Ok(_) => {
            eprintln!("this process was started as a group by something that is no pysage");
            return START_FAILED;
        }
        Err(error) => {
            eprintln!("this process was started as a group, and cannot be one: {error}");
            // The parent learns at least which version this is.
            drop(Line::Process(control).tell(Control::NoSuchEntry));
            return START_FAILED;
        }
    };
    keep_freed_memory();
    let watched = socket::watch_parent(&control, ORPHAN_GRACE);
    let mut line = Line::Process(control);
    let Some(entry) = entries.iter().find(|known| known.name() == entry) else {
        drop(line.tell(Control::NoSuchEntry));
        return START_FAILED;
    };
    let waiter = match watched.and_then(|()| Waiter::new()) {
        Ok(waiter) => waiter,
        Err(error) => {
            let failure = Some(format!("it cannot wait for its parent: {error}"));
            drop(line.tell(Control::Ending { failure }));
            return START_FAILED;
        }
    };
    let (name, link) = (GroupName::known(&group), LinkEnd::Stream(stream));
    match life::live(Birth { name, settings, line, link, waiter }, entry) {
        None => 0,
        Some(_) => FAILED,
    }
}

/// Has glibc keep up to twice so much freed memory for what is allocated next. As much as
/// [`DEFAULT_INBOX_BYTES`] is decoded in a tick at most.
const KEPT_BYTES: usize = DEFAULT_INBOX_BYTES;

/// Keeps memory of messages that were handled for those that come next, where the allocator is
/// glibc's. It gives what lies at the end of its heap back to the system once that is 128 KiB, and so
/// after each tick with many messages, and gets it anew page by page. It learns from the largest block
/// that was ever given back that a program goes on to need so much (mallopt(3), `M_MMAP_THRESHOLD`).
fn keep_freed_memory() {
    drop(black_box(Vec::<u8>::with_capacity(KEPT_BYTES)));
}
