use pysage_core::Message;

#[derive(Message)]
#[repr(C, packed)] //~ ERROR a message cannot be packed
struct Bits {
    float: f32,
    byte: u8,
}
