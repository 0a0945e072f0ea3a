//! What sees each handling outside of the library: a pipe that this process holds.
//!
//! A handler writes a record with one call, of fewer bytes than a pipe takes at once: it is there
//! whole or not at all, also if the process is killed within the call.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::handlings::AllHandlings;
use super::killer::Board;

/// The pipe, and the thread that reads it.
pub(crate) struct Witness {
    fifo: Fifo,
    end: Pen,
    reader: Option<JoinHandle<io::Result<()>>>,
}

/// A named pipe, removed when dropped.
struct Fifo(PathBuf);

/// Writes into the pipe.
pub(crate) struct Pen(File);

/// What is told of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) group: u32,
    pub(crate) process: u32,
    pub(crate) number: u64,
    pub(crate) checksum: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The group has begun.
    Started = 1,
    Handled = 2,
    /// Handled, and marked as redelivered.
    HandledAgain = 3,
    /// Nothing comes any more.
    End = 4,
}

impl Witness {
    /// Begins to read; what comes goes to the handlings and the board.
    pub(crate) fn start(handlings: Arc<AllHandlings>, board: Arc<Board>) -> io::Result<Witness> {
        let fifo = Fifo::create()?;
        // Opened for both, it waits for nobody, and does not end while no group writes.
        let pipe = OpenOptions::new().read(true).write(true).open(&fifo.0)?;
        let end = Pen::open(fifo.0.as_os_str())?;
        let reader = thread::Builder::new().name("witness".to_owned());
        let reader = reader.spawn(move || read(pipe, &handlings, &board))?;
        Ok(Witness { fifo, end, reader: Some(reader) })
    }

    /// Where groups open it.
    pub(crate) fn path(&self) -> &Path {
        &self.fifo.0
    }

    /// Reads what is there to its end. All groups have ended.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(reader) = self.reader.take() else { return Ok(()) };
        // A reader that has failed does not make room any more.
        if !reader.is_finished() {
            self.end.write(Record { kind: Kind::End, ..Record::of_this_process() })?;
        }
        reader.join().unwrap_or_else(|_| Err(io::Error::other("the witness's reader panicked")))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // Whoever did not finish it has an error to tell already.
        drop(self.end());
    }
}

impl Fifo {
    fn create() -> io::Result<Fifo> {
        let path = std::env::temp_dir().join(format!("pysage-soak-{}", std::process::id()));
        // Neither std nor rustix makes one on all systems; POSIX has the program.
        let status = Command::new("mkfifo").args(["-m", "600"]).arg(&path).status()?;
        match status.success() {
            true => Ok(Fifo(path)),
            false => Err(io::Error::other(format!("mkfifo {}: {status}", path.display()))),
        }
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

impl Pen {
    pub(crate) fn open(path: &OsStr) -> io::Result<Pen> {
        OpenOptions::new().append(true).open(path).map(Pen)
    }

    /// Writes a record with one call.
    pub(crate) fn write(&self, record: Record) -> io::Result<()> {
        loop {
            match (&self.0).write(&record.to_bytes()) {
                Ok(Record::BYTES) => return Ok(()),
                Ok(bytes) => {
                    return Err(io::Error::other(format!("{bytes} bytes of a record were taken")));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Record {
    /// Fewer than any system's `PIPE_BUF`, which is 512 at least.
    const BYTES: usize = 28;

    pub(crate) fn of_this_process() -> Record {
        let process = std::process::id();
        Record { kind: Kind::Started, group: 0, process, number: 0, checksum: 0 }
    }

    fn to_bytes(self) -> [u8; Record::BYTES] {
        let mut bytes = [0; Record::BYTES];
        bytes[..4].copy_from_slice(&(self.kind as u32).to_le_bytes());
        bytes[4..8].copy_from_slice(&self.group.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.process.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.number.to_le_bytes());
        bytes[20..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; Record::BYTES]) -> Option<Record> {
        let u32_at = |at: usize| bytes[at..].first_chunk().map(|it| u32::from_le_bytes(*it));
        let u64_at = |at: usize| bytes[at..].first_chunk().map(|it| u64::from_le_bytes(*it));
        let kind = match u32_at(0)? {
            1 => Kind::Started,
            2 => Kind::Handled,
            3 => Kind::HandledAgain,
            4 => Kind::End,
            _ => return None,
        };
        let (group, process) = (u32_at(4)?, u32_at(8)?);
        Some(Record { kind, group, process, number: u64_at(12)?, checksum: u64_at(20)? })
    }
}

/// As many records as a pipe holds on Linux.
const READ_BYTES: usize = (64 << 10) / Record::BYTES * Record::BYTES;

fn read(mut pipe: File, handlings: &AllHandlings, board: &Board) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    let mut filled = 0;
    loop {
        match pipe.read(&mut buffer[filled..]) {
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        let (records, rest) = buffer[..filled].as_chunks();
        let mut handlings = handlings.lock();
        for record in records {
            let record = Record::from_bytes(record);
            let record = record.ok_or_else(|| io::Error::other("this is no witness's record"))?;
            match record.kind {
                Kind::Started => board.announce(record.group, record.process),
                Kind::Handled | Kind::HandledAgain => handlings.add(&record),
                Kind::End => return Ok(()),
            }
        }
        let (done, left) = (filled - rest.len(), rest.len());
        buffer.copy_within(done..filled, 0);
        filled = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = Record {
            kind: Kind::HandledAgain,
            group: 7,
            process: 8,
            number: 1 << 40,
            checksum: u64::MAX - 1,
        };
        assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
        assert_eq!(Record::from_bytes(&[0; Record::BYTES]), None);
    }
}
