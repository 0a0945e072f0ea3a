//! What runs in a group: it handles the load, and has each handling witnessed.

use std::env;

use pysage_group::{Actor, BoxError, Context, Entry, GroupConfig, Subscriptions};

use super::load::Load;
use super::witness::{Kind, Pen, Record, Witness};

pub(crate) const WORKER: Entry = Entry::new("worker", |manager| {
    // Ctrl-c reaches all processes of the terminal; it is the parent who ends the groups.
    ctrlc::set_handler(|| {})?;
    let mut arguments = env::args_os().rev();
    let path = arguments.next().ok_or("the path of the witness is missing")?;
    let group = arguments.next().and_then(|group| group.to_str()?.parse().ok());
    let group = group.ok_or("the number of the group is missing")?;
    let pen = Pen::open(path.as_ref())?;
    let started = Record { kind: Kind::Started, group, ..Record::of_this_process() };
    pen.write(started)?;
    manager.register(Worker { started, pen });
    Ok(())
});

/// Tells the group of a number where its witness is.
pub(crate) fn with_witness(config: GroupConfig, group: u32, witness: &Witness) -> GroupConfig {
    config.argument(group.to_string()).argument(witness.path())
}

struct Worker {
    /// Which one it is: a message for another group does not have the checksum of one for it.
    started: Record,
    pen: Pen,
}

impl Actor for Worker {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(Self::handle);
    }
}

impl Worker {
    fn handle(&mut self, load: &Load, cx: &Context) -> Result<(), BoxError> {
        let kind = if cx.redelivered() { Kind::HandledAgain } else { Kind::Handled };
        let (number, checksum) = (load.number, load.checksum());
        self.pen.write(Record { kind, number, checksum, ..self.started })?;
        Ok(())
    }
}
