use pysage_core::Message;

#[derive(Message)]
#[message(delivery = reliable)] //~ ERROR `delivery` is one of `unreliable`, `sequenced`, `reliable_unordered` and `reliable_ordered`, without quotes; did you mean `reliable_ordered`?
struct Short;

#[derive(Message)]
#[message(delivery = "sequenced")] //~ ERROR without quotes; did you mean `sequenced`?
struct Quoted;

#[derive(Message)]
#[message(delivery = tcp)] //~ ERROR `delivery` is one of
struct Other;
