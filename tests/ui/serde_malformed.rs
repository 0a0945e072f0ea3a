use pysage_core::Message;

#[derive(Message)]
#[message(packet_type = 101)]
struct Bomb {
    #[serde] //~ ERROR `serde` needs a list, such as `#[serde(with = "hexadecimal")]`
    damage: i32,
    #[serde = "skip"] //~ ERROR `serde` needs a list
    radius: i32,
    #[serde(with = hexadecimal)] //~ ERROR `with` takes a path in quotes, such as
    colour: i32,
    #[serde(default = "a value")] //~ ERROR `default` stands alone or takes a path in quotes
    owner: i32,
    #[serde(skip = "true")] //~ ERROR `skip` takes no value
    secret: i32,
    #[serde(with = "hexadecimal", with = "hexadecimal")] //~ ERROR `with` is given twice
    twice: i32,
}
