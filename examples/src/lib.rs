//! Holds no code of its own: the examples are the files beside the manifest.

/// The program in this page is run as a documentation test.
#[doc = include_str!("../../docs/from-python.md")]
#[cfg(doctest)]
struct FromPython;
