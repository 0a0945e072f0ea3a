//! The report: a table for people, or a line of JSON per row for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::peer::Carrier;
use crate::report::Format;

/// One case with one peer. The fields, in this order, are the fields of the JSON; what makes no
/// sense for a case is null.
#[derive(Serialize)]
pub struct Row {
    pub case: String,
    pub peer: &'static str,
    #[serde(skip)]
    pub version: Option<&'static str>,
    /// Null for peers without a choice.
    pub carrier: Option<Carrier>,
    /// Of each message; null for mixed sizes.
    pub bytes: Option<usize>,
    pub loss: Option<f64>,
    /// What a run consists of: messages, both ways together; or polls, or idle peers.
    pub n: u64,
    pub runs: u32,
    pub checksum: Option<String>,
    pub messages_per_s: Option<f64>,
    /// Over all runs together.
    pub p50_us: Option<f64>,
    pub p99_us: Option<f64>,
    /// The median of the runs.
    pub seconds: Option<f64>,
    /// The median of the runs, both ways together.
    pub datagrams: Option<f64>,
    pub memory_per_peer: Option<f64>,
    /// Of messages a second, so more is better, or else of `p50_us`, so less is.
    pub ratio_to_raw: Option<f64>,
}

/// Writes the rows of one case and rate of loss.
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

/// A column's title and what is in it.
type Column = (&'static str, fn(&Row) -> Option<String>);

const COLUMNS: &[Column] = &[
    ("messages/s", |row| row.messages_per_s.map(|rate| format!("{rate:.0}"))),
    ("p50 us", |row| row.p50_us.map(|us| format!("{us:.1}"))),
    ("p99 us", |row| row.p99_us.map(|us| format!("{us:.1}"))),
    ("seconds", |row| row.seconds.map(|seconds| format!("{seconds:.4}"))),
    ("datagrams", |row| row.datagrams.map(|datagrams| format!("{datagrams:.0}"))),
    ("a message", |row| row.datagrams.map(|datagrams| format!("{:.3}", datagrams / row.n as f64))),
    ("B/peer", |row| row.memory_per_peer.map(|bytes| format!("{bytes:.0}"))),
    ("x raw", |row| row.ratio_to_raw.map(|ratio| format!("{ratio:.2}"))),
];

/// Only columns in which there is something.
fn write_table(output: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let Some(Row { case, bytes, loss, n, runs, .. }) = rows.first() else {
        return Ok(());
    };
    write!(output, "{case}: {runs} runs of {n}")?;
    if let Some(bytes) = bytes {
        write!(output, ", {bytes} bytes a message")?;
    }
    if let Some(loss) = loss {
        write!(output, ", {} % loss", loss * 100.0)?;
    }
    write!(output, "\n  {:<17}{:<9}{:<10}", "peer", "version", "carrier")?;
    let used = |column: &&Column| rows.iter().any(|row| column.1(row).is_some());
    let columns: Vec<&Column> = COLUMNS.iter().filter(used).collect();
    for (title, _) in &columns {
        write!(output, "{title:>13}")?;
    }
    writeln!(output)?;
    for row in rows {
        let carrier = row.carrier.map_or_else(|| "-".to_owned(), Carrier::name);
        write!(output, "  {:<17}{:<9}{carrier:<10}", row.peer, row.version.unwrap_or("-"))?;
        for (_, value) in &columns {
            write!(output, "{:>13}", value(row).unwrap_or_default())?;
        }
        writeln!(output)?;
    }
    writeln!(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_one_line_per_row_with_null_for_what_does_not_apply() {
        let row = Row {
            case: "burst".to_owned(),
            peer: "raw",
            version: None,
            carrier: Some(Carrier::UdpPlain),
            bytes: Some(64),
            loss: None,
            n: 1_000,
            runs: 5,
            checksum: Some("00000000000000ff".to_owned()),
            messages_per_s: Some(2.5),
            p50_us: None,
            p99_us: None,
            seconds: Some(400.0),
            datagrams: None,
            memory_per_peer: None,
            ratio_to_raw: Some(1.0),
        };
        let mut output = Vec::new();
        write(&mut output, Format::Json, &[row]).expect("a Vec takes all bytes");
        let expected = concat!(
            r#"{"case":"burst","peer":"raw","carrier":"udp_plain","bytes":64,"loss":null,"n":1000,"#,
            r#""runs":5,"checksum":"00000000000000ff","messages_per_s":2.5,"p50_us":null,"#,
            r#""p99_us":null,"seconds":400.0,"datagrams":null,"memory_per_peer":null,"#,
            r#""ratio_to_raw":1.0}"#,
            "\n",
        );
        assert_eq!(String::from_utf8(output).as_deref(), Ok(expected));
    }
}
