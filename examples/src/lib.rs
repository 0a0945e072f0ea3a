//! Holds nothing: the examples are the files beside the manifest.
