use pysage_core::Message;

struct Fuse;

#[derive(Message)] //~ ERROR consider adding `#[derive(serde::Serialize)]` to your `Fuse` type
#[message(packet_type = 101)]
struct Bomb {
    damage: i32,
    fuse:
        Fuse, //~ ERROR consider adding `#[derive(serde::Deserialize)]` to your `Fuse` type
}

#[derive(Message)] //~ ERROR consider adding `#[derive(serde::Serialize)]` to your `Fuse` type
#[message(packet_type = 102)]
enum Order {
    Light(u8, Vec<Fuse>), //~ ERROR consider adding `#[derive(serde::Deserialize)]` to your `Fuse`
    Stop,
}

#[derive(Message)]
#[message(packet_type = 103)]
struct Skipped {
    #[serde(skip)]
    fuse: Fuse, //~ ERROR the trait bound `Fuse: Default` is not satisfied
}
