use std::rc::Rc;

use pysage_core::Message;

#[derive(Message)]
struct Shared { //~ ERROR `Rc<i32>` cannot be sent between threads safely
    count: Rc<i32>,
}

#[derive(Message)]
struct Wrapped<T>(T);

fn accept(_: impl Message) {}

fn send() {
    accept(Wrapped(Rc::new(1))); //~ ERROR cannot be sent between threads safely
}
