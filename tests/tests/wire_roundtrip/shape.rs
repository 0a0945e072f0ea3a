//! What the tests ask of the shapes, and how they make deep ones.

use std::collections::BTreeMap;
use std::fmt::Debug;

use pysage_core::wire::WireMessage;

use crate::wire_shapes::{
    Chain, Choice, Empty, Foreign, List, Maps, Numbers, Parts, Recursive, Sequences, Texts, Tree,
};

/// A message that knows how much of the limit for items it takes.
pub(crate) trait Shape: WireMessage + PartialEq + Debug {
    /// The items of all its sequences and maps.
    fn items(&self) -> usize {
        0
    }
}

impl Shape for Empty {}
impl Shape for Numbers {}
impl Shape for Texts {}
impl Shape for Parts {}
impl Shape for Foreign {}

impl Shape for Sequences {
    fn items(&self) -> usize {
        let Sequences { units, bytes, numbers, texts, keys, nested, pairs } = self;
        let inner: usize = nested.iter().map(Vec::len).sum();
        let plain = units.len() + bytes.len() + numbers.len() + texts.len() + keys.len();
        plain + nested.len() + inner + pairs.len()
    }
}

impl Shape for Maps {
    fn items(&self) -> usize {
        let bytes: usize = self.hashed.values().map(Vec::len).sum();
        let inner: usize = self.nested.values().map(BTreeMap::len).sum();
        self.sorted.len() + self.hashed.len() + bytes + self.set.len() + self.nested.len() + inner
    }
}

impl Shape for Choice {
    fn items(&self) -> usize {
        if let Choice::Named { all, .. } = self { all.len() } else { 0 }
    }
}

impl Shape for Recursive {
    fn items(&self) -> usize {
        fn below(tree: &Tree) -> usize {
            tree.branches.iter().map(|branch| 1 + below(branch)).sum()
        }
        below(&self.tree)
    }
}

impl Chain {
    /// So many links, and an end.
    pub(crate) fn of(links: usize) -> Chain {
        (0..links).fold(Chain::End, |chain, _| Chain::Link(Box::new(chain)))
    }
}

impl List {
    /// So many lists in each other.
    pub(crate) fn of(lists: usize) -> Option<Box<List>> {
        (0..lists).fold(None, |rest, _| Some(Box::new(List { rest })))
    }
}

impl Tree {
    /// A stem without side branches, so many trees high.
    pub(crate) fn stem(trees: usize) -> Tree {
        let top = Tree { value: 0, branches: Vec::new() };
        (1..trees).fold(top, |tree, _| Tree { value: 0, branches: vec![tree] })
    }
}
