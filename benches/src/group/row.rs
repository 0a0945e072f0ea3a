//! The report: a table for people, or a line of JSON per row for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::Format;

/// One case with one size and one peer. The fields, in this order, are the fields of the JSON;
/// those that do not apply are null.
#[derive(Debug, Serialize)]
pub struct Row {
    pub case: String,
    pub peer: &'static str,
    pub version: Option<&'static str>,
    pub bytes: usize,
    /// Messages, round trips or children of each run.
    pub n: u64,
    pub runs: usize,
    /// Of the messages that were handled.
    pub checksum: Option<String>,
    pub messages_per_s: Option<f64>,
    pub bytes_per_s: Option<f64>,
    pub p50_us: Option<f64>,
    pub p99_us: Option<f64>,
    /// The median of each run's ratio to the raw run of the same round: of rates, or of medians.
    pub ratio_to_raw: Option<f64>,
    pub p99_ratio_to_raw: Option<f64>,
    /// What is neither a rate nor a time.
    pub value: Option<f64>,
    pub unit: Option<&'static str>,
}

/// Writes the rows of one load, the raw one first.
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

fn write_table(output: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let Some(Row { case, bytes, .. }) = rows.first() else { return Ok(()) };
    match bytes {
        0 => writeln!(output, "{case}")?,
        bytes => writeln!(output, "{case}, {bytes} bytes")?,
    }
    writeln!(
        output,
        "  {:<18}{:>9}{:>10}{:>13}{:>9}{:>10}{:>10}{:>8}{:>8}  value",
        "peer", "version", "n", "messages/s", "GB/s", "p50 us", "p99 us", "x raw", "p99",
    )?;
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    for row in rows {
        let value = row.value.map(|value| format!("{value:.3} {}", row.unit.unwrap_or_default()));
        writeln!(
            output,
            "  {:<18}{:>9}{:>10}{:>13}{:>9}{:>10}{:>10}{:>8}{:>8}  {}",
            row.peer,
            row.version.unwrap_or("-"),
            row.n,
            number(row.messages_per_s, 0),
            number(row.bytes_per_s.map(|bytes| bytes / 1e9), 3),
            number(row.p50_us, 1),
            number(row.p99_us, 1),
            number(row.ratio_to_raw, 3),
            number(row.p99_ratio_to_raw, 2),
            value.unwrap_or_default(),
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
            case: "round_trip".to_owned(),
            peer: "raw",
            version: None,
            bytes: 64,
            n: 20_000,
            runs: 5,
            checksum: Some("00000000000000ff".to_owned()),
            messages_per_s: None,
            bytes_per_s: None,
            p50_us: Some(9.5),
            p99_us: Some(19.0),
            ratio_to_raw: Some(1.0),
            p99_ratio_to_raw: Some(1.0),
            value: None,
            unit: None,
        };
        let mut output = Vec::new();
        write(&mut output, Format::Json, &[row]).expect("a Vec takes all bytes");
        let expected = concat!(
            r#"{"case":"round_trip","peer":"raw","version":null,"bytes":64,"n":20000,"runs":5,"#,
            r#""checksum":"00000000000000ff","messages_per_s":null,"bytes_per_s":null,"#,
            r#""p50_us":9.5,"p99_us":19.0,"ratio_to_raw":1.0,"p99_ratio_to_raw":1.0,"#,
            r#""value":null,"unit":null}"#,
            "\n",
        );
        assert_eq!(String::from_utf8(output).as_deref(), Ok(expected));
    }
}
