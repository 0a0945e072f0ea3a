//! How Windows ends a child process with its parent, whatever either of them is doing.

use std::os::windows::io::AsRawHandle;
use std::process::Child;

/// Has a child process ended by the system when this is dropped, or this process ends.
///
/// The child's own processes are not in it: its groups are in one of the child's.
#[derive(Debug)]
pub(crate) struct Job {
    /// None if the system refused: then the child ends by its standard input alone.
    _job: Option<win32job::Job>,
}

impl Job {
    pub(super) fn around(child: &Child) -> Job {
        let mut limits = win32job::ExtendedLimitInfo::new();
        limits.limit_kill_on_job_close().limit_silent_breakaway_ok();
        let job = win32job::Job::create_with_limit_info(&limits).ok();
        let job = job.filter(|job| job.assign_process(child.as_raw_handle() as isize).is_ok());
        Job { _job: job }
    }
}
