use pysage_core::Message;

#[derive(Message)]
#[message(crate = "pysage_core")] //~ ERROR `crate` is a path without quotes, such as `crate = engine::pysage_core`
struct Quoted;
