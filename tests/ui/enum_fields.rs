use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 101)]
enum Order {
    #[message(name = "stop")] //~ ERROR `name` goes on the enum, not on its variants
    Stop,
    Go {
        #[message(range = 0..=100)] //~ ERROR `range` checks the fields of structs; an enum is checked as a whole, by a `validate` on the enum itself
        speed: u8,
    },
    Fire(#[message(power = 1)] u8), //~ ERROR unknown key `power`; only the enum itself takes keys, not its variants
}
