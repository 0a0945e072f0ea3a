use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 101)] //~ ERROR a generic message cannot have a packet type
struct Wrapped<T>(T);

#[derive(Message)]
#[message(
    stream = 1,
    packet_type = 102, //~ ERROR wrap it in a plain struct that has one
)]
struct Array<const N: usize>([u8; N]);
