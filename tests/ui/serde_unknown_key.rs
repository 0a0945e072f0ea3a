use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 101)]
struct Bomb {
    #[serde(skp)] //~ ERROR unknown key `skp` of serde; the wire form heeds `with`,
    //~^ ERROR did you mean `skip`?
    damage: i32,
    #[serde(range = 0..1)] //~ ERROR expected
    radius: i32,
}
