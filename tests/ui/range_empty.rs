use pysage_core::Message;

#[derive(Message)]
struct Bomb {
    #[message(range = 100..=0)] //~ ERROR no value is within 100..=0
    damage: i32,
    #[message(range = 5..5)] //~ ERROR no value is within 5..5
    colour: Option<u8>,
}

macro_rules! bounded {
    ($name:ident: $low:literal to $high:literal) => {
        #[derive(Message)]
        struct $name(#[message(range = $low..=$high)] u8);
    };
}

bounded!(Wrapped: 2 to 1); //~ ERROR no value is within 2..=1
