//! Reading and writing the files of a run. A file is replaced as a whole.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use csv::StringRecord;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error, MapAccessDeserializer};

use crate::error::UsageError;
use crate::results::csv_cell::{Cell, Row};

/// Writes rows as CSV with a header. A reader sees the old file or the new one.
pub fn write_rows<R: Serialize>(path: &Path, rows: &[R]) -> anyhow::Result<()> {
    write_whole(path, &csv_bytes(rows)?)
}

/// Rows as CSV with a header.
pub fn csv_bytes<R: Serialize>(rows: &[R]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .context("a row that CSV cannot hold")?;
    }
    writer.into_inner().context("flush of a buffer in memory")
}

/// Reads the rows of a CSV file, also one that a spreadsheet or a data frame has saved: with a
/// byte-order mark, semicolons or tabs, decimal commas, and values as [`Cell`] reads them. An error
/// names the file, the line, the column and what was expected.
pub fn read_rows<R: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<R>> {
    let text = read_text(path)?;
    let rows = rows(&text).and_then(|rows| rows.into_iter().collect());
    Ok(rows.map_err(|why| UsageError(not_as_written(path, &why)))?)
}

/// The rows of a file that can be read, and what is wrong with the others, each with its line.
/// None where a run was interrupted before it wrote the file.
pub fn read_sound_rows<R: DeserializeOwned>(path: &Path) -> (Vec<R>, Vec<String>) {
    if !path.exists() {
        return (Vec::new(), Vec::new());
    }
    let text = match read_text(path) {
        Ok(text) => text,
        Err(why) => return (Vec::new(), vec![format!("{why:#}")]),
    };
    let rows = rows(&text).unwrap_or_else(|why| vec![Err(why)]);
    let (sound, wrong): (Vec<_>, Vec<_>) = rows.into_iter().partition(Result::is_ok);
    let wrong = wrong.into_iter().filter_map(Result::err);
    (
        sound.into_iter().flatten().collect(),
        wrong.map(|why| not_as_written(path, &why)).collect(),
    )
}

fn not_as_written(path: &Path, why: &str) -> String {
    format!("{} is not as wslab wrote it: {why}", path.display())
}

/// Reads the rows of a file; none where a run was interrupted before it wrote the file.
pub fn read_rows_if_there<R: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<R>> {
    match path.exists() {
        true => read_rows(path),
        false => Ok(Vec::new()),
    }
}

/// Reads a text file, without its byte-order mark.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let path = path.display();
        UsageError(format!(
            "{path}:{line}: this is not UTF-8: save the file as UTF-8 (iconv -t UTF-8)"
        ))
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// The rows of a CSV file, each of them or its line and the first column that does not fit; or why
/// the file is none.
fn rows<R: DeserializeOwned>(text: &str) -> Result<Vec<Result<R, String>>, String> {
    let delimiter = delimiter(text.lines().next().unwrap_or_default());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    if header.len() == 1 && header[0].contains([',', ';', '\t']) {
        let why = "line 1 has all columns in one cell: open the file with the comma as separator";
        return Err(why.to_owned());
    }
    let records: Result<Vec<StringRecord>, csv::Error> = reader.records().collect();
    let records = records.map_err(|error| error.to_string())?;
    let decimal_mark = match records.iter().flatten().any(has_decimal_comma) {
        true if delimiter != b',' => ',',
        _ => '.',
    };
    // A spreadsheet may add empty lines.
    let filled = |record: &&StringRecord| record.iter().any(|cell| !cell.is_empty());
    let records = records.iter().filter(filled);
    let rows = records.map(|record| row(&header, record, decimal_mark));
    Ok(rows.collect())
}

/// A row, or the first column that does not fit.
fn row<R: DeserializeOwned>(
    header: &StringRecord,
    record: &StringRecord,
    decimal_mark: char,
) -> Result<R, String> {
    let line = record.position().map_or(0, |position| position.line());
    if record.len() != header.len() {
        let (cells, columns) = (record.len(), header.len());
        return Err(format!(
            "line {line} has {cells} cells, and line 1 names {columns} columns"
        ));
    }
    let cell = |text| Cell {
        text,
        decimal_mark,
        optional: false,
    };
    let cells = header.iter().zip(record);
    let cells = cells.map(|(column, text)| (column, cell(text)));
    let row = Row { cells, next: None };
    let read: Result<R, Error> = R::deserialize(MapAccessDeserializer::new(row));
    read.map_err(|error| format!("line {line}, {error}"))
}

/// What stands between the cells: no column's name contains any of these.
fn delimiter(header: &str) -> u8 {
    let count = |mark: &u8| header.bytes().filter(|byte| byte == mark).count();
    // Of equal counts the last, which is the comma.
    let marks = [b'\t', b';', b','];
    marks.into_iter().max_by_key(count).unwrap_or(b',')
}

fn has_decimal_comma(cell: &str) -> bool {
    cell.contains(',') && cell.replacen(',', ".", 1).parse::<f64>().is_ok()
}

/// Replaces a file by a rename, so that an interrupted write leaves the old file. The temporary
/// file has a name of its own, so two writers never share one.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .suffix(".partial")
            // Readable as any other file; the umask applies.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{TrialRow, Verdict};
    use crate::transport::Transport;

    fn read(text: &str) -> Result<Vec<TrialRow>, String> {
        rows(text).and_then(|rows| rows.into_iter().collect())
    }

    /// A trial's row, with figures of each type of column.
    fn trial() -> TrialRow {
        TrialRow {
            scenario: "1234.567".to_owned(),
            transport: Transport::Sse,
            clients: 1_000,
            rate_hz: 0.5,
            tls: true,
            window_s: 15.0,
            wire_bytes_down: 1_230_000,
            latency_p50_us: Some(1_234.5),
            ends_differ_bytes: Some(-3),
            pin: Some("server 0; load 1".to_owned()),
            verdict: Verdict::Suspect,
            ..TrialRow::default()
        }
    }

    /// `trials.csv` of that row, after `change` has changed the cells of its columns.
    fn saved(delimiter: u8, change: impl Fn(&str, &str) -> String) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.csv");
        write_rows(&path, &[trial()]).unwrap();
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let header = reader.headers().unwrap().clone();
        let record = reader.records().next().unwrap().unwrap();
        let cells = header.iter().zip(&record);
        let cells = cells.map(|(column, cell)| change(column, cell));
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .from_writer(Vec::new());
        writer.write_record(&header).unwrap();
        writer.write_record(cells).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    fn with_empty_line(text: String) -> String {
        let header = text.lines().next().unwrap();
        let commas = ",".repeat(header.matches(',').count());
        text + &commas + "\n"
    }

    #[test]
    fn what_a_spreadsheet_or_a_data_frame_saved_is_the_same_row() {
        let in_column = |name: &'static str, new: &'static str| {
            move |column: &str, cell: &str| match column == name {
                true => new.to_owned(),
                false => cell.to_owned(),
            }
        };
        let numbers = |column: &str, cell: &str| match cell.parse::<f64>() {
            Ok(_) if column != "scenario" => cell.replace('.', ","),
            _ => cell.to_owned(),
        };
        let point_zero = |_: &str, cell: &str| match cell.bytes().all(|b| b.is_ascii_digit()) {
            true if !cell.is_empty() => format!("{cell}.0"),
            _ => cell.to_owned(),
        };
        for text in [
            saved(b',', |_, cell| cell.to_owned()),
            saved(b',', in_column("tls", "TRUE")),
            saved(b';', in_column("tls", "VERDADEIRO")),
            saved(b',', point_zero),
            saved(b',', in_column("wire_bytes_down", "1.23E+06")),
            saved(b';', numbers),
            saved(b'\t', numbers),
            saved(b';', |_, cell| cell.to_owned()),
            with_empty_line(saved(b',', |_, cell| cell.to_owned())),
        ] {
            assert_eq!(read(&text).as_deref(), Ok(&[trial()][..]), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_line_column_and_what_was_expected() {
        let whole = "expected a whole number of 0 or more";
        for (column, cell, why) in [
            ("latency_p50_us", "NaN", "expected a number such as 1234.5"),
            ("latency_p50_us", "inf", "found \"inf\""),
            ("latency_p50_us", "1e999", "found \"1e999\""),
            (
                "latency_p50_us",
                "1,234.5",
                "without thousands separators or nothing",
            ),
            ("window_s", "", "found an empty cell"),
            ("missed", "-3", whole),
            ("missed", "2.5", whole),
            ("missed", "18446744073709551616", whole),
            ("clients", "5e9", "from 0 to 4294967295"),
            (
                "heartbeats",
                "NA",
                "expected a whole number of 0 or more or nothing, found \"NA\"",
            ),
            ("tls", "maybe", "expected true or false"),
            ("verdict", "FINE", "expected one of VALID, SUSPECT, INVALID"),
            ("transport", "pigeon", "long-polling, "),
        ] {
            let text = saved(b',', |name, old| match name == column {
                true => cell.to_owned(),
                false => old.to_owned(),
            });
            let error = read(&text).unwrap_err();
            let place = format!("line 2, column {column}: ");
            assert!(error.starts_with(&place) && error.contains(why), "{error}");
        }
        // With decimal commas, a point separates thousands.
        let text = saved(b';', |name, cell| match name {
            "rate_hz" => "0,5".to_owned(),
            "latency_p50_us" => "1.234".to_owned(),
            _ => cell.replace(".0", ""),
        });
        let error = read(&text).unwrap_err();
        assert!(
            error.contains("latency_p50_us: expected a number such as 1234,5"),
            "{error}"
        );
        for (text, why) in [
            ("a,b\n1,2\n", "line 2, missing field `scenario`"),
            ("a,b\n1\n", "line 2 has 1 cells, and line 1 names 2 columns"),
            (
                "\"scenario,run\"\n\"classroom,1\"\n",
                "all columns in one cell",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn texts_are_read_without_their_byte_order_mark_and_must_be_utf_8() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scenario.toml");
        std::fs::write(&path, "\u{feff}name = 1").unwrap();
        assert_eq!(read_text(&path).unwrap(), "name = 1");
        std::fs::write(&path, b"a\nb\xe7\n").unwrap();
        let error = read_text(&path).unwrap_err().to_string();
        assert!(
            error.contains("scenario.toml:2: this is not UTF-8: save the file as UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn a_file_is_replaced_and_readable_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::thread::scope(|scope| {
            for text in [&b"first"[..], b"other"] {
                let path = &path;
                scope.spawn(move || (0..50).for_each(|_| write_whole(path, text).unwrap()));
            }
        });
        assert_eq!(std::fs::read(&path).unwrap().len(), 5);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o400, 0o400);
        assert!(write_whole(&folder.path().join("no/where"), b"").is_err());
    }
}
