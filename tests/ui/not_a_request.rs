use pysage_core::{Message, Request};

#[derive(Message)]
struct Told;

#[derive(Message)]
#[message(reply = u8, stream = 256)] //~ ERROR `stream` is a number from 0 to 255
struct Asked;

fn ask<Q: Request>(_: Q) -> Option<Q::Reply> {
    None
}

fn all() {
    ask(Told); //~ ERROR `Told` is not a request
    //~^ ERROR say what it is answered with: `#[message(reply = i32)]`
    // Nothing is added about the other one.
    let _: Option<u8> = ask(Asked);
}
