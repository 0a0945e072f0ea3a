//! One manager as the process's singleton.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ActorManager;
use crate::error::{InstallError, SingletonError};

static INSTALLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static SINGLETON: RefCell<Option<Installed>> = const { RefCell::new(None) };
}

/// Frees the process's place when it is dropped, at the end of its thread at the latest.
struct Installed(ActorManager);

impl Drop for Installed {
    fn drop(&mut self) {
        INSTALLED.store(false, Ordering::Release);
    }
}

impl ActorManager {
    /// Makes this manager the process's singleton, as long as its thread lives.
    ///
    /// Passing a manager on is the better way; the singleton is for programs that come from the
    /// original. Other threads take a [`Handle`](crate::Handle).
    ///
    /// # Errors
    /// [`InstallError::AlreadyInstalled`].
    pub fn install(&self) -> Result<(), InstallError> {
        let free = INSTALLED.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire);
        free.map_err(|_| InstallError::AlreadyInstalled)?;
        SINGLETON.set(Some(Installed(self.clone())));
        Ok(())
    }

    /// The process's singleton, on the thread that installed it.
    ///
    /// # Errors
    /// [`SingletonError`] says whether there is none, or on another thread: never is a second one
    /// made.
    #[doc(alias = "get_singleton")]
    pub fn singleton() -> Result<ActorManager, SingletonError> {
        let here = SINGLETON.with_borrow(|here| here.as_ref().map(|here| here.0.clone()));
        match here {
            Some(manager) => Ok(manager),
            None if INSTALLED.load(Ordering::Acquire) => Err(SingletonError::OtherThread),
            None => Err(SingletonError::NotInstalled),
        }
    }
}
