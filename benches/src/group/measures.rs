//! What the system tells of processes.

use std::{fs, io, time::Duration};

/// The share of a processor, in percent, that a process takes during so many seconds.
pub fn cpu_percent(process: u32, seconds: u64, pass: impl FnOnce(Duration)) -> io::Result<f64> {
    // Its start is over.
    std::thread::sleep(Duration::from_millis(100));
    let before_ns = cpu_ns(process)?;
    let start_ns = super::load::now_ns();
    pass(Duration::from_secs(seconds.max(2)));
    let elapsed_ns = super::load::now_ns() - start_ns;
    Ok((cpu_ns(process)? - before_ns) as f64 / elapsed_ns as f64 * 100.0)
}

/// How long the threads of a process have run.
fn cpu_ns(process: u32) -> io::Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let told = fs::read_to_string(thread?.path().join("schedstat"))?;
        sum += told.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}

/// Forgets the most memory that this process had in use.
pub fn forget_peak() -> io::Result<()> {
    fs::write("/proc/self/clear_refs", "5")
}

/// The memory that this process has in use, and the most that it had.
pub fn resident_and_peak_bytes() -> io::Result<(u64, u64)> {
    let told = fs::read_to_string("/proc/self/status")?;
    let bytes = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
    };
    let both = bytes("VmRSS:").zip(bytes("VmHWM:"));
    both.ok_or_else(|| io::Error::other("/proc/self/status does not tell the memory in use"))
}
