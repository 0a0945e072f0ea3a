use pysage_core::Message;

#[derive(Message)]
#[message] //~ ERROR `message` needs a list of keys, such as `#[message(packet_type = 101)]`
struct Bare;

#[derive(Message)]
#[message = "bomb"] //~ ERROR `message` needs a list of keys
struct Assigned;

#[derive(Message)]
#[message(packet_type)] //~ ERROR `packet_type` needs a value: `packet_type = ..`
struct NoValue;

#[derive(Message)]
#[message(packet_type = )] //~ ERROR `packet_type` needs a value: `packet_type = ..`
struct EmptyValue;

#[derive(Message)]
#[message(101)] //~ ERROR expected a key and its value, such as `packet_type = 101`
struct NoKey;

#[derive(Message)]
#[message(packet_type = 101 name = "bomb")] //~ ERROR expected `,` before the next key
struct NoComma;

#[derive(Message)]
struct Called {
    #[message(range(0..=100))] //~ ERROR `range` needs a value: `range = ..`
    damage: i32,
}
