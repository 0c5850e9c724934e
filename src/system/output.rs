//! Standard output.

use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Context;

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

/// Columns of the terminal; 80 where standard output is none.
pub fn width() -> usize {
    let size = console::Term::stdout().size_checked();
    size.map_or(80, |(_, columns)| usize::from(columns).max(40))
}

/// Writes a line with a path, which may have any bytes.
pub fn write_path(before: &str, path: &Path) -> anyhow::Result<()> {
    write([before.as_bytes(), path.as_os_str().as_bytes(), b"\n"].concat())?;
    Ok(())
}
