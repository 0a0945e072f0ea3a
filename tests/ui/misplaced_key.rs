use pysage_core::Message;

#[derive(Message)]
#[message(range = 0..=100)] //~ ERROR `range` goes on a field of the message, not on the message
struct Bomb {
    #[message(packet_type = 101)] //~ ERROR `packet_type` goes on the message, not on its fields
    damage: i32,
}
