//! Futures of other libraries in tasks, and ours where others poll them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/local.rs"]
#[allow(dead_code)]
mod local;
#[path = "../support/worker.rs"]
#[allow(dead_code)]
mod worker;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Poller, Poll, Wake, Waker};
use std::time::Duration;

use local::Log;
use pysage_core::{
    Actor, ActorManager, Context, ManagerConfig, ManualClock, Me, Message, Subscriptions,
};
use worker::{Start, Worker, worker};

const MS: Duration = Duration::from_millis(1);

#[derive(Message)]
#[message(reply = u32)]
struct Question;

/// Has a worker begin a task while it is busy itself.
#[derive(Message)]
struct Riddle(u32);

struct Sphinx {
    worker: Option<pysage_core::ActorId>,
}

impl Actor for Sphinx {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.ask(|_: &mut Self, _: &Question, _: &Context| 42).message(
            |me: &mut Self, riddle: &Riddle, cx: &Context| {
                cx.trigger_to(me.worker.unwrap(), Start(riddle.0));
            },
        );
    }
}

/// The first of two to be ready, as it may be written by hand.
async fn either<A: Future, B: Future>(one: A, two: B) -> Result<A::Output, B::Output> {
    let (mut one, mut two) = (pin!(one), pin!(two));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Ready(first) => Poll::Ready(Ok(first)),
        Poll::Pending => two.as_mut().poll(cx).map(Err),
    })
    .await
}

#[test]
fn a_future_that_says_nothing_is_polled_once_in_each_tick() {
    let (manager, polls) = (ActorManager::new(), Rc::new(Cell::new(0)));
    let counter = polls.clone();
    manager.register(worker(move |_, n| {
        let polls = counter.clone();
        let open = move || {
            if polls.replace(polls.get() + 1) < n { Poll::Pending } else { Poll::Ready(()) }
        };
        async move { poll_fn(|_| open()).await }
    }));
    manager.trigger(Start(4));
    for expected in [2, 3, 4, 5, 5] {
        manager.tick().unwrap();
        assert_eq!(polls.get(), expected);
    }
}

/// A gate as other libraries have them: it keeps the waker, and calls it when it opens.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    fn open(&self) {
        let mut gate = self.0.lock().unwrap();
        gate.0 = true;
        gate.1.take().unwrap().wake();
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<()> {
        let mut gate = self.0.lock().unwrap();
        if gate.0 {
            return Poll::Ready(());
        }
        if !gate.1.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            gate.1 = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

#[test]
fn a_future_of_another_library_wins_over_a_sleep_of_ours() {
    let (manager, log) = (ActorManager::new(), Log::default());
    let (gate, said) = (Gate::default(), log.clone());
    let inside = gate.clone();
    manager.register(worker(move |me, _| {
        let (log, gate) = (said.clone(), inside.clone());
        async move {
            let won = either(gate, me.sleep(Duration::from_secs(3_600))).await;
            log.note(won.is_ok());
        }
    }));
    manager.trigger(Start(1));
    manager.tick().unwrap();
    manager.tick().unwrap();
    std::thread::spawn(move || gate.open()).join().unwrap();
    assert_eq!(log.take(), "");
    manager.tick().unwrap();
    assert_eq!(log.take(), "true");
}

/// Polls a future only after its waker was called, as sets of futures of other libraries do.
struct WhenWoken<F> {
    future: Pin<Box<F>>,
    woken: Arc<Woken>,
    polls: Rc<Cell<u32>>,
}

#[derive(Default)]
struct Woken {
    times: AtomicU32,
    outer: Mutex<Option<Waker>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.times.fetch_add(1, Ordering::SeqCst);
        if let Some(outer) = self.outer.lock().unwrap().take() {
            outer.wake();
        }
    }
}

impl<F: Future> Future for WhenWoken<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<F::Output> {
        *self.woken.outer.lock().unwrap() = Some(cx.waker().clone());
        if self.polls.get() > 0 && self.woken.times.swap(0, Ordering::SeqCst) == 0 {
            return Poll::Pending;
        }
        self.polls.set(self.polls.get() + 1);
        let waker = self.woken.clone().into();
        self.future.as_mut().poll(&mut Poller::from_waker(&waker))
    }
}

fn when_woken<F: Future>(future: F) -> WhenWoken<F> {
    WhenWoken { future: Box::pin(future), woken: Arc::default(), polls: Rc::default() }
}

#[test]
fn our_futures_wake_those_who_poll_them_only_when_woken() {
    let (clock, log) = (ManualClock::new(), Log::default());
    let manager = ActorManager::with_config(ManagerConfig::default().clock(clock.clone()));
    let sphinx = manager.register(Sphinx { worker: None });
    let said = log.clone();
    let patient = worker(move |me: Me<Worker>, n| {
        let log = said.clone();
        async move {
            match n {
                0 => when_woken(me.sleep(5 * MS)).await,
                1 => when_woken(me.next_tick()).await,
                _ => drop(when_woken(me.ask(sphinx, Question)).await),
            }
            log.note(format!("woken{n}"));
        }
    });
    let patient = manager.register(patient);
    manager.with(sphinx, |sphinx: &mut Sphinx| sphinx.worker = Some(patient)).unwrap();
    manager.queue_to(patient, Start(0));
    manager.queue_to(patient, Start(1));
    manager.queue_to(sphinx, Riddle(2));
    for expected in ["woken2", "woken1", "", "", "", "woken0"] {
        manager.tick().unwrap();
        assert_eq!(log.take(), expected);
        clock.advance(MS);
    }
}

#[test]
fn a_pause_can_be_polled_by_another_executor() {
    let manager = ActorManager::new();
    let kept: Rc<RefCell<Option<Me<Worker>>>> = Rc::default();
    let keep = kept.clone();
    manager.register(worker(move |me, _| {
        *keep.borrow_mut() = Some(me);
        async {}
    }));
    manager.trigger(Start(1));
    let me = kept.take().unwrap();
    let woken = Arc::<Woken>::default();
    let waker: Waker = woken.clone().into();
    let mut pause = pin!(me.sleep_ticks(2));
    for (ready, times) in [(false, 0), (false, 1), (true, 2)] {
        let polled = pause.as_mut().poll(&mut Poller::from_waker(&waker));
        assert_eq!((polled.is_ready(), woken.times.load(Ordering::SeqCst)), (ready, times));
        manager.tick().unwrap();
    }
    drop(manager);
    let mut never = pin!(me.next_tick());
    assert!(never.as_mut().poll(&mut Poller::from_waker(&waker)).is_pending());
}
