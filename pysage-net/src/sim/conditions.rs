//! What becomes of datagrams on their way.

use std::time::Duration;

use super::Bottleneck;

/// What becomes of datagrams on their way from one address to another: nothing, unless set.
///
/// A datagram first waits at the [bottleneck](Self::through), if there is one. Behind that it may be
/// [lost](Self::loss), or [doubled](Self::duplicate). Each copy that is left takes the
/// [latency](Self::latency) and a [jitter](Self::jitter) of its own; a part of them is held back, for
/// others to [overtake](Self::reorder).
///
/// Without `jitter` and `reorder` all datagrams of a way arrive in the order in which they were
/// sent, while the conditions stay as they are.
///
/// ```
/// use std::time::Duration;
/// use pysage_net::sim::Conditions;
///
/// let wireless = Conditions::new()
///     .loss(0.02)
///     .latency(Duration::from_millis(20))
///     .jitter(Duration::from_millis(30));
/// # drop(wireless);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    pub(super) loss: Chance,
    pub(super) duplicate: Chance,
    pub(super) reorder: Chance,
    pub(super) latency_ns: u64,
    pub(super) jitter_ns: u64,
    pub(super) bottleneck: Option<Bottleneck>,
}

/// How often something happens, as a share of 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Chance {
    #[default]
    Never,
    Below(u64),
    Always,
}

impl Conditions {
    /// The conditions of a perfect network: all arrives at once.
    #[must_use]
    pub fn new() -> Conditions {
        Conditions::default()
    }

    /// Which share of the datagrams is lost, from 0.0 to 1.0; each by itself.
    #[must_use]
    pub fn loss(mut self, share: f64) -> Self {
        self.loss = Chance::of(share);
        self
    }

    /// Which share of the datagrams that are not lost arrives twice.
    #[must_use]
    pub fn duplicate(mut self, share: f64) -> Self {
        self.duplicate = Chance::of(share);
        self
    }

    /// Which share of the datagrams changes places with others. Such a one is held back: it takes
    /// up to the latency once more, from nothing to all of it, each as likely, and those that were
    /// sent meanwhile overtake it. So none is quicker than the latency, as on a real line; where
    /// that is zero, order is kept.
    #[must_use]
    pub fn reorder(mut self, share: f64) -> Self {
        self.reorder = Chance::of(share);
        self
    }

    /// How long each datagram takes.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency_ns = ns(latency);
        self
    }

    /// Up to how long a datagram takes in addition, from nothing to this, each as likely. One whose
    /// jitter is short overtakes those before it whose jitter is long.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter_ns = ns(jitter);
        self
    }

    /// Has the datagrams pass a bottleneck, together with all others that pass the same one.
    #[must_use]
    pub fn through(mut self, bottleneck: &Bottleneck) -> Self {
        self.bottleneck = Some(bottleneck.clone());
        self
    }
}

impl Chance {
    /// What is no share at all is none.
    fn of(share: f64) -> Chance {
        if share >= 1.0 {
            Chance::Always
        } else if share > 0.0 {
            Chance::Below((share * 2_f64.powi(64)) as u64)
        } else {
            Chance::Never
        }
    }

    /// Whether it happens this time. Nothing is drawn for what is certain.
    pub(super) fn happens(self, draw: impl FnOnce() -> u64) -> bool {
        match self {
            Chance::Never => false,
            Chance::Below(limit) => draw() < limit,
            Chance::Always => true,
        }
    }
}

/// A time span in nanoseconds; 584 years at most.
pub(super) fn ns(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
