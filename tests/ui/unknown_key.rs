use pysage_core::Message;

#[derive(Message)]
#[message(packettype = 101)] //~ ERROR unknown key `packettype`; a message takes `packet_type`, `name`, `version`, `delivery`, `stream`, `validate`, `reply` and `crate`; did you mean `packet_type`?
struct Bomb {
    #[message(rnage = 0..=100)] //~ ERROR unknown key `rnage`; a field takes `range` and `validate`; did you mean `range`?
    damage: i32,
    #[message(default)] //~ ERROR `default` needs a value
    colour: u8,
    #[message(default = 1)] //~ ERROR unknown key `default`; a field takes `range` and `validate`
    size: u8,
}
