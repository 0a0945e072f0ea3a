use pysage_core::protocol;

struct Plain;

protocol! {
    Game: Plain //~ ERROR `Plain` is not a message
    //~^ ERROR `Plain` has no wire form
}
