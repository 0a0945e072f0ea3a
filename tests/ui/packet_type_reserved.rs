use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 100)] //~ ERROR packet types 0 to 100 are reserved; 101 and up are free
struct Highest;

#[derive(Message)]
#[message(packet_type = 0)] //~ ERROR packet types 0 to 100 are reserved; 101 and up are free
struct Lowest;

macro_rules! numbered {
    ($name:ident = $number:literal) => {
        #[derive(Message)]
        #[message(packet_type = $number)]
        struct $name;
    };
}

numbered!(Wrapped = 7); //~ ERROR packet types 0 to 100 are reserved; 101 and up are free
