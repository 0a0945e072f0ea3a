//! How a group is started.

use std::io;
use std::time::Instant;

use super::Node;
use super::child::{Body, GroupKind, Running};
use crate::control::Control;
use crate::directory::Peer;
use crate::error::GroupError;
use crate::life;
use crate::line::{Line, LinkEnd, ThreadLine};
use crate::name::GroupName;
use crate::node::Birth;
use crate::socket::{self, Nonce, Waiter};

impl Node {
    /// Starts a group, for the first time or again.
    pub(super) fn begin(&mut self, index: usize, now: Instant) -> Result<(), GroupError> {
        let child = &self.children[index];
        let (group, config) = (child.name.clone(), child.config.clone());
        let by_value = child.kind == GroupKind::Thread && !config.acked && !self.terms.acked;
        let system = |what| {
            let group = group.clone();
            move |cause| GroupError::System { group, what, cause }
        };
        let (ours, theirs) = LinkEnd::pair(by_value).map_err(system("a link cannot be made"))?;
        let running = match child.kind {
            GroupKind::Process => self.begin_process(index, theirs)?,
            GroupKind::Thread => {
                self.begin_thread(index, theirs).map_err(system("a thread cannot be started"))?
            }
        };
        let terms = config.terms();
        let peer = Peer { name: group, terms, terms_back: Some(terms), by_value };
        self.connect(peer, ours);
        self.children[index].started(running, now);
        Ok(())
    }

    fn begin_process(&mut self, index: usize, link: LinkEnd) -> Result<Running, GroupError> {
        let child = &self.children[index];
        let nonce = Nonce::fresh();
        let not_run = |program| {
            let group = child.name.clone();
            move |cause| GroupError::NotRun { group, program, cause }
        };
        let program = child.program().map_err(not_run("the running program".into()))?;
        let (process, socket) = socket::spawn(program.as_os_str(), &child.config.arguments, nonce)
            .map_err(not_run(program.clone()))?;
        let mut line = Line::Process(socket);
        let start = Control::Start {
            nonce: nonce.bytes(),
            group: child.name.to_string(),
            entry: child.entry.name().to_owned(),
            settings: child.config.settings(),
        };
        // A process that is gone already is told by the end of its line.
        drop(line.tell_with(start, Some(link)));
        Ok(Running { body: Body::Process(process), line })
    }

    fn begin_thread(&mut self, index: usize, link: LinkEnd) -> io::Result<Running> {
        let child = &self.children[index];
        let waiter = Waiter::new()?;
        let (line, of_thread) = ThreadLine::pair([self.waker(), waiter.waker()]);
        let (entry, settings) = (child.entry, child.config.settings());
        let birth = Birth {
            name: child.name.clone(),
            settings,
            line: Line::Thread(of_thread),
            link,
            waiter,
        };
        let thread = std::thread::Builder::new().name(thread_name(&child.name));
        let thread = thread.spawn(move || {
            life::live(birth, &entry);
        })?;
        Ok(Running { body: Body::Thread(thread), line: Line::Thread(line) })
    }
}

/// Systems show few letters of a thread's name: the last ones tell most.
fn thread_name(group: &GroupName) -> String {
    group.as_str().rsplit('/').next().unwrap_or_default().to_owned()
}
