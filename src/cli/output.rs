//! Standard output of the commands.

use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Context;

/// Writes to standard output. A reader that has closed it has read what it wants, as those of other
/// Unix tools: no error. What cannot be written for another reason is one.
pub(super) fn write(text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    let written = output.write_all(text.as_ref());
    match written.and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Writes a line with a path, which may have any bytes.
pub(super) fn write_path(before: &str, path: &Path) -> anyhow::Result<()> {
    write([before.as_bytes(), path.as_os_str().as_bytes(), b"\n"].concat())
}
