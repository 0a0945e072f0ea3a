//! What peers over TCP are compared with: messages behind their lengths, as many a call as fit into
//! 64 KiB.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};

use super::{
    case::Case,
    message::{Handled, Message},
    peer::{End, Failure, Invitation, Job, Peer},
};

pub const PEER: Peer = Peer::new::<RawTcp>(
    "raw_tcp",
    "A stream of the standard library: messages behind their lengths, up to 64 KiB a call",
    None,
    |job| matches!(job.case, Case::Burst | Case::Mixed | Case::RoundTrip),
);

const BATCH_BYTES: usize = 64 << 10;

/// Waits in the system's call, and otherwise never does.
pub struct RawTcp {
    listener: Option<TcpListener>,
    stream: Option<TcpStream>,
    batch: Vec<u8>,
    written: usize,
    buffer: Vec<u8>,
    /// How much of the buffer is not decoded yet.
    filled: usize,
    timeout: Duration,
    handled: Handled,
}

impl RawTcp {
    fn new(listener: Option<TcpListener>, stream: Option<TcpStream>) -> Self {
        Self {
            listener,
            stream,
            batch: Vec::with_capacity(BATCH_BYTES),
            written: 0,
            buffer: vec![0; 2 * BATCH_BYTES],
            filled: 0,
            timeout: Duration::ZERO,
            handled: Handled::default(),
        }
    }

    /// Decodes what came behind what was left over.
    fn take(&mut self, count: usize) -> Result<(), Failure> {
        if count == 0 {
            return Err("the other end has gone".into());
        }
        self.filled += count;
        let used = self.handled.decode_all(&self.buffer[..self.filled])?;
        self.buffer.copy_within(used..self.filled, 0);
        self.filled -= used;
        Ok(())
    }
}

impl End for RawTcp {
    fn listen(_: &Job) -> Result<(Self, Invitation), Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address: SocketAddr = listener.local_addr()?;
        let end = Self::new(Some(listener), None);
        Ok((end, Invitation { address, certificate: Vec::new() }))
    }

    fn connect(_: &Job, to: &Invitation) -> Result<Self, Failure> {
        let stream = TcpStream::connect(to.address)?;
        stream.set_nodelay(true)?;
        Ok(Self::new(None, Some(stream)))
    }

    fn connected(&self) -> usize {
        usize::from(self.stream.is_some())
    }

    fn send(&mut self, _: usize, message: &Message) -> Result<bool, Failure> {
        if self.batch.len() + message.byte_count() + 2 > BATCH_BYTES {
            return Ok(false);
        }
        message.encode_with_length(&mut self.batch);
        Ok(true)
    }

    fn receive(&mut self) -> Result<(), Failure> {
        if let (None, Some(listener)) = (&self.stream, &self.listener) {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    stream.set_nodelay(true)?;
                    self.stream = Some(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        let Some(stream) = &self.stream else { return Ok(()) };
        match recv(stream, &mut self.buffer[self.filled..], RecvFlags::DONTWAIT) {
            Ok((_, count)) => self.take(count),
            Err(Errno::AGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        if self.written == self.batch.len() {
            return Ok(());
        }
        match send(&*stream, &self.batch[self.written..], SendFlags::DONTWAIT) {
            Ok(count) => self.written += count,
            // There is nothing else to do but to wait for room.
            Err(Errno::AGAIN) => self.written += stream.write(&self.batch[self.written..])?,
            Err(error) => return Err(error.into()),
        }
        if self.written == self.batch.len() {
            self.batch.clear();
            self.written = 0;
        }
        Ok(())
    }

    /// Blocks in the call that receives, as who writes only this would do it.
    fn wait(&mut self, at_most: Duration) -> Result<(), Failure> {
        let Some(stream) = &mut self.stream else {
            std::thread::sleep(at_most);
            return Ok(());
        };
        if at_most.is_zero() || self.written < self.batch.len() {
            return Ok(());
        }
        if self.timeout != at_most {
            stream.set_read_timeout(Some(at_most))?;
            self.timeout = at_most;
        }
        match stream.read(&mut self.buffer[self.filled..]) {
            Ok(count) => self.take(count),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn handled(&self) -> Handled {
        self.handled
    }
}
