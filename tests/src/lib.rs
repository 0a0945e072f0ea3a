//! Holds nothing: the tests are in the folder `tests` beside it.
