use pysage_core::Message;

#[derive(Message)]
#[message(reply = "i32")] //~ ERROR `reply` is a type without quotes, such as `reply = i32`
struct Quoted;

#[derive(Message)]
#[message(reply = 7, packet_type = 101)] //~ ERROR `reply` is a type without quotes
struct Number;

#[derive(Message)]
#[message(reply = Vec<u8, packet_type = 101)] //~ ERROR `reply` is a type without quotes
struct Open;

#[derive(Message)]
#[message(reply = &str)] //~ ERROR a reply borrows nothing; own the data, such as `String`
struct Borrowed;

#[derive(Message)]
#[message(reply)] //~ ERROR `reply` needs a value: `reply = ..`
struct Empty;

#[derive(Message)]
struct Misplaced {
    #[message(reply = i32)] //~ ERROR `reply` goes on the message, not on its fields
    field: u8,
}

#[derive(Message)]
#[message(reply = std::rc::Rc<u8>)] //~ ERROR `Rc<u8>` cannot be sent between threads safely
struct NotSend;
