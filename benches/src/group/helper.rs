//! The processes in which the hand-written peers and those of others run: this program once more.

use std::{
    error::Error,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::{Child, Command, Stdio},
    time::Duration,
};

use clap::{Args, Subcommand};
use rustix::{
    net::sockopt::set_socket_send_buffer_size,
    process::{Pid, Signal, kill_process},
};

use super::{ipc, memory, raw};

/// What a helper does. It is started by the benches alone.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand, Clone, Debug)]
pub enum Role {
    /// Handles messages from the stream
    Receive { bytes: usize, n: u64 },
    /// Sends back what comes
    Echo { bytes: usize },
    /// Tells that it is there, and waits
    Ready,
    /// Sleeps 30 ms at a time
    Sleep,
    /// Handles bytes from ipc-channel
    IpcBytes { bytes: usize, n: u64, name: String },
    /// Handles messages from ipc-channel
    IpcTyped { bytes: usize, n: u64, name: String },
    /// Sends to a group that handles nothing
    SlowConsumer { bytes: usize, seconds: u64, seed: u64 },
}

/// A helper, at the other end of a stream. Dropped, it is killed.
pub struct Helper {
    child: Child,
    pub stream: UnixStream,
}

/// As a group's links have it.
const SEND_BUFFER_BYTES: usize = 1 << 20;

impl Helper {
    pub fn start(role: &Role) -> io::Result<Helper> {
        let (stream, theirs) = UnixStream::pair()?;
        for end in [&stream, &theirs] {
            set_socket_send_buffer_size(end, SEND_BUFFER_BYTES)?;
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(super::HELPER).args(role.arguments()).stdin(Stdio::from(OwnedFd::from(theirs)));
        Ok(Helper { child: command.spawn()?, stream })
    }

    /// The next two numbers that it tells.
    pub fn pair(&mut self) -> io::Result<(u64, u64)> {
        let mut bytes = [0; 16];
        self.stream.read_exact(&mut bytes)?;
        let (first, second) = bytes.split_at(8);
        let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("it is a half"));
        Ok((number(first), number(second)))
    }

    pub fn kill(&self) -> io::Result<()> {
        kill(self.child.id())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended by itself; either way none is left.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Ends a process with SIGKILL.
pub fn kill(process: u32) -> io::Result<()> {
    let process = Pid::from_raw(process.cast_signed()).ok_or(io::ErrorKind::NotFound)?;
    Ok(kill_process(process, Signal::KILL)?)
}

impl Role {
    fn arguments(&self) -> Vec<String> {
        let text = |parts: &[&dyn ToString]| parts.iter().map(|part| part.to_string()).collect();
        match self {
            Role::Receive { bytes, n } => text(&[&"receive", bytes, n]),
            Role::Echo { bytes } => text(&[&"echo", bytes]),
            Role::Ready => text(&[&"ready"]),
            Role::Sleep => text(&[&"sleep"]),
            Role::IpcBytes { bytes, n, name } => text(&[&"ipc-bytes", bytes, n, name]),
            Role::IpcTyped { bytes, n, name } => text(&[&"ipc-typed", bytes, n, name]),
            Role::SlowConsumer { bytes, seconds, seed } => {
                text(&[&"slow-consumer", bytes, seconds, seed])
            }
        }
    }
}

/// Is a helper, at the other end of standard input. It ends with its parent, whose end of the
/// stream ends then.
pub fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    match &arguments.role {
        Role::Receive { bytes, n } => {
            let told = raw::receive(&mut stream, *bytes, *n)?;
            tell(&mut stream, told)?;
        }
        Role::Echo { bytes } => raw::echo(&mut stream, *bytes)?,
        Role::Ready => {
            stream.write_all(&[1])?;
            wait(&mut stream)?;
        }
        Role::Sleep => {
            let mut watched = stream.try_clone()?;
            std::thread::spawn(move || {
                drop(wait(&mut watched));
                std::process::exit(0);
            });
            loop {
                std::thread::sleep(Duration::from_millis(30));
            }
        }
        Role::IpcBytes { bytes, n, name } => {
            let told = ipc::receive_bytes(name, *bytes, *n)?;
            tell(&mut stream, told)?;
        }
        Role::IpcTyped { bytes, n, name } => {
            let told = ipc::receive_typed(name, *bytes, *n)?;
            tell(&mut stream, told)?;
        }
        Role::SlowConsumer { bytes, seconds, seed } => {
            for told in memory::send_to_slow(*bytes, *seconds, *seed)? {
                tell(&mut stream, told)?;
            }
        }
    }
    Ok(())
}

fn tell(stream: &mut UnixStream, (first, second): (u64, u64)) -> io::Result<()> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first.to_le_bytes());
    bytes[8..].copy_from_slice(&second.to_le_bytes());
    stream.write_all(&bytes)
}

/// Waits for the end of the stream.
fn wait(stream: &mut UnixStream) -> io::Result<()> {
    while stream.read(&mut [0])? > 0 {}
    Ok(())
}
