//! The messages, the actors' states and the handlers which the floor and every peer share.

use bevy_ecs::component::Component;

use super::workload::Contents;

/// Odd and with its bits well spread (2^64 divided by the golden ratio), so that the product
/// moves every bit of the sum.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// Adds two words to a running checksum which depends on their order.
pub fn mix(sum: u64, a: u64, b: u64) -> u64 {
    (sum.rotate_left(5) ^ a).wrapping_mul(MULTIPLIER).wrapping_add(b)
}

/// Combines the checksums of several actors, in the order of the actors.
pub fn combine(checksums: impl IntoIterator<Item = u64>) -> u64 {
    checksums.into_iter().fold(0, |sum, checksum| mix(sum, checksum, 1))
}

/// A message which wants no reply.
pub trait Told: Copy + Send + Sync + 'static {}

macro_rules! messages {
    ($($(#[$attribute:meta])* $name:ident -> $reply:ty;)*) => {$(
        #[derive(Clone, Copy, bevy_ecs::message::Message, bevy_ecs::event::Event, pysage_core::Message)]
        $(#[$attribute])*
        pub struct $name {
            pub a: u64,
            pub b: u64,
        }

        impl From<Contents> for $name {
            fn from(contents: Contents) -> Self {
                Self { a: contents.a, b: contents.b }
            }
        }

        impl actix::Message for $name {
            type Result = $reply;
        }
    )*};
}

messages! {
    /// The message of all cases with one type.
    Tell -> ();
    /// The message of the producers; the upper two bits of `a` say which of the four sent it.
    Produced -> ();
    /// The request of the case `ask`.
    #[message(reply = u64)]
    Question -> u64;
    A -> ();
    B -> ();
    C -> ();
    D -> ();
    E -> ();
    F -> ();
    G -> ();
    H -> ();
}

impl Told for Tell {}

impl Tell {
    /// What a task that began with this message hands to its handler in one of its steps.
    pub fn in_step(self, step: u64) -> Self {
        Self { a: self.a.wrapping_add(step), b: self.b }
    }
}

impl Told for Produced {}

impl Produced {
    /// A message of one of the four producers.
    pub fn by(producer: usize, contents: Contents) -> Self {
        Self { a: contents.a >> 2 | (producer as u64) << 62, b: contents.b }
    }

    fn producer(self) -> usize {
        (self.a >> 62) as usize
    }
}

/// What an actor knows; all of it came from messages.
pub trait State: Default + Send + Sync + 'static {
    fn checksum(&self) -> u64;
}

/// A state with a handler for `M`. The implementations are never inlined: each dispatched
/// message costs a call, for the floor as for all peers.
pub trait Handle<M>: State {
    fn handle(&mut self, message: &M);
}

/// The 16 bytes of state of an actor with one message type.
#[derive(Clone, Copy, Component, Default)]
pub struct Counter {
    pub sum: u64,
    pub count: u64,
}

impl From<Contents> for Counter {
    fn from(contents: Contents) -> Self {
        Self { sum: contents.a, count: contents.b }
    }
}

impl State for Counter {
    fn checksum(&self) -> u64 {
        mix(self.sum, self.count, 0)
    }
}

impl Handle<Tell> for Counter {
    #[inline(never)]
    fn handle(&mut self, message: &Tell) {
        self.sum = mix(self.sum, message.a, message.b);
        self.count += 1;
    }
}

impl Counter {
    /// The handler of the case `ask`: the reply depends on all that was asked before.
    #[inline(never)]
    pub fn answer(&mut self, question: &Question) -> u64 {
        self.sum = mix(self.sum, question.a, question.b);
        self.count += 1;
        self.sum
    }
}

/// The state of the consumer: one checksum per producer, since only the order of each
/// producer's own messages is defined.
#[derive(Default)]
pub struct ProducedCounter {
    sums: [u64; 4],
}

impl State for ProducedCounter {
    fn checksum(&self) -> u64 {
        combine(self.sums)
    }
}

impl Handle<Produced> for ProducedCounter {
    #[inline(never)]
    fn handle(&mut self, message: &Produced) {
        let sum = &mut self.sums[message.producer()];
        *sum = mix(*sum, message.a, message.b);
    }
}

/// The state of an actor with eight message types: one checksum over all, one per type.
#[derive(Component, Default)]
pub struct MixedCounter {
    sum: u64,
    by_type: [u64; 8],
}

impl State for MixedCounter {
    fn checksum(&self) -> u64 {
        mix(self.sum, self.checksum_by_type(), 0)
    }
}

impl MixedCounter {
    /// The checksum which is left when the order between types is not kept.
    pub fn checksum_by_type(&self) -> u64 {
        combine(self.by_type)
    }

    #[inline(always)]
    fn add(&mut self, kind: usize, a: u64, b: u64) {
        self.sum = mix(self.sum, a, b);
        self.by_type[kind] = mix(self.by_type[kind], a, b);
    }
}

macro_rules! mixed {
    ($($name:ident = $kind:literal),*) => {
        /// One of the eight types of the case `mixed`, for peers which queue one type.
        #[derive(Clone, Copy)]
        pub enum Mixed {
            $($name($name),)*
        }

        impl Told for Mixed {}

        impl Handle<Mixed> for MixedCounter {
            #[inline(always)]
            fn handle(&mut self, message: &Mixed) {
                match message {
                    $(Mixed::$name(message) => self.handle(message),)*
                }
            }
        }

        $(
            impl From<$name> for Mixed {
                fn from(message: $name) -> Self {
                    Self::$name(message)
                }
            }

            impl Told for $name {}

            impl Handle<$name> for MixedCounter {
                #[inline(never)]
                fn handle(&mut self, message: &$name) {
                    self.add($kind, message.a, message.b);
                }
            }
        )*
    };
}

mixed!(A = 0, B = 1, C = 2, D = 3, E = 4, F = 5, G = 6, H = 7);

/// Evaluates `$send` with `$message` bound to the message of that index in its own type.
macro_rules! with_mixed {
    ($load:expr, $index:expr, $message:ident => $send:expr) => {
        $crate::local::message::with_mixed!(
            @kinds $load, $index, $message, $send,
            0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, _ H
        )
    };
    (@kinds $load:expr, $index:expr, $message:ident, $send:expr, $($kind:tt $name:ident),*) => {
        match $load.kind($index) {
            $($kind => {
                let $message: $crate::local::message::$name = $load.message($index);
                $send
            })*
        }
    };
}

pub(crate) use with_mixed;
