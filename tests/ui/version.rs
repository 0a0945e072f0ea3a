use pysage_core::Message;

#[derive(Message)]
#[message(version = 0)] //~ ERROR `version` is a number from 1 to 65535
struct Zero;

#[derive(Message)]
#[message(version = "1.0")] //~ ERROR `version` is a number from 1 to 65535
struct Text;
