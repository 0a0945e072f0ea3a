use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 65536)] //~ ERROR a packet type is a number from 101 to 65535, or a constant
struct TooLarge;

#[derive(Message)]
#[message(packet_type = -1)] //~ ERROR a packet type is a number from 101 to 65535, or a constant
struct Negative;
