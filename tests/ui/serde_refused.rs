use std::collections::BTreeMap;

use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 101)]
struct Bomb {
    #[serde(flatten)] //~ ERROR `flatten` is of no use to a message with a packet type
    extra: BTreeMap<String, u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")] //~ ERROR leaves a gap
    owner: Option<String>,
}

#[derive(Message)]
#[message(packet_type = 102)]
enum Order {
    Wait(#[serde(skip_serializing)] u8), //~ ERROR `skip` does both
    Go {
        #[serde(skip_deserializing)] //~ ERROR `skip_deserializing` without `skip_serializing`
        north: i32,
    },
}

// Nothing is added here about a message without a wire form.
fn send() -> impl pysage_core::wire::WireMessage {
    Order::Wait(1)
}
