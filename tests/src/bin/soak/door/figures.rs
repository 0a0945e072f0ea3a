//! What is told at the end.

use serde::Serialize;

use super::world::World;

/// The line of JSON.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    pub(super) seed: u64,
    pub(super) spoofed_hellos: u64,
    pub(super) reply_bytes_per_request_byte: f64,
    /// What the process took more behind the flood than when a tenth of it was over; `None` where
    /// the system does not tell.
    pub(super) memory_growth_bytes: Option<i64>,
    pub(super) legit_sent: u64,
    pub(super) legit_lost: u64,
    pub(super) replayed_sent: u64,
    pub(super) replayed_accepted: u64,
    pub(super) forged_sent: u64,
    pub(super) forged_accepted: u64,
    pub(super) wrong_key_tries: u64,
    pub(super) wrong_key_bytes_to_app: u64,
    pub(super) revoked_bytes_to_app: u64,
    pub(super) rekeys: u64,
    pub(super) rekey_lost: u64,
}

const MOST_REPLY_BYTES_PER_REQUEST_BYTE: f64 = 0.1;
const MOST_GROWTH_BYTES: i64 = 1 << 20;

impl Figures {
    /// Which promises did not hold.
    pub(super) fn wrongs(&self, world: &World) -> Vec<String> {
        let mut wrongs = world.ledger.wrongs.borrow().clone();
        let none = [
            ("legit_lost", self.legit_lost),
            ("replayed_accepted", self.replayed_accepted),
            ("forged_accepted", self.forged_accepted),
            ("wrong_key_bytes_to_app", self.wrong_key_bytes_to_app),
            ("revoked_bytes_to_app", self.revoked_bytes_to_app),
            ("rekey_lost", self.rekey_lost),
        ];
        let is_wrong = none.iter().filter(|(_, count)| *count > 0);
        wrongs.extend(is_wrong.map(|(name, count)| format!("{name} is {count}, not 0")));
        if self.reply_bytes_per_request_byte >= MOST_REPLY_BYTES_PER_REQUEST_BYTE {
            wrongs.push("who says hello is answered with too many bytes".to_owned());
        }
        if self.memory_growth_bytes.is_some_and(|bytes| bytes >= MOST_GROWTH_BYTES) {
            wrongs.push("a flood of hellos takes memory".to_owned());
        }
        if self.legit_sent == 0 {
            wrongs.push("nobody sent anything".to_owned());
        }
        wrongs
    }
}
