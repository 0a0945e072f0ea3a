use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 1, nmae = "bomb")] //~ ERROR packet types 0 to 100 are reserved
//~^ ERROR did you mean `name`?
struct Bomb {
    #[message(range = 1..=0)] //~ ERROR no value is within 1..=0
    damage: i32,
    #[message(validate = |_| Ok(()))] //~ ERROR `validate` is the path of a function
    colour: u8,
}

// Nothing is added here about a type that is no message.
fn send(bomb: Bomb) {
    accept(&bomb);
    let _ = bomb.property::<i32>("damage");
}

fn accept(_: &impl Message) {}
