use pysage_core::Message;

#[derive(Message)]
struct Number {
    #[message(range = 100)] //~ ERROR `range` is a range of values, such as `range = 0..=100`
    damage: i32,
}

const MOST: i32 = 100;

#[derive(Message)]
struct Constant {
    #[message(range = MOST)] //~ ERROR RangeBounds<i32>` is not satisfied
    damage: i32,
}

#[derive(Message)]
struct Float {
    #[message(range = 0.0..1.0)] //~ ERROR RangeBounds<i32>` is not satisfied
    damage: i32,
}
