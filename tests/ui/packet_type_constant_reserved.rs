use pysage_core::Message;

const BASE: u16 = 90;

#[derive(Message)]
#[message(packet_type = BASE + 10)] //~ ERROR the packet type of `Bomb` is reserved: 0 to 100 are, 101 and up are free
struct Bomb;

macro_rules! numbered {
    ($name:ident = $number:expr) => {
        #[derive(Message)]
        #[message(packet_type = $number)]
        struct $name;
    };
}

numbered!(Wrapped = BASE); //~ ERROR the packet type of `Wrapped` is reserved
