//! The report: a table per case for people, or a line of JSON per row for programs.

use std::io::{self, Write};

use serde::Serialize;

const LOCK_FILE: &str = include_str!("../Cargo.lock");

#[derive(Clone, Copy)]
pub enum Format {
    Table,
    Json,
}

/// One case with one peer. The fields, in this order, are the fields of the JSON.
#[derive(Serialize)]
pub struct Row {
    pub case: String,
    pub peer: &'static str,
    pub version: Option<&'static str>,
    /// The median of the runs.
    pub ns_per_op: f64,
    pub min: f64,
    pub max: f64,
    /// Operations of each run.
    pub n: u64,
    pub runs: usize,
    pub threads: usize,
    pub checksum: String,
    pub ratio_to_floor: f64,
    pub heap_bytes_per_actor: Option<f64>,
}

/// The runs of one peer in a few numbers.
pub struct Summary {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Summary {
    /// # Panics
    /// If there are no runs.
    pub fn of(runs: &[f64]) -> Self {
        let mut sorted = runs.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (lower, upper) = ((sorted.len() - 1) / 2, sorted.len() / 2);
        Self {
            median: (sorted[lower] + sorted[upper]) / 2.0,
            min: sorted[0],
            max: sorted[sorted.len() - 1],
        }
    }
}

/// Writes the rows of one case, the floor's first.
pub fn write(output: &mut impl Write, format: Format, rows: &[Row]) -> io::Result<()> {
    match format {
        Format::Table => write_table(output, rows)?,
        Format::Json => {
            for row in rows {
                serde_json::to_writer(&mut *output, row)?;
                writeln!(output)?;
            }
        }
    }
    output.flush()
}

/// The version of a measured package, from the lock file this program was built with.
///
/// # Panics
/// If this program does not depend on the package.
pub fn version_of(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK_FILE.lines().skip_while(|line| *line != name).skip(1);
    lines
        .next()
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .expect("a measured package is a dependency, and each dependency is in the lock file")
}

fn write_table(output: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let Some(Row { case, n, runs, .. }) = rows.first() else {
        return Ok(());
    };
    writeln!(output, "{case}: ns per operation, median of {runs} runs of {n} operations")?;
    let with_heap = rows.iter().any(|row| row.heap_bytes_per_actor.is_some());
    let heap_title = if with_heap { "heap B/actor" } else { "" };
    writeln!(
        output,
        "  {:<16}{:<10}{:>12}{:>12}{:>12}{:>10}{:>9}  {:>12}",
        "peer", "version", "median", "min", "max", "x floor", "threads", heap_title,
    )?;
    for row in rows {
        let heap = row.heap_bytes_per_actor.map_or_else(String::new, |bytes| format!("{bytes:.0}"));
        writeln!(
            output,
            "  {:<16}{:<10}{:>12.2}{:>12.2}{:>12.2}{:>10.1}{:>9}  {:>12}",
            row.peer,
            row.version.unwrap_or("-"),
            row.ns_per_op,
            row.min,
            row.max,
            row.ratio_to_floor,
            row.threads,
            heap,
        )?;
    }
    writeln!(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_one_line_per_row_with_null_for_what_does_not_apply() {
        let row = Row {
            case: "tell".to_owned(),
            peer: "floor",
            version: None,
            ns_per_op: 2.5,
            min: 2.0,
            max: 3.0,
            n: 1_000,
            runs: 5,
            threads: 1,
            checksum: "00000000000000ff".to_owned(),
            ratio_to_floor: 1.0,
            heap_bytes_per_actor: None,
        };
        let mut output = Vec::new();
        write(&mut output, Format::Json, &[row]).expect("a Vec takes all bytes");
        let expected = concat!(
            r#"{"case":"tell","peer":"floor","version":null,"ns_per_op":2.5,"min":2.0,"max":3.0,"#,
            r#""n":1000,"runs":5,"threads":1,"checksum":"00000000000000ff","ratio_to_floor":1.0,"#,
            r#""heap_bytes_per_actor":null}"#,
            "\n",
        );
        assert_eq!(String::from_utf8(output).as_deref(), Ok(expected));
    }

    #[test]
    fn the_median_of_an_even_number_of_runs_lies_between_the_middle_two() {
        let summary = Summary::of(&[4.0, 1.0, 2.0, 9.0]);
        assert_eq!((summary.median, summary.min, summary.max), (3.0, 1.0, 9.0));
    }
}
