use pysage_core::Message;

struct Plain;

fn accept<M: Message>(_: M) {}

fn send() {
    accept(Plain); //~ ERROR `Plain` is not a message
    //~^ ERROR add `#[derive(Message)]` to `Plain`
}
