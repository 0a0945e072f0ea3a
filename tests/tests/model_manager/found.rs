//! What the model test found, made small, each under the name of what should be.

use std::sync::Arc;

use pysage_core::Overflow;

use crate::compare;
use crate::play::{Door, Ending, Habits, Kind, Letter, Limit, Name, Op, Play, Rules, Script, Who};

const ROOMY: Rules =
    Rules { capacity: 1_000, overflow: Overflow::Refuse, handle_capacity: 10, replies: false };
const ALL: Op = Op::Tick(Limit::Unlimited);
const ONE: Op = Op::Tick(Limit::One);
/// The actor that was registered last, and the one before.
const LAST: Who = Who::Recent(0);
const BEFORE: Who = Who::Recent(1);

/// Classes by what they handle.
const PINGS: u8 = 0;
const UPDATED_FIRST: u8 = 1;
const NAMES_AND_UPDATED: u8 = 2;
const EVERYTHING: u8 = 3;

fn check(rules: Rules, steps: &[Op]) {
    let play = Play { rules, steps: steps.to_vec() };
    if let Err(difference) = compare(&play).0 {
        panic!("{difference}\n{play:?}");
    }
}

fn script(ops: &[Op], ending: Ending) -> Script {
    Script { only: None, ops: ops.to_vec(), ending }
}

fn ping() -> Letter {
    ping_that(&[], Ending::Go)
}

/// A message whose receivers do this.
fn ping_that(ops: &[Op], ending: Ending) -> Letter {
    Letter { kind: Kind::Ping, number: 1, script: Arc::new(script(ops, ending)) }
}

fn register(class: u8) -> Op {
    Op::Register(class, None, Arc::default())
}

fn register_with(class: u8, habits: Habits) -> Op {
    Op::Register(class, None, Arc::new(habits))
}

fn queue(letter: Letter) -> Op {
    Op::Queue(None, letter)
}

fn trigger(letter: Letter) -> Op {
    Op::Trigger(None, letter)
}

#[test]
fn a_handler_of_every_message_uses_none_up_by_stop() {
    check(ROOMY, &[register(EVERYTHING), trigger(ping_that(&[], Ending::Stop))]);
}

#[test]
fn a_triggered_message_without_its_receiver_is_a_dead_letter_whatever_others_do() {
    for ending in [Ending::Stop, Ending::Fail, Ending::Panic] {
        let to_nobody = Op::Trigger(Some(Who::Stranger), ping_that(&[], ending));
        check(ROOMY, &[register(EVERYTHING), to_nobody]);
    }
    let while_busy = Op::With(LAST, vec![Op::Trigger(Some(Who::Stranger), ping())]);
    check(ROOMY, &[register(EVERYTHING), while_busy]);
}

#[test]
fn an_actor_gets_each_of_the_names_that_it_subscribed_to() {
    for name in [Name::North, Name::South] {
        let designated = [Op::QueueNamed(Some(LAST), name), Op::TriggerNamed(Some(LAST), name)];
        check(
            ROOMY,
            &[register(NAMES_AND_UPDATED), designated[0].clone(), designated[1].clone(), ALL],
        );
    }
}

#[test]
fn an_aborted_left_over_does_not_wait_any_more() {
    let queued = [register(PINGS), queue(ping()), queue(ping()), ONE];
    for abort in [Op::AbortNext(Kind::Ping), Op::AbortAll(Kind::Ping)] {
        check(ROOMY, &[&queued[..], &[abort, ALL, ALL]].concat());
    }
}

#[test]
fn a_left_over_that_made_room_does_not_wait_any_more() {
    let rules = Rules { capacity: 2, overflow: Overflow::DropOldest, ..ROOMY };
    let queued = [register(PINGS), queue(ping()), queue(ping()), ONE];
    check(rules, &[&queued[..], &[queue(ping()), queue(ping()), ALL, ALL]].concat());
}

#[test]
fn the_capacity_holds_after_a_tick_left_more_than_that() {
    for overflow in [Overflow::Refuse, Overflow::DropNewest, Overflow::DropOldest] {
        let rules = Rules { capacity: 2, overflow, ..ROOMY };
        let crowding = ping_that(&[queue(ping()), queue(ping())], Ending::Go);
        let overfull = [register(PINGS), queue(crowding), queue(ping()), ONE];
        let more = [Op::AbortNext(Kind::Ping), queue(ping()), queue(ping()), ALL, ALL];
        check(rules, &[&overfull[..], &more].concat());
    }
}

#[test]
fn a_reset_counts_what_was_in_handles() {
    check(ROOMY, &[Op::Send(Door::First, None, ping()), Op::Reset]);
}

#[test]
fn a_reset_counts_what_was_put_aside() {
    let outside = Op::With(LAST, vec![trigger(ping()), Op::Reset]);
    check(ROOMY, &[register(PINGS), outside]);
    // The second is due, and the first has a reset come before it.
    let inside = [trigger(ping_that(&[Op::Reset], Ending::Go)), trigger(ping())];
    check(ROOMY, &[register(PINGS), Op::With(LAST, inside.to_vec())]);
}

#[test]
fn a_start_hook_cannot_tick() {
    let start = script(&[ALL], Ending::Go);
    check(ROOMY, &[register_with(PINGS, Habits { start, ..Habits::default() })]);
}

#[test]
fn a_panic_at_a_named_message_is_told_with_its_name() {
    let other = script(&[], Ending::Panic);
    let actor = register_with(EVERYTHING, Habits { other, ..Habits::default() });
    let name = Name::North;
    check(ROOMY, &[actor.clone(), Op::TriggerNamed(None, name), ALL]);
    check(ROOMY, &[actor.clone(), Op::QueueNamed(None, name), ALL, ALL]);
    let deferred = Op::With(LAST, vec![Op::TriggerNamed(None, name)]);
    check(ROOMY, &[actor, deferred, ALL]);
}

#[test]
fn an_actor_that_is_registered_in_an_update_is_updated_from_the_next_tick_on() {
    let update = script(&[register(NAMES_AND_UPDATED)], Ending::Go);
    let breeder = register_with(UPDATED_FIRST, Habits { update, ..Habits::default() });
    check(ROOMY, &[register(NAMES_AND_UPDATED), breeder, ALL, ALL]);
}

#[test]
fn a_reset_leaves_alone_who_is_unregistered_already() {
    let twice = ping_that(&[Op::Reset, Op::Reset], Ending::Go);
    check(ROOMY, &[register(PINGS), trigger(twice)]);
    let after_unregister = ping_that(&[Op::Unregister(Who::Me), Op::Reset], Ending::Go);
    check(ROOMY, &[register(PINGS), trigger(after_unregister)]);
    let stop = script(&[Op::Reset], Ending::Go);
    let actor = register_with(PINGS, Habits { stop, ..Habits::default() });
    check(ROOMY, &[actor.clone(), actor.clone(), actor, Op::Reset, register(PINGS)]);
}

#[test]
fn who_waits_for_its_stop_hook_gets_nothing_any_more() {
    let stop = script(&[Op::Trigger(Some(LAST), ping()), trigger(ping())], Ending::Go);
    let actor = register_with(PINGS, Habits { stop, ..Habits::default() });
    check(ROOMY, &[actor.clone(), register(PINGS), Op::Reset]);
}

#[test]
fn a_reset_drops_the_rest_of_the_batch_also_when_the_handler_panics() {
    let reset = ping_that(&[Op::Reset, register(PINGS)], Ending::Panic);
    check(ROOMY, &[register(PINGS), queue(reset), queue(ping()), queue(ping()), ALL, ALL]);
}

#[test]
fn a_panic_of_a_stop_hook_spares_who_has_the_place_since() {
    let stop = script(&[register(PINGS)], Ending::Panic);
    let actor = register_with(PINGS, Habits { stop, ..Habits::default() });
    check(ROOMY, &[actor, Op::Unregister(LAST), register(PINGS), trigger(ping()), ALL]);
    let twice = [Op::Unregister(BEFORE), Op::Unregister(LAST), trigger(ping()), Op::Reset];
    let stop = script(&[register(PINGS)], Ending::Panic);
    let actor = register_with(PINGS, Habits { stop, ..Habits::default() });
    check(ROOMY, &[&[actor.clone(), actor][..], &twice].concat());
}

#[test]
fn what_was_put_aside_counts_against_the_budget() {
    let slow = ping_that(&[Op::Advance(4)], Ending::Go);
    let first = ping_that(&[Op::Trigger(Some(Who::Me), slow)], Ending::Go);
    let queued = [Op::Queue(Some(LAST), first), queue(ping())];
    check(ROOMY, &[&[register(PINGS)], &queued[..], &[Op::Tick(Limit::Millis(4)), ALL]].concat());
}

#[test]
fn a_full_batch_of_a_producer_that_has_no_room_takes_no_more() {
    let rules = Rules { handle_capacity: 1, ..ROOMY };
    let send = Op::Send(Door::Producer, None, ping());
    let batch = vec![send; 300];
    for given in [255, 256, 257, 300] {
        check(
            rules,
            &[&batch[..1], &[Op::Flush], &batch[..given], &[ALL], &batch[..1], &[ALL]].concat(),
        );
        check(rules, &[&[register(PINGS)], &batch[..given], &[ALL, Op::Flush, ALL]].concat());
    }
}
