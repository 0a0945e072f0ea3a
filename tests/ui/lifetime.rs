use pysage_core::Message;

#[derive(Message)]
struct Chat<'a> { //~ ERROR a message borrows nothing
    text: &'a str,
}

#[derive(Message)]
struct Shout {
    text: &str, //~ ERROR missing lifetime specifier
}
