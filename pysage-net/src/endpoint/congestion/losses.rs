//! Tells losses of a full queue from those that come whatever is sent.
//!
//! After each cut of the window there is a round trip in which the bottleneck was not full. What is
//! lost then is lost whatever is sent; what is lost beyond it at other times did not fit.

/// How many datagrams' worth of clean ways are believed in before anything is known.
const PRIOR: f64 = 16.0;

/// How many datagrams are remembered, about.
const REMEMBERED: f64 = 256.0;

/// A share of losses is judged from so many datagrams on, and looked at anew after so many.
const FEWEST: f64 = 8.0;
const BLOCK: f64 = 64.0;

/// How much more than expected has to be lost: a share that is no reason to slow down (BBRv2's), and
/// so many standard deviations: losses are found in lumps, later than what arrived beside them.
const TOLERATED: f64 = 0.02;
const DEVIATIONS: f64 = 5.0;

/// In startup nothing is known yet, and 20 % is no reason to end it: of 32 datagrams at least, this
/// share beyond this expectation.
const STARTUP_FEWEST: f64 = 32.0;
const STARTUP_EXPECTED: f64 = 0.15;
const STARTUP_EXCESS: f64 = 0.25;

/// What is lost whatever is sent, and what is lost now. Counted in datagrams.
#[derive(Default)]
pub(super) struct Losses {
    /// Of what was sent right after the window was cut; older counts weigh less.
    low_arrived: f64,
    low_lost: f64,
    arrived: f64,
    lost: f64,
}

impl Losses {
    pub(super) fn new() -> Losses {
        Losses::default()
    }

    pub(super) fn heard(&mut self, arrived: f64, lost: f64) {
        self.arrived += arrived;
        self.lost += lost;
    }

    pub(super) fn not_lost(&mut self, lost: f64) {
        self.lost = (self.lost - lost).max(0.0);
    }

    /// Leaves out what was counted.
    pub(super) fn forget(&mut self) {
        (self.arrived, self.lost) = (0.0, 0.0);
    }

    /// What was counted is what is lost whatever is sent.
    pub(super) fn learn(&mut self) {
        if self.low_arrived + self.low_lost > REMEMBERED {
            self.low_arrived /= 2.0;
            self.low_lost /= 2.0;
        }
        self.low_arrived += self.arrived;
        self.low_lost += self.lost;
        self.forget();
    }

    /// The share that is lost whatever is sent.
    pub(super) fn expected(&self) -> f64 {
        self.low_lost / (self.low_arrived + self.low_lost + PRIOR)
    }

    /// At the end of a round trip: the share of what was sent that fitted, if not all did.
    pub(super) fn judge(&mut self, startup: bool) -> Option<f64> {
        let all = self.arrived + self.lost;
        if all < if startup { STARTUP_FEWEST } else { FEWEST } {
            return None;
        }
        let share = self.lost / all;
        let expected = self.expected();
        let deviation = (expected * (1.0 - expected) / all).sqrt().max(0.5 / all);
        let margin = TOLERATED + DEVIATIONS * deviation;
        let limit = if startup {
            expected.max(STARTUP_EXPECTED) + STARTUP_EXCESS
        } else {
            expected + margin
        };
        if share > limit {
            return Some((1.0 - share) / (1.0 - expected));
        }
        if all >= BLOCK {
            if share < expected - margin {
                self.learn();
            }
            self.forget();
        }
        None
    }
}
