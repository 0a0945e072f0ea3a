//! How test cases are generated.

use std::sync::Arc;

use proptest::arbitrary::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use pysage_core::Overflow;

use crate::log::NAMES;
use crate::play::{Door, Ending, Habits, Kind, Letter, Limit, Name, Op, Play, Rules, Script, Who};
use crate::shrink::Shrinking;

/// How deep scripts stand in scripts.
const DEPTH: usize = 3;

/// Which classes of actors there are in a play. Without handlers of every message, and with few
/// classes, messages take other and shorter ways.
const CASTS: [&[u8]; 4] =
    [&[0, 1, 2, 3, 4, 5, 6, 7], &[0, 1, 2, 3, 4, 5, 6, 7], &[0, 1, 2, 5, 6, 7], &[1, 0]];

/// All test cases. They are thrown with dice of our own, one throw of the runner's for each: a
/// tree of proptest's strategies takes ten times as long to generate a case as the case takes.
#[derive(Debug)]
pub(crate) struct Plays;

impl Strategy for Plays {
    type Tree = Shrinking;
    type Value = Play;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = any::<u64>().new_tree(runner)?.current();
        let mut dice = Dice { seed, cast: CASTS[0], theme: Kind::Ping };
        Ok(Shrinking::new(dice.play()))
    }
}

/// Throws what a play is made of.
struct Dice {
    seed: u64,
    cast: &'static [u8],
    /// What many of a play's messages are, so that they meet each other.
    theme: Kind,
}

impl Dice {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn small(&mut self, end: u8) -> u8 {
        self.below(usize::from(end)) as u8
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn several<T>(&mut self, most: usize, mut one: impl FnMut(&mut Dice) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| one(self)).collect()
    }

    fn play(&mut self) -> Play {
        self.cast = self.of(&CASTS);
        self.theme = self.of(&[Kind::Ping, Kind::Ping, Kind::Late, Kind::Tock]);
        let rules = Rules {
            capacity: match self.below(3) {
                0 => 1_000,
                _ => 1 + self.below(12),
            },
            overflow: self.of(&[Overflow::Refuse, Overflow::DropOldest, Overflow::DropNewest]),
            handle_capacity: self.of(&[1, 1, 2, 4]),
            replies: self.one_in(2),
        };
        let mut steps = vec![self.register(DEPTH), self.register(DEPTH)];
        steps.extend(self.several(4, |dice| dice.register(DEPTH)));
        steps.extend(self.several(30, |dice| match dice.below(4) {
            0 => Op::Tick(dice.limit()),
            _ => dice.op(DEPTH),
        }));
        Play { rules, steps }
    }

    fn op(&mut self, depth: usize) -> Op {
        match self.below(66) {
            0..=9 => Op::Queue(self.to(), self.letter(depth)),
            10..=18 => Op::Trigger(self.to(), self.letter(depth)),
            19..=21 => {
                let (to, kind) = (self.to(), self.kind());
                Op::QueueAll(to, self.several(4, |dice| Letter { kind, ..dice.letter(depth) }))
            }
            22..=23 => Op::QueueEach(self.several(5, Dice::who), self.letter(depth)),
            24..=25 => Op::QueueNamed(self.to(), self.name()),
            26..=27 => Op::TriggerNamed(self.to(), self.name()),
            28..=31 => Op::Send(self.door(), self.to(), self.letter(depth)),
            32..=35 => self.register(depth),
            36..=39 => Op::Unregister(self.who()),
            40..=42 => Op::Subscribe(self.who(), self.any_kind()),
            43..=45 => Op::Unsubscribe(self.who(), self.any_kind()),
            46 => Op::AbortNext(self.any_kind()),
            47 => Op::AbortAll(self.any_kind()),
            48..=49 => {
                let who = self.who();
                Op::With(who, self.ops(depth))
            }
            50 => Op::AddName(self.who(), self.small(NAMES)),
            51 => Op::Find(self.small(NAMES)),
            52 => Op::Visitors(self.small(40)),
            53..=60 => Op::Advance(self.small(6)),
            61..=62 => Op::Tick(self.limit()),
            63 => Op::Reset,
            _ => Op::Flush,
        }
    }

    /// Operations one level further in.
    fn ops(&mut self, depth: usize) -> Vec<Op> {
        if depth == 0 {
            return Vec::new();
        }
        self.several(3, |dice| dice.op(depth - 1))
    }

    fn register(&mut self, depth: usize) -> Op {
        let class = self.of(self.cast);
        let name = self.one_in(5).then(|| self.small(NAMES));
        let habits = Habits {
            start: self.rare_script(depth),
            stop: self.rare_script(depth),
            update: self.rare_script(depth),
            other: self.rare_script(depth),
        };
        Op::Register(class, name, Arc::new(habits))
    }

    fn letter(&mut self, depth: usize) -> Letter {
        let (kind, number) = (self.kind(), self.small(Letter::GAUGE_MAX + 4));
        Letter { kind, number, script: Arc::new(self.script(depth)) }
    }

    fn rare_script(&mut self, depth: usize) -> Script {
        if self.one_in(4) { self.script(depth) } else { Script::default() }
    }

    fn script(&mut self, depth: usize) -> Script {
        let only = self.one_in(2).then(|| self.small(3));
        let ops = self.ops(depth);
        let ending = match self.below(12) {
            0..=1 => Ending::Stop,
            2 => Ending::Fail,
            3 => Ending::Panic,
            _ => Ending::Go,
        };
        Script { only, ops, ending }
    }

    fn to(&mut self) -> Option<Who> {
        self.one_in(2).then(|| self.who())
    }

    fn who(&mut self) -> Who {
        match self.below(20) {
            0..=2 => Who::Me,
            3 => Who::Stranger,
            4..=7 => Who::Recent(4 + self.small(8)),
            _ => Who::Recent(self.small(4)),
        }
    }

    fn kind(&mut self) -> Kind {
        match self.below(11) {
            0..=4 => self.theme,
            5..=6 => Kind::Ping,
            7 => Kind::Late,
            8 => Kind::Tock,
            9 => Kind::Gauge,
            _ => Kind::Spare,
        }
    }

    /// A kind for what can be done without a message.
    fn any_kind(&mut self) -> Kind {
        if self.one_in(10) { Kind::Failed } else { self.kind() }
    }

    fn name(&mut self) -> Name {
        self.of(&[
            Name::North,
            Name::North,
            Name::North,
            Name::South,
            Name::South,
            Name::Nowhere,
            Name::Taken,
        ])
    }

    fn door(&mut self) -> Door {
        self.of(&[Door::First, Door::Second, Door::Producer, Door::Producer, Door::Brief])
    }

    fn limit(&mut self) -> Limit {
        match self.below(8) {
            0..=2 => Limit::Unlimited,
            3..=4 => Limit::One,
            _ => Limit::Millis(1 + self.small(12)),
        }
    }
}
