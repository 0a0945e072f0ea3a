//! One connection of QUIC and how messages go over it.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use quinn::{Chunk, Connection, ReadError, RecvStream, SendStream, WriteError};

use crate::net::{
    message::{Handled, Message},
    peer::{Failure, Job},
    window::Window,
};

/// What fits into a datagram of QUIC at its smallest.
pub const MAX_DATAGRAM_BYTES: usize = 1_100;

/// Messages gathered before they are written to the stream.
const GATHERED_BYTES: usize = 64 << 10;

/// What may be under way in datagrams: little enough for the receiver's buffers.
const BYTES_UNDER_WAY: usize = 128 << 10;

/// All is called within the runtime.
pub trait Link: Send + Sized + 'static {
    fn open(
        connection: Connection,
        job: &Job,
        is_client: bool,
    ) -> impl Future<Output = Result<Self, Failure>> + Send;

    fn send(&mut self, message: &Message) -> Result<bool, Failure>;

    /// Handles what has arrived, without waiting.
    fn receive(&mut self, handled: &mut Handled) -> Result<(), Failure>;

    /// Writes what can be written, without waiting.
    fn flush(&mut self) -> Result<(), Failure>;

    /// Until something has arrived or could be written.
    fn ready(&mut self) -> impl Future<Output = ()>;
}

/// Until one of the links is ready.
pub async fn any_ready<L: Link>(links: &mut [L]) {
    let mut all: Vec<Pin<Box<_>>> = links.iter_mut().map(|link| Box::pin(link.ready())).collect();
    poll_fn(|context| {
        let is_ready = all.iter_mut().any(|ready| ready.as_mut().poll(context).is_ready());
        if is_ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// What a future has without waiting. Those of quinn lose nothing when they are dropped.
fn now<F: Future>(future: F) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

pub struct Stream {
    _connection: Connection,
    writer: SendStream,
    reader: RecvStream,
    gathered: Vec<u8>,
    /// The first part of a message whose rest has not arrived.
    rest: Vec<u8>,
    /// Arrived and written while waiting.
    arrived: Option<Result<Option<Chunk>, ReadError>>,
    written: Option<Result<usize, WriteError>>,
}

impl Stream {
    fn handle(&mut self, bytes: &[u8], handled: &mut Handled) -> Result<(), Failure> {
        if self.rest.is_empty() {
            let used = handled.decode_all(bytes)?;
            self.rest.extend_from_slice(&bytes[used..]);
        } else {
            self.rest.extend_from_slice(bytes);
            let used = handled.decode_all(&self.rest)?;
            self.rest.drain(..used);
        }
        Ok(())
    }
}

impl Link for Stream {
    /// The other end learns of a stream by the first byte in it.
    async fn open(connection: Connection, _: &Job, is_client: bool) -> Result<Self, Failure> {
        let (writer, reader) = if is_client {
            let (mut writer, reader) = connection.open_bi().await?;
            writer.write_all(&[1]).await?;
            (writer, reader)
        } else {
            let (writer, mut reader) = connection.accept_bi().await?;
            reader.read_exact(&mut [0]).await?;
            (writer, reader)
        };
        Ok(Self {
            _connection: connection,
            writer,
            reader,
            gathered: Vec::new(),
            rest: Vec::new(),
            arrived: None,
            written: None,
        })
    }

    fn send(&mut self, message: &Message) -> Result<bool, Failure> {
        if self.gathered.len() >= GATHERED_BYTES {
            return Ok(false);
        }
        message.encode_with_length(&mut self.gathered);
        Ok(true)
    }

    fn receive(&mut self, handled: &mut Handled) -> Result<(), Failure> {
        loop {
            let arrived = match self.arrived.take() {
                Some(arrived) => arrived,
                None => match now(self.reader.read_chunk(usize::MAX, true)) {
                    Some(arrived) => arrived,
                    None => return Ok(()),
                },
            };
            let chunk = arrived?.ok_or("the stream has ended")?;
            self.handle(&chunk.bytes, handled)?;
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        while !self.gathered.is_empty() {
            let written = match self.written.take() {
                Some(written) => written,
                None => match now(self.writer.write(&self.gathered)) {
                    Some(written) => written,
                    None => return Ok(()),
                },
            };
            self.gathered.drain(..written?);
        }
        Ok(())
    }

    async fn ready(&mut self) {
        let Self { writer, reader, gathered, arrived, written, .. } = self;
        if arrived.is_some() || written.is_some() {
            return;
        }
        let mut read = pin!(reader.read_chunk(usize::MAX, true));
        let mut write = pin!(writer.write(gathered));
        poll_fn(|context| {
            if let Poll::Ready(result) = read.as_mut().poll(context) {
                *arrived = Some(result);
                return Poll::Ready(());
            }
            if !gathered.is_empty()
                && let Poll::Ready(result) = write.as_mut().poll(context)
            {
                *written = Some(result);
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

/// Datagrams of QUIC are not resent. On the loopback interface none is lost, as long as no buffer
/// overflows, which the window keeps them from.
pub struct Datagrams {
    connection: Connection,
    window: Window,
    /// While waiting.
    arrived: Vec<Vec<u8>>,
}

impl Datagrams {
    fn take(&mut self, bytes: &[u8], handled: &mut Handled) -> Result<(), Failure> {
        if !self.window.take(bytes) {
            handled.decode(bytes)?;
        }
        Ok(())
    }
}

impl Link for Datagrams {
    async fn open(connection: Connection, job: &Job, _: bool) -> Result<Self, Failure> {
        let limit = BYTES_UNDER_WAY / job.load.bytes.unwrap_or(1_000);
        Ok(Self { connection, window: Window::new(limit as u64), arrived: Vec::new() })
    }

    fn send(&mut self, message: &Message) -> Result<bool, Failure> {
        let bytes = message.byte_count();
        if self.window.is_full() || self.connection.datagram_send_buffer_space() < bytes {
            return Ok(false);
        }
        let mut encoded = Vec::with_capacity(bytes);
        message.encode(&mut encoded);
        self.connection.send_datagram(encoded.into())?;
        self.window.count_sent();
        Ok(true)
    }

    fn receive(&mut self, handled: &mut Handled) -> Result<(), Failure> {
        for bytes in std::mem::take(&mut self.arrived) {
            self.take(&bytes, handled)?;
        }
        while let Some(bytes) = now(self.connection.read_datagram()) {
            self.take(&bytes?, handled)?;
        }
        if let Some(word) = self.window.report(handled.count) {
            self.connection.send_datagram(word.to_vec().into())?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    async fn ready(&mut self) {
        // An error comes again in the next read.
        if let Ok(bytes) = self.connection.read_datagram().await {
            self.arrived.push(bytes.to_vec());
        }
    }
}
