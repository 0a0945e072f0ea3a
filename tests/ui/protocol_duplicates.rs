use pysage_core::{Message, protocol};

#[derive(Message)]
#[message(packet_type = 101)]
struct Bomb {
    damage: i32,
}

#[derive(Message)]
#[message(packet_type = 102)]
struct Heal;

#[derive(Message)]
#[message(packet_type = 101, name = "Mine")]
struct Landmine;

protocol! { //~ ERROR `Bomb` and `Mine` have the same packet type; give one of them another number
    pub Game: Bomb, Heal, Landmine
}
