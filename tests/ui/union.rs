use pysage_core::Message;

#[derive(Message)]
union Bits { //~ ERROR a union cannot be a message
    float: f32,
    integer: u32,
}
