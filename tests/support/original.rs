//! The original pysage itself, where there is a Python 2.7 and the package can be had.
//!
//! Two environment variables say where they are: `PYSAGE_PYTHON2` names the interpreter, and
//! `PYSAGE_ORIGINAL` the folder that holds the package `pysage` of 1.6.1. Without them `python2.7` is
//! looked for on the path and below `~/.pyenv`, and the package is downloaded by pip into the target
//! directory, once.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// A Python program on the original, which ends when this is dropped.
pub(crate) struct Python {
    child: Child,
    /// Its end is what the program waits for.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts a script of the folder `original` with arguments, the first of which is where the
    /// package is. `None` if the original cannot be had, which is said.
    pub(crate) fn start(script: &str, arguments: &[&str]) -> Option<Python> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/original").join(script);
        Python::spawn(|command, package| {
            command.arg(script).arg(package).args(arguments);
        })
    }

    /// Runs a program that is given as its text.
    pub(crate) fn run(program: &str, arguments: &[&str]) -> Option<Python> {
        Python::spawn(|command, package| {
            command.env("PYTHONPATH", package).args(["-c", program]).args(arguments);
        })
    }

    fn spawn(prepare: impl FnOnce(&mut Command, &Path)) -> Option<Python> {
        static FOUND: OnceLock<Result<(PathBuf, PathBuf), String>> = OnceLock::new();
        let found = FOUND.get_or_init(|| {
            let python = python()?;
            package(&python).map(|package| (python, package))
        });
        let (python, package) = match found {
            Ok(found) => found,
            Err(why) => {
                println!("skipped: {why}");
                return None;
            }
        };
        println!("with {} and pysage in {}", python.display(), package.display());
        let mut command = Command::new(python);
        prepare(command.arg("-B"), package);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Some(Python { input: child.stdin.take(), output, child })
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Has it end, and holds that it did so without an error.
    pub(crate) fn finish(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success(), "the original has failed; see above");
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A Python 2.7.
fn python() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("PYSAGE_PYTHON2") {
        return Ok(named.into());
    }
    let is_one = |path: &PathBuf| {
        let mut command = Command::new(path);
        command.args(["-c", "import sys; assert sys.version_info[:2] == (2, 7)"]);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    let home = PathBuf::from(env::var_os("HOME").unwrap_or_default());
    let versions = home.join(".pyenv/versions").read_dir();
    let installed = versions.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut installed: Vec<_> = installed.map(|path| path.join("bin/python2.7")).collect();
    installed.sort();
    [PathBuf::from("python2.7")].into_iter().chain(installed).find(is_one).ok_or_else(|| {
        "there is no python2.7 on the path or below ~/.pyenv; PYSAGE_PYTHON2 may name one"
            .to_owned()
    })
}

/// The folder that holds the package.
fn package(python: &Path) -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("PYSAGE_ORIGINAL") {
        return Ok(named.into());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pysage-original");
    let unpacked = folder.join("pysage-1.6.1");
    if unpacked.join("pysage/system.py").exists() {
        return Ok(unpacked);
    }
    let download = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "pysage==1.6.1"];
    let timed = |command: &mut Command| {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    let with_pip = |program: &Path, module: &[&str]| {
        let mut command = Command::new(program);
        command.args(module).args(download).arg("--dest").arg(&folder);
        timed(command.env("PIP_DEFAULT_TIMEOUT", "5").env("PIP_RETRIES", "0"))
    };
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let is_there = with_pip(python, &["-m", "pip"])
        || with_pip(Path::new("pip3"), &[])
        || with_pip(Path::new("python3"), &["-m", "pip"]);
    if !is_there {
        return Err("pip cannot download pysage 1.6.1; PYSAGE_ORIGINAL may name its folder".into());
    }
    let unpack = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])";
    let mut command = Command::new(python);
    command.args(["-c", unpack]).arg(folder.join("pysage-1.6.1.tar.gz")).arg(&folder);
    match timed(&mut command) {
        true => Ok(unpacked),
        false => Err("the package that pip downloaded cannot be unpacked".into()),
    }
}
