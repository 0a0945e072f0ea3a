use pysage_core::Message;

#[derive(Message)]
#[message(stream = 256)] //~ ERROR `stream` is a number from 0 to 255
struct TooLarge;
