use pysage_core::{Message, protocol};

#[derive(Message)]
struct Local;

#[derive(Message)]
#[message(packet_type = 101)]
struct Bomb;

protocol! {
    pub Game: Bomb, Local //~ ERROR `Local` has no wire form
    //~^ ERROR give it a packet type: `#[message(packet_type = 101)]`
}
