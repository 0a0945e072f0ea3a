//! An actor whose tasks do what a closure says, for the tests of tasks.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use pysage_core::{Actor, Me, Message, Subscriptions};

/// Begins a task of every [`Worker`].
#[derive(Clone, Message)]
pub(crate) struct Start(pub(crate) u32);

type Script = dyn Fn(Me<Worker>, u32) -> Pin<Box<dyn Future<Output = ()>>>;

pub(crate) struct Worker {
    script: Rc<Script>,
    pub(crate) count: u32,
}

/// Makes an actor that does with the number of each [`Start`] what `script` says.
pub(crate) fn worker<F>(script: impl Fn(Me<Worker>, u32) -> F + 'static) -> Worker
where
    F: Future<Output = ()> + 'static,
{
    Worker { script: Rc::new(move |me, n| Box::pin(script(me, n))), count: 0 }
}

impl Actor for Worker {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.task(|me: Me<Self>, start: Start| async move {
            let script = me.with(|worker, _| worker.script.clone());
            if let Some(script) = script {
                script(me, start.0).await;
            }
        });
    }
}
