use pysage_core::Message;

struct Answer;

#[derive(Message)]
#[message(packet_type = 101)]
#[message(reply = Answer)] //~ ERROR consider adding `#[derive(serde::Serialize)]` to your `Answer`
//~^ ERROR required for `Answer` to implement
struct Question;
