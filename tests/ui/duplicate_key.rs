use pysage_core::Message;

#[derive(Message)]
#[message(
    packet_type = 101,
    packet_type = 102, //~ ERROR `packet_type` is given twice
    name = "bomb"
)]
#[message(name = "boom")] //~ ERROR `name` is given twice
struct Bomb {
    #[message(range = 0..=100)]
    #[message(range = 0..=10)] //~ ERROR `range` is given twice
    damage: i32,
}
