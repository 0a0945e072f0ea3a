//! What stands between two peers, passes all on, and breaks off.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    holds: Arc<AtomicBool>,
    streams: JoinHandle<[TcpStream; 2]>,
}

impl Proxy {
    pub(crate) fn to(address: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_address = listener.local_addr().unwrap();
        let holds = Arc::new(AtomicBool::new(false));
        let held = holds.clone();
        let streams = thread::spawn(move || {
            let (caller, _) = listener.accept().unwrap();
            let called = TcpStream::connect(address).unwrap();
            for [from, to] in [[&caller, &called], [&called, &caller]] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let holds = held.clone();
                thread::spawn(move || pass_on(from, to, &holds));
            }
            [caller, called]
        });
        Proxy { address: own_address, holds, streams }
    }

    /// Passes nothing on any more.
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::SeqCst);
    }

    /// Breaks both connections off.
    pub(crate) fn cut(self) {
        for stream in self.streams.join().unwrap() {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, holds: &AtomicBool) {
    let mut buffer = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !holds.load(Ordering::SeqCst) && to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}
