//! The second process: this program once more, told what to do over a pipe. It ends when the pipe
//! does, so that none is left behind, however this process ends.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};

use super::peer::{Failure, Job};

/// The subcommand of the second process.
pub const SUBCOMMAND: &str = "net-second";

/// How long it may take to end once it should.
const GRACE: Duration = Duration::from_secs(5);

/// The second process as the first one sees it.
pub struct Second {
    /// `None` in tests, where it is a thread.
    child: Option<Child>,
    to: Option<Box<dyn Write>>,
    lines: Receiver<String>,
}

impl Second {
    /// Starts this program once more.
    pub fn start(job: &Job) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(SUBCOMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().expect("its input is a pipe");
        let from = child.stdout.take().expect("its output is a pipe");
        Self::over(Some(child), Box::new(to), from, job)
    }

    /// For tests, whose program is another one: the second end is a thread.
    #[cfg(test)]
    pub fn in_thread(job: &Job) -> Result<Self, Failure> {
        let (input, to) = std::io::pipe()?;
        let (from, output) = std::io::pipe()?;
        thread::spawn(move || {
            // The pipe ends, and the other end says that it has.
            let _ = super::second_end(input, Box::new(output));
        });
        Self::over(None, Box::new(to), from, job)
    }

    fn over(
        child: Option<Child>,
        mut to: Box<dyn Write>,
        from: impl Read + Send + 'static,
        job: &Job,
    ) -> Result<Self, Failure> {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        write_line(&mut to, job)?;
        Ok(Self { child, to: Some(to), lines })
    }

    /// What it says next.
    pub fn next<T: DeserializeOwned>(&self, at_most: Duration) -> Result<T, Failure> {
        match self.lines.recv_timeout(at_most) {
            Ok(line) => Ok(serde_json::from_str(&line)?),
            Err(RecvTimeoutError::Timeout) => Err("the second process says nothing".into()),
            Err(RecvTimeoutError::Disconnected) => Err(Self::gone()),
        }
    }

    /// What it has said, if it has.
    pub fn try_next<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        match self.lines.try_recv() {
            Ok(line) => Ok(Some(serde_json::from_str(&line)?)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Self::gone()),
        }
    }

    fn gone() -> Failure {
        "the second process has ended before its work was done".into()
    }

    /// Lets it end and waits until it has.
    pub fn end(mut self) -> Result<(), Failure> {
        self.to = None;
        let Some(child) = &mut self.child else {
            return Ok(());
        };
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Err("the second process does not end".into())
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        self.to = None;
        if let Some(child) = &mut self.child {
            // Fails if it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What the second process has of the first one.
pub struct Control {
    output: Box<dyn Write>,
    closed: Arc<AtomicBool>,
}

impl Control {
    /// Reads what to do, and from then on watches for the end of the pipe.
    pub fn open(
        input: impl Read + Send + 'static,
        output: Box<dyn Write>,
    ) -> Result<(Self, Job), Failure> {
        let mut input = BufReader::new(input);
        let mut line = String::new();
        input.read_line(&mut line)?;
        let job = serde_json::from_str(&line)?;
        let closed = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&closed);
        thread::spawn(move || {
            // Nothing more is said; an error is an end as well.
            let _ = input.read(&mut [0]);
            watched.store(true, Ordering::Relaxed);
        });
        Ok((Self { output, closed }, job))
    }

    pub fn say(&mut self, what: &impl Serialize) -> Result<(), Failure> {
        write_line(&mut self.output, what)
    }

    /// Whether the first process wants this one to end, or has ended itself.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

/// Ends this process when its end of the pipe has been closed for long, even if it hangs.
pub fn end_when_closed(control: &Control) {
    let closed = Arc::clone(&control.closed);
    thread::spawn(move || {
        while !closed.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(100));
        }
        thread::sleep(GRACE / 2);
        std::process::exit(1);
    });
}

fn write_line(output: &mut dyn Write, what: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    output.write_all(&line)?;
    Ok(output.flush()?)
}
