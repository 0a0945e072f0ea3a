//! The original's kitchen in three processes: consumers order pancakes from a waiter, the waiter
//! passes the orders on to the chef, and the chef's pancakes come back the same way.
//!
//! In the original the three could not reach each other, and main passed all messages on. Here each
//! sends to the others directly, and main only looks on.
//!
//! ```sh
//! cargo run --release --example pancakes
//! cargo run --release --example pancakes -- --forever
//! ```

use std::error::Error;

use pysage_group::{
    Actor, ActorManager, BoxError, Context, Entry, Flow, GroupConfig, Groups, Message,
    Subscriptions, TickRate, enable_groups,
};

/// A consumer's wish.
#[derive(Message)]
#[message(packet_type = 101)]
struct Order {
    table: u32,
    pancakes: u32,
}

/// An order on its way to the kitchen.
#[derive(Message)]
#[message(packet_type = 102)]
struct Ticket {
    table: u32,
    pancakes: u32,
}

/// One pancake, hot.
#[derive(Message)]
#[message(packet_type = 103)]
struct Pancake {
    table: u32,
}

/// Tells the consumer to be hungry, from main.
#[derive(Message)]
#[message(packet_type = 104)]
struct BeHungry {
    pancakes: u32,
}

/// Tells main that a pancake was eaten.
#[derive(Message)]
#[message(packet_type = 105)]
struct Eaten {
    table: u32,
}

#[derive(Default)]
struct Chef;

impl Actor for Chef {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Chef, ticket: &Ticket, cx: &Context| -> Result<(), BoxError> {
            for _ in 0..ticket.pancakes {
                cx.send_to_group("waiter", Pancake { table: ticket.table })?;
            }
            Ok(())
        });
    }
}

#[derive(Default)]
struct Waiter;

impl Actor for Waiter {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|_: &mut Waiter, order: &Order, cx: &Context| {
            let Order { table, pancakes } = *order;
            cx.send_to_group("chef", Ticket { table, pancakes })
        })
        .message(|_: &mut Waiter, pancake: &Pancake, cx: &Context| {
            cx.send_to_group("consumer", Pancake { table: pancake.table })
        });
    }
}

#[derive(Default)]
struct Consumer {
    tables: u32,
}

impl Actor for Consumer {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|consumer: &mut Consumer, hungry: &BeHungry, cx: &Context| {
            consumer.tables += 1;
            let order = Order { table: consumer.tables, pancakes: hungry.pancakes };
            cx.send_to_group("waiter", order)
        })
        .message(|_: &mut Consumer, pancake: &Pancake, cx: &Context| {
            cx.send_to_group("main", Eaten { table: pancake.table })
        });
    }
}

/// Main's own actor.
#[derive(Default)]
struct Owner {
    eaten: u32,
    last_table: u32,
}

impl Actor for Owner {
    fn subscriptions(on: &mut Subscriptions<Self>) {
        on.message(|owner: &mut Owner, eaten: &Eaten, _: &Context| {
            owner.eaten += 1;
            owner.last_table = eaten.table;
        });
    }
}

const CHEF: Entry = Entry::actor::<Chef>("chef");
const WAITER: Entry = Entry::actor::<Waiter>("waiter");
const CONSUMER: Entry = Entry::actor::<Consumer>("consumer");

const ORDERS: u32 = 50;
const PANCAKES_EACH: u32 = 3;

const HELP: &str = "\
A chef, a waiter and a consumer, each in a process of its own, and fifty orders of pancakes.

Usage: pancakes [--forever]

  --forever   go on until ctrl-c
  --help      print this

The last line tells how many orders there were, and how many pancakes were eaten.";

fn main() -> Result<(), Box<dyn Error>> {
    enable_groups([CHEF, WAITER, CONSUMER]);
    let argument = std::env::args().nth(1);
    let forever = match argument.as_deref() {
        None => false,
        Some("--forever") => true,
        Some("--help") => {
            println!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(format!("`{other}` is not known\n\n{HELP}").into()),
    };

    let manager = ActorManager::new();
    let owner = manager.register(Owner::default());
    let ctrl_c = manager.handle();
    ctrlc::set_handler(move || ctrl_c.stop())?;
    for entry in [CHEF, WAITER, CONSUMER] {
        manager.add_process_group(entry.name(), entry, GroupConfig::default())?;
    }

    let (mut orders, mut told) = (0, 0);
    manager.run(TickRate::hz(30).or_when_woken(), |_| {
        let Ok(eaten) = manager.with(owner, |owner: &mut Owner| owner.eaten) else {
            return Flow::Stop;
        };
        if eaten / (10 * PANCAKES_EACH) > told {
            told = eaten / (10 * PANCAKES_EACH);
            println!("{eaten} pancakes are eaten");
        }
        if !forever && eaten == ORDERS * PANCAKES_EACH {
            return Flow::Stop;
        }
        // The next guest comes when the last one has eaten.
        if orders * PANCAKES_EACH == eaten {
            orders += 1;
            let hungry = BeHungry { pancakes: PANCAKES_EACH };
            if let Err(error) = manager.send_to_group("consumer", hungry) {
                eprintln!("{error}");
                return Flow::Stop;
            }
        }
        Flow::Continue
    })?;

    manager.clear_groups()?;
    let (eaten, table) =
        manager.with(owner, |owner: &mut Owner| (owner.eaten, owner.last_table))?;
    println!("orders={orders} eaten={eaten} last_table={table}");
    Ok(())
}
