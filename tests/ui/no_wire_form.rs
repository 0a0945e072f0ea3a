use pysage_core::Message;
use pysage_core::wire::WireMessage;

#[derive(Message)]
struct Local;

#[derive(Message)]
#[message(packet_type = 7)] //~ ERROR packet types 0 to 100 are reserved
struct Reserved;

fn send(_: &impl WireMessage) {}

fn main() {
    send(&Local); //~ ERROR `Local` has no wire form
    //~^ ERROR give it a packet type: `#[message(packet_type = 101)]`
    // Nothing is added about the other one.
    send(&Reserved);
}
