//! What a system can do at most: many messages a datagram, many datagrams a call, by the
//! segmentation offload of Linux where there is one.

use std::{
    io::{ErrorKind, IoSliceMut},
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};

use super::{
    case::Case,
    message::{Handled, Message},
    peer::{End, Failure, Invitation, Job, Peer},
    socket::{bind, datagrams_that_fit, wait_readable},
    window::{self, Window},
};

pub const PEER: Peer = Peer::new::<RawGso>(
    "raw_gso",
    "quinn-udp: datagrams of up to 1,200 bytes with as many messages as fit, many a call",
    Some("quinn-udp"),
    |job| {
        let fits = job.load.bytes.unwrap_or(1_000) + LENGTH_BYTES <= SEGMENT_BYTES;
        fits && matches!(job.case, Case::Burst | Case::Mixed)
    },
);

const SEGMENT_BYTES: usize = 1_200;
const LENGTH_BYTES: usize = 2;

/// A call takes no more than what one datagram can carry.
const MAX_BATCH_BYTES: usize = 65_000;

const HELLO: [u8; 1] = [1];

pub struct RawGso {
    socket: UdpSocket,
    state: UdpSocketState,
    other: Option<SocketAddr>,
    is_connected: bool,
    window: Window,
    /// Whole segments, but for the last one.
    batch: Vec<u8>,
    max_batch_bytes: usize,
    buffer: Vec<u8>,
    handled: Handled,
}

impl RawGso {
    fn open(job: &Job, other: Option<SocketAddr>) -> Result<Self, Failure> {
        let socket = bind()?;
        let state = UdpSocketState::new((&socket).into())?;
        let message_bytes = job.load.bytes.unwrap_or(1_000) + LENGTH_BYTES;
        let of_segment = (SEGMENT_BYTES / message_bytes) as u64;
        let limit = datagrams_that_fit(&socket, SEGMENT_BYTES)? * of_segment;
        let max_batch_bytes = (state.max_gso_segments() * SEGMENT_BYTES).min(MAX_BATCH_BYTES);
        Ok(Self {
            max_batch_bytes: max_batch_bytes / SEGMENT_BYTES * SEGMENT_BYTES,
            batch: Vec::with_capacity(max_batch_bytes),
            buffer: vec![0; state.gro_segments().max(1) * 2_048],
            socket,
            state,
            other,
            is_connected: false,
            window: Window::new(limit),
            handled: Handled::default(),
        })
    }

    fn transmit(&self, contents: &[u8]) -> Result<bool, Failure> {
        let Some(destination) = self.other else {
            return Ok(false);
        };
        let segment_size = (contents.len() > SEGMENT_BYTES).then_some(SEGMENT_BYTES);
        let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip: None };
        match self.state.try_send((&self.socket).into(), &transmit) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn take(&mut self, meta: &RecvMeta) -> Result<(), Failure> {
        if !self.is_connected {
            self.other = Some(meta.addr);
            self.is_connected = true;
            self.transmit(&HELLO)?;
        }
        for segment in self.buffer[..meta.len].chunks(meta.stride) {
            if segment != HELLO && !self.window.take(segment) {
                self.handled.decode_all(segment)?;
            }
        }
        if let Some(word) = self.window.report(self.handled.count) {
            self.transmit(&word)?;
        }
        Ok(())
    }
}

impl End for RawGso {
    fn listen(job: &Job) -> Result<(Self, Invitation), Failure> {
        let end = Self::open(job, None)?;
        let address = end.socket.local_addr()?;
        Ok((end, Invitation { address, certificate: Vec::new() }))
    }

    fn connect(job: &Job, to: &Invitation) -> Result<Self, Failure> {
        Self::open(job, Some(to.address))
    }

    fn connected(&self) -> usize {
        usize::from(self.is_connected)
    }

    fn send(&mut self, _: usize, message: &Message) -> Result<bool, Failure> {
        if self.window.is_full() {
            return Ok(false);
        }
        // What is left of a segment that the message does not fit into is filled with zeros. A
        // segment of just one word would be taken for the window's.
        let bytes = message.byte_count() + LENGTH_BYTES;
        debug_assert!(bytes > window::WORD_BYTES);
        let used = self.batch.len() % SEGMENT_BYTES;
        let filled = if used > 0 && used + bytes > SEGMENT_BYTES {
            self.batch.len() - used + SEGMENT_BYTES
        } else {
            self.batch.len()
        };
        if filled + bytes > self.max_batch_bytes {
            return Ok(false);
        }
        self.batch.resize(filled, 0);
        message.encode_with_length(&mut self.batch);
        self.window.count_sent();
        Ok(true)
    }

    fn receive(&mut self) -> Result<(), Failure> {
        let mut meta = [RecvMeta::default()];
        loop {
            let mut buffers = [IoSliceMut::new(&mut self.buffer)];
            match self.state.recv((&self.socket).into(), &mut buffers, &mut meta) {
                Ok(_) => self.take(&meta[0])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        if !self.is_connected {
            self.transmit(&HELLO)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if !self.batch.is_empty() && self.transmit(&self.batch)? {
            self.batch.clear();
        }
        Ok(())
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), Failure> {
        Ok(wait_readable([&self.socket], at_most)?)
    }

    fn handled(&self) -> Handled {
        self.handled
    }
}
