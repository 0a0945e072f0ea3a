//! QUIC by quinn: all messages in one stream, or each in a datagram of QUIC's.

mod link;
mod setup;

use std::{
    net::SocketAddr,
    sync::mpsc::{self, Receiver, Sender},
    time::Duration,
};

use quinn::Endpoint;
use tokio::runtime::{Builder, Runtime};

use self::link::{Datagrams, Link, Stream};
use super::{
    case::Case,
    message::{Handled, Message},
    peer::{End, Failure, Invitation, Job, Peer},
};

pub const STREAM: Peer = Peer::new::<Quinn<Stream>>(
    "quinn",
    "QUIC, encrypted, all messages in one stream",
    Some("quinn"),
    |job| job.case != Case::IdlePoll,
);

pub const DATAGRAMS: Peer = Peer::new::<Quinn<Datagrams>>(
    "quinn_datagrams",
    "QUIC, encrypted, a message in each of its datagrams, which it does not resend",
    Some("quinn"),
    |job| {
        let fits = job.load.bytes.unwrap_or(1_000) <= link::MAX_DATAGRAM_BYTES;
        fits && matches!(job.case, Case::Burst | Case::Mixed | Case::RoundTrip)
    },
);

/// One end, on a runtime on this thread, which makes progress while it is asked for something.
pub struct Quinn<L> {
    links: Vec<L>,
    /// Connections that stand since the last look.
    opened: Receiver<Result<L, Failure>>,
    handled: Handled,
    _endpoint: Endpoint,
    runtime: Runtime,
}

/// Opens a link on each connection that comes in.
async fn accept_all<L: Link>(endpoint: Endpoint, job: Job, opened: Sender<Result<L, Failure>>) {
    while let Some(incoming) = endpoint.accept().await {
        let (job, opened) = (job.clone(), opened.clone());
        // In a task, since the next one may be through sooner.
        tokio::spawn(async move {
            let link = match incoming.await {
                Ok(connection) => L::open(connection, &job, false).await,
                Err(error) => Err(error.into()),
            };
            // It fails when this end has been dropped.
            let _ = opened.send(link);
        });
    }
}

/// Connects as often as the job says, once at a time: many at once time out on a busy machine.
async fn dial_all<L: Link>(
    endpoint: Endpoint,
    address: SocketAddr,
    job: Job,
    opened: Sender<Result<L, Failure>>,
) {
    for _ in 0..job.peers {
        let link = async {
            let connection = endpoint.connect(address, setup::SERVER_NAME)?.await?;
            L::open(connection, &job, true).await
        };
        let _ = opened.send(link.await);
    }
}

fn runtime() -> Result<Runtime, Failure> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

impl<L: Link> End for Quinn<L> {
    fn listen(job: &Job) -> Result<(Self, Invitation), Failure> {
        let runtime = runtime()?;
        let entered = runtime.enter();
        let (endpoint, certificate) = setup::server()?;
        drop(entered);
        let address = endpoint.local_addr()?;
        let (sender, opened) = mpsc::channel();
        runtime.spawn(accept_all(endpoint.clone(), job.clone(), sender));
        let handled = Handled::default();
        let end = Self { links: Vec::new(), opened, handled, _endpoint: endpoint, runtime };
        Ok((end, Invitation { address, certificate }))
    }

    fn connect(job: &Job, to: &Invitation) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let entered = runtime.enter();
        let endpoint = setup::client(&to.certificate)?;
        drop(entered);
        let (sender, opened) = mpsc::channel();
        runtime.spawn(dial_all(endpoint.clone(), to.address, job.clone(), sender));
        let handled = Handled::default();
        Ok(Self { links: Vec::new(), opened, handled, _endpoint: endpoint, runtime })
    }

    fn connected(&self) -> usize {
        self.links.len()
    }

    fn send(&mut self, peer: usize, message: &Message) -> Result<bool, Failure> {
        self.links[peer].send(message)
    }

    fn receive(&mut self) -> Result<(), Failure> {
        let Self { links, opened, handled, runtime, .. } = self;
        runtime.block_on(async {
            // Lets the endpoint look at its socket.
            tokio::task::yield_now().await;
            while let Ok(link) = opened.try_recv() {
                links.push(link?);
            }
            links.iter_mut().try_for_each(|link| link.receive(handled))
        })
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let Self { links, runtime, .. } = self;
        runtime.block_on(async {
            links.iter_mut().try_for_each(Link::flush)?;
            tokio::task::yield_now().await;
            Ok(())
        })
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), Failure> {
        let links = &mut self.links;
        self.runtime.block_on(async {
            // Being late is no failure.
            let _ = tokio::time::timeout(at_most, link::any_ready(links)).await;
        });
        Ok(())
    }

    /// The runtime goes on, as it does in programs where it has a thread of its own.
    fn pause(&mut self, time: Duration) -> Result<(), Failure> {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
        Ok(())
    }

    fn handled(&self) -> Handled {
        self.handled
    }
}
