//! Two classes of actors that note the same message, for the tests of registering and of ids.

use pysage_core::{Actor, Context, Message, Subscriptions};

use crate::local::{Log, On, on};

#[derive(Message)]
pub(crate) struct Tell(pub(crate) u32);

/// Another class than [`On`] that handles the same message.
pub(crate) struct Other {
    pub(crate) log: Log,
}

impl Actor for Other {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|me: &mut Self, tell: &Tell, _: &Context| {
            me.log.note(format!("other{}", tell.0))
        });
    }
    fn stopped(&mut self, cx: &Context) {
        self.log.note(format!("stopped:{}", cx.is_registered(cx.actor())));
    }
}

pub(crate) fn noting(log: &Log, name: &'static str) -> On<Tell, ()> {
    let log = log.clone();
    on(move |tell: &Tell, _| log.note(format!("{name}{}", tell.0)))
}
