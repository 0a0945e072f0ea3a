//! Compiles files that must not compile, and compares the errors with those that they announce.
//!
//! A file says what it expects on the line in question, in the words of rustc's own tests:
//! `//~ ERROR some text`, or `//~^ ERROR some text` on the line below. Every expected text must be
//! part of an error (or of its notes) on that line, and every error must be expected. The rest of
//! what rustc prints is not compared, since it differs from version to version.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// A text at a line: expected of the compiler, or said by it.
#[derive(Debug)]
struct Remark {
    line: u64,
    text: String,
}

/// By the name of the file without `.rs`.
type Remarks = BTreeMap<String, Vec<Remark>>;

/// Compiles every `.rs` file of `directory` on its own, as a library that can use `crates`.
///
/// Cargo checks them all in one go, in a package of its own below the target directory, without
/// the network and with the versions that the workspace has.
///
/// # Panics
/// With a list of all differences, if there are any.
pub(crate) fn check(directory: &Path, crates: &[&str]) {
    let files = rust_files(directory);
    assert!(!files.is_empty(), "{} has no files to compile", directory.display());
    let package = write_package(&files, crates);
    let (found, stderr) = compile(&package);
    let mut differences = Vec::new();
    for (name, file) in &files {
        let source = fs::read_to_string(file).expect("a file that was just listed can be read");
        let expected = expectations(&source);
        let found = found.get(name).map_or(&[][..], Vec::as_slice);
        differences.extend(compare(&expected, found).map(|text| format!("{name}.rs:{text}")));
    }
    assert!(differences.is_empty(), "{}\n\ncargo said:\n{stderr}", differences.join("\n"));
}

fn rust_files(directory: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory can be listed");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let rust = paths.filter(|path| path.extension() == Some(OsStr::new("rs")));
    let name = |path: &PathBuf| path.file_stem().map(|name| name.to_string_lossy().into_owned());
    rust.filter_map(|path| Some((name(&path)?, path))).collect()
}

/// Writes a package with an example for each file, and gives its manifest.
fn write_package(files: &BTreeMap<String, PathBuf>, crates: &[&str]) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let workspace = workspace.expect("this package is a folder of the workspace");
    let mut manifest = String::from(
        "[package]\nname = \"compile-fail\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[lib]\npath = \"lib.rs\"\n\n[dependencies]\n",
    );
    for name in crates {
        manifest += &format!("{name} = {{ path = {:?} }}\n", workspace.join(name));
    }
    // As libraries, so that the files need no `main`.
    for (name, file) in files {
        manifest +=
            &format!("\n[[example]]\nname = \"{name}\"\ncrate-type = [\"lib\"]\npath = {file:?}\n");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    let write = |name, text: &str| fs::write(folder.join(name), text);
    fs::create_dir_all(&folder)
        .and_then(|()| write("Cargo.toml", &manifest))
        .and_then(|()| write("lib.rs", ""))
        .and_then(|()| fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")))
        .expect("the target directory can be written");
    folder.join("Cargo.toml")
}

/// Runs cargo, and gives the errors by file and what cargo itself had to say.
fn compile(manifest: &Path) -> (Remarks, String) {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--examples", "--keep-going", "--offline", "--message-format=json"])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(manifest.with_file_name("target"))
        // In the place of flags such as `-D warnings`: a file that is wrong may well be unused.
        .env("RUSTFLAGS", "--cap-lints=warn")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .expect("cargo can be run");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut errors = Remarks::new();
    for line in stdout.lines() {
        let report: Value = serde_json::from_str(line).expect("cargo speaks JSON");
        let message = &report["message"];
        if report["reason"] == "compiler-message" && message["level"] == "error" {
            let name = report["target"]["name"].as_str().expect("every target has a name");
            let file = report["target"]["src_path"].as_str().expect("every target has a file");
            errors.entry(name.to_owned()).or_default().extend(error(message, file));
        }
    }
    (errors, stderr)
}

/// The error with its notes; none for rustc's closing "aborting due to 2 previous errors".
fn error(message: &Value, file: &str) -> Option<Remark> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let spans = list(&message["spans"]);
    let mut texts = Vec::from_iter(text(&message["message"]));
    if spans.is_empty() && texts.iter().any(|text| text.starts_with("aborting due to")) {
        return None;
    }
    texts.extend(spans.iter().filter_map(|span| text(&span["label"])));
    texts.extend(list(&message["children"]).iter().filter_map(|note| text(&note["message"])));
    let primary = spans.iter().find(|span| span["is_primary"] == true);
    // What a macro wrote is told, as to a reader, where the file calls it.
    let in_file = |span: &&Value| span["file_name"].as_str().is_some_and(|it| file.ends_with(it));
    let mut places = std::iter::successors(primary, |span| span["expansion"].get("span"));
    let line = places.find(in_file).and_then(|span| span["line_start"].as_u64());
    Some(Remark { line: line.unwrap_or(0), text: texts.join("\n") })
}

fn expectations(source: &str) -> Vec<Remark> {
    let mut expected = Vec::new();
    for (number, line) in (1..).zip(source.lines()) {
        let Some((_, comment)) = line.split_once("//~") else { continue };
        let above = comment.chars().take_while(|&mark| mark == '^').count();
        let text = comment[above..].trim().strip_prefix("ERROR ");
        let text = text.unwrap_or_else(|| panic!("line {number} lacks the word `ERROR`"));
        expected.push(Remark { line: number - above as u64, text: text.to_owned() });
    }
    expected
}

/// What was expected and not found, and what was found and not expected.
fn compare<'a>(expected: &'a [Remark], found: &'a [Remark]) -> impl Iterator<Item = String> + 'a {
    let matches = |expected: &Remark, found: &Remark| {
        found.line == expected.line && found.text.contains(&expected.text)
    };
    let missing = expected
        .iter()
        .filter(move |expected| !found.iter().any(|found| matches(expected, found)))
        .map(|Remark { line, text }| format!("{line}: no such error: {text}"));
    let surplus = found
        .iter()
        .filter(move |found| !expected.iter().any(|expected| matches(expected, found)))
        .map(|Remark { line, text }| format!("{line}: not expected: {text}"));
    let nothing = expected.is_empty().then(|| "0: expects no error at all".to_owned());
    missing.chain(surplus).chain(nothing)
}
