use pysage_core::Message;

#[derive(Message)]
#[message(name = "")] //~ ERROR the name of a message cannot be empty
struct Empty;

#[derive(Message)]
#[message(name = bomb)] //~ ERROR `name` is text in quotes, such as `name = "boom"`
struct Word;
