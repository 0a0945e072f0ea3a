use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = "101")] //~ ERROR a packet type is a number from 101 to 65535, or a constant
struct Text;

const BASE: u32 = 101;

#[derive(Message)]
#[message(packet_type = BASE)] //~ ERROR mismatched types
struct OtherType;
