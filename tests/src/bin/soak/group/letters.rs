//! The messages of the load that main's dead-letter handler was shown.

use std::cell::RefCell;
use std::rc::Rc;

use pysage_group::{ActorManager, DeadLetter, DropReason};

use super::load::{Bodies, Load};
use crate::numbers::Numbers;

/// The reported messages of one group.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    /// Reported as not handled.
    pub(crate) undelivered: Numbers,
    /// Reported as handled or not.
    pub(crate) unknown: Numbers,
    /// Reported more than once.
    pub(crate) again: u64,
    pub(crate) for_other_reasons: u64,
    /// Not shown as they were sent.
    pub(crate) corrupted: u64,
}

/// Those of all groups.
pub(crate) type AllLetters = Rc<RefCell<Vec<Letters>>>;

/// Takes note of what reaches nobody.
pub(crate) fn note_letters(manager: &ActorManager, groups: u32, bodies: Bodies) -> AllLetters {
    let letters: Vec<_> = (0..groups).map(|_| Letters::default()).collect();
    let letters = Rc::new(RefCell::new(letters));
    let noted = letters.clone();
    manager.on_dead_letter(move |letter| note(&mut noted.borrow_mut(), letter, bodies));
    letters
}

fn note(letters: &mut [Letters], letter: &DeadLetter<'_>, bodies: Bodies) {
    let Some(load) = letter.message.downcast_ref::<Load>() else { return };
    if bodies.checksum(load.group, load.number) != load.checksum() {
        // It may be of any group.
        letters[0].corrupted += 1;
        return;
    }
    let letters = &mut letters[load.group as usize];
    let is_first = match letter.reason {
        DropReason::LinkGone => letters.undelivered.insert(load.number),
        DropReason::FateUnknown => letters.unknown.insert(load.number),
        _ => {
            letters.for_other_reasons += 1;
            true
        }
    };
    letters.again += u64::from(!is_first);
}
