//! What a mistake with `#[derive(Message)]` is told: one file in `ui` for each.

#[path = "../support/compile_fail.rs"]
mod compile_fail;

use std::path::Path;

#[test]
fn every_mistake_is_told_where_it_was_made() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    compile_fail::check(&ui, &["pysage-core"]);
}
