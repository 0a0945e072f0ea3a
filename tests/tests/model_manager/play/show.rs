//! How a test case is printed: an operation a line, without what goes without saying.

use std::fmt;

use super::{Ending, Habits, Letter, Limit, Op, Play, Script, Who};

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Me => f.write_str("me"),
            Who::Recent(back) => write!(f, "recent {back}"),
            Who::Stranger => f.write_str("stranger"),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(third) = self.only {
            write!(f, "only %3={third} ")?;
        }
        write!(f, "{:?}", self.ops)?;
        match self.ending {
            Ending::Go => Ok(()),
            ending => write!(f, " {ending:?}"),
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.kind, self.number)?;
        let script = &*self.script;
        if script.ops.is_empty() && script.ending == Ending::Go {
            return Ok(());
        }
        write!(f, "{{{script:?}}}")
    }
}

impl fmt::Debug for Habits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [&self.start, &self.stop, &self.update, &self.other];
        for (name, script) in ["start", "stop", "update", "other"].into_iter().zip(all) {
            if !script.ops.is_empty() || script.ending != Ending::Go {
                write!(f, " {name}{{{script:?}}}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title())?;
        match self {
            Op::Tick(Limit::Millis(limit)) => write!(f, " {limit} ms"),
            Op::Tick(_) | Op::Flush | Op::Reset => Ok(()),
            Op::Register(class, name, habits) => {
                write!(f, " class {class}")?;
                name.map_or(Ok(()), |name| write!(f, " name {name}"))?;
                write!(f, "{habits:?}")
            }
            Op::Unregister(who) => write!(f, " {who:?}"),
            Op::Subscribe(who, kind) | Op::Unsubscribe(who, kind) => {
                write!(f, " {who:?} {kind:?}")
            }
            Op::Queue(who, letter) | Op::Trigger(who, letter) => to(f, *who, letter),
            Op::QueueAll(who, letters) => to(f, *who, letters),
            Op::QueueEach(whos, letter) => write!(f, " {whos:?} {letter:?}"),
            Op::QueueNamed(who, name) | Op::TriggerNamed(who, name) => to(f, *who, name),
            Op::AbortNext(kind) | Op::AbortAll(kind) => write!(f, " {kind:?}"),
            Op::Send(door, who, letter) => {
                write!(f, " {door:?}")?;
                to(f, *who, letter)
            }
            Op::With(who, ops) => write!(f, " {who:?} {ops:?}"),
            Op::AddName(who, name) => write!(f, " {who:?} {name}"),
            Op::Find(name) => write!(f, " {name}"),
            Op::Visitors(count) => write!(f, " {count}"),
            Op::Advance(by) => write!(f, " {by} ms"),
        }
    }
}

fn to(f: &mut fmt::Formatter<'_>, who: Option<Who>, what: &dyn fmt::Debug) -> fmt::Result {
    who.map_or(Ok(()), |who| write!(f, " {who:?}"))?;
    write!(f, " {what:?}")
}

impl fmt::Debug for Play {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.rules)?;
        self.steps.iter().enumerate().try_for_each(|(step, op)| writeln!(f, "{step:3}. {op:?}"))
    }
}
