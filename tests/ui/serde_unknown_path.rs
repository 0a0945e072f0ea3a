use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 101)]
struct Bomb {
    #[serde(with = "hexadecimal")] //~ ERROR `hexadecimal`
    damage: i32,
}
