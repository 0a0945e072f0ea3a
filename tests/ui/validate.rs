use pysage_core::Message;

#[derive(Message)]
#[message(validate = "check")] //~ ERROR `validate` is the path of a function, such as `validate = check_damage`
struct Text;

#[derive(Message)]
#[message(validate = by_value)] //~ ERROR mismatched types
struct ByValue;

fn by_value(_: ByValue) -> Result<(), String> {
    Ok(())
}

#[derive(Message)]
struct Silent(#[message(validate = silent)] u8); //~ ERROR mismatched types

fn silent(_: &u8) -> bool {
    true
}

#[derive(Message)]
struct Unprintable(#[message(validate = unprintable)] u8); //~ ERROR required by a bound in `PropertyError::invalid`

fn unprintable(_: &u8) -> Result<(), ()> {
    Err(())
}
