//! Standard output, and errors.

use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Context;
use console::{Term, measure_text_width};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::texts::folded;

/// Writes to standard output. Returns whether there is still a reader: one that has closed the pipe
/// has read what it wants, and is no error.
///
/// # Errors
/// What else keeps the text from being written, such as a full disk.
pub fn write(text: impl AsRef<[u8]>) -> anyhow::Result<bool> {
    let mut output = io::stdout().lock();
    let written = output.write_all(text.as_ref());
    match written.and_then(|()| output.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("cannot write to standard output"),
    }
}

/// Writes an error to standard error, on a terminal in lines that fit.
pub fn write_error(error: &anyhow::Error) {
    let terminal = Term::stderr();
    let text = format!("error: {error:#}");
    let width = error_width();
    let lines = text.lines().flat_map(|line| {
        match terminal.is_term() && measure_text_width(line) > width {
            true => folded(line, width, "  "),
            false => vec![line.to_owned()],
        }
    });
    let lines: Vec<String> = lines.collect();
    let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
}

/// Columns of the terminal that standard output is; or else what the variable COLUMNS says, or 80;
/// at least 40.
pub fn width() -> usize {
    width_of(&Term::stdout())
}

/// The same for standard error.
pub fn error_width() -> usize {
    width_of(&Term::stderr())
}

fn width_of(terminal: &Term) -> usize {
    let columns = terminal.size_checked().map(|(_, columns)| columns.into());
    let named = || std::env::var("COLUMNS").ok()?.parse().ok();
    let columns = columns.filter(|columns| *columns > 0).or_else(named);
    columns.unwrap_or(80).max(40)
}

/// Writes a line with the `file://` URL of a file that exists.
pub fn write_link(before: &str, path: &Path) -> anyhow::Result<()> {
    let whole = path
        .canonicalize()
        .with_context(|| format!("cannot find {}", path.display()))?;
    write(format!("{before}{}\n", file_url(&whole)))?;
    Ok(())
}

/// The URL of an absolute path (RFC 8089): all bytes escaped but those that a path keeps.
fn file_url(path: &Path) -> String {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    format!(
        "file://{}",
        percent_encode(path.as_os_str().as_bytes(), ESCAPED)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_escape_spaces_and_other_bytes() {
        for (path, url) in [
            ("/tmp/results/a-b_c.~1", "file:///tmp/results/a-b_c.~1"),
            (
                "/tmp/água e chá/#1?",
                "file:///tmp/%C3%A1gua%20e%20ch%C3%A1/%231%3F",
            ),
        ] {
            assert_eq!(file_url(Path::new(path)), url);
        }
    }
}
