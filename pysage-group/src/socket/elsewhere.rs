//! The room where there are no groups in processes: threads wait, and all else is refused.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, ErrorKind, IoSlice};
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Flushed, Nonce, Progress};

fn unsupported() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, "groups in processes need Linux or macOS")
}

/// What would be waited for beside the waker.
pub(crate) struct Interest<'a>(Infallible, PhantomData<&'a ()>);

/// There is none.
#[derive(Debug)]
pub(crate) struct Stream(Infallible);

impl Stream {
    pub(crate) fn pair() -> io::Result<(Stream, Stream)> {
        Err(unsupported())
    }

    pub(crate) fn read(&self, _: &mut [u8]) -> io::Result<Progress> {
        match self.0 {}
    }

    pub(crate) fn write_vectored(&self, _: &[IoSlice<'_>]) -> io::Result<Progress> {
        match self.0 {}
    }

    pub(crate) fn interest(&self, _: bool, _: bool) -> Interest<'_> {
        match self.0 {}
    }
}

/// There is none.
#[derive(Debug)]
pub(crate) struct Control(Infallible);

/// What would come.
pub(crate) struct Received {
    pub(crate) body: Vec<u8>,
    pub(crate) handover: Option<Stream>,
}

/// What could go wrong.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct ControlError(#[from] io::Error);

impl Control {
    pub(crate) fn queue(&mut self, _: &[u8], _: Option<Stream>) -> Result<(), ControlError> {
        match self.0 {}
    }

    pub(crate) fn flush(&mut self) -> io::Result<Flushed> {
        match self.0 {}
    }

    pub(crate) fn is_flushed(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn receive(&mut self) -> Result<Option<Received>, ControlError> {
        match self.0 {}
    }

    pub(crate) fn receive_by(&mut self, _: Instant) -> Result<Received, ControlError> {
        match self.0 {}
    }

    pub(crate) fn is_ended(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn interest(&self) -> Interest<'_> {
        match self.0 {}
    }
}

/// There is none.
#[derive(Debug)]
pub(crate) struct Process(Infallible);

/// How it would have ended.
pub(crate) struct Exit(Infallible);

impl Process {
    pub(crate) fn id(&self) -> u32 {
        match self.0 {}
    }

    pub(crate) fn kill(&mut self) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn wait_by(&mut self, _: Instant) -> io::Result<Option<Exit>> {
        match self.0 {}
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

pub(crate) fn spawn(_: &OsStr, _: &[OsString], _: Nonce) -> io::Result<(Process, Control)> {
    Err(unsupported())
}

/// What a group would have from its parent.
pub(crate) struct Inherited {
    pub(crate) control: Control,
    pub(crate) nonce: Nonce,
}

pub(crate) fn inherited() -> io::Result<Option<Inherited>> {
    Ok(None)
}

pub(crate) fn watch_parent(control: &Control, _: Duration) -> io::Result<()> {
    match control.0 {}
}

/// Where a thread waits until it is woken.
#[derive(Debug)]
pub(crate) struct Waiter(Waker);

/// Ends the wait of a [`Waiter`] from any thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waker(Arc<(Mutex<bool>, Condvar)>);

impl Waiter {
    pub(crate) fn new() -> io::Result<Waiter> {
        Ok(Waiter(Waker::default()))
    }

    /// Waits until the time is there, or a waker was used since the last wait.
    pub(crate) fn wait(&self, _: &[Interest<'_>], until: Option<Instant>) -> io::Result<()> {
        let (woken, waking) = &*self.0.0;
        let woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
        let asleep = |woken: &mut bool| !*woken;
        let mut woken = match until.map(|until| until.saturating_duration_since(Instant::now())) {
            Some(time) => {
                let waited = waking.wait_timeout_while(woken, time, asleep);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => waking.wait_while(woken, asleep).unwrap_or_else(PoisonError::into_inner),
        };
        *woken = false;
        Ok(())
    }

    pub(crate) fn waker(&self) -> Waker {
        self.0.clone()
    }
}

impl Waker {
    pub(crate) fn wake(&self) {
        let (woken, waking) = &*self.0;
        *woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        waking.notify_all();
    }
}
