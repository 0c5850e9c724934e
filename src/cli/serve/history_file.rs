//! The file by which a server continues where the one before it ended.
//!
//! ```text
//! FILE        written at a graceful end, by a rename of FILE.new
//! FILE.new    locked by the server that has FILE, and empty until its end
//! FILE.used   what was read at the start
//! ```
//!
//! What was read is renamed before any message is published. So no later server begins with it
//! again and gives its numbers twice: after a crash there is no FILE, and the next server has
//! another epoch.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};

use crate::error::UsageError;
use crate::feed::{self, Feeds};

/// The longest wait for the server before this one to end, which takes 5 s at most.
const PATIENCE: Duration = Duration::from_secs(6);

/// Between two looks at whether it has ended.
const CHECK: Duration = Duration::from_millis(10);

/// The file of this server, and of no other.
pub(super) struct HistoryFile {
    path: PathBuf,
    next: File,
}

impl HistoryFile {
    /// Takes a file, once the server before this one has written it.
    ///
    /// # Errors
    /// No file can be made there, or another server keeps its messages in it.
    pub fn take(path: &Path) -> anyhow::Result<Self> {
        let (next_path, started) = (beside(path, "new"), Instant::now());
        loop {
            let next = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                // What was written in the feeds is its readers' alone.
                .mode(0o600)
                .open(&next_path)
                .map_err(|error| refused(path, error))?;
            match next.try_lock() {
                Ok(()) if is_at(&next, &next_path) => {
                    // The server before this one may have been killed while it wrote.
                    next.set_len(0)?;
                    let path = path.to_owned();
                    return Ok(HistoryFile { path, next });
                }
                // The server before this one has renamed it.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(CHECK);
                }
                Err(TryLockError::WouldBlock) => bail!(
                    "another server keeps its messages in {}: end it, or name another file",
                    path.display()
                ),
                Err(TryLockError::Error(error)) => return Err(refused(path, error).into()),
            }
        }
    }

    /// Puts the messages back that the server before this one has written, if it has.
    ///
    /// # Errors
    /// The file is not what a server wrote. It stays as it is.
    pub fn restore(&self, feeds: &Feeds) -> anyhow::Result<()> {
        let path = &self.path;
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(|error| refused(path, error))?,
        };
        if !file.metadata()?.is_file() {
            return Err(refused(path, "it is no file").into());
        }
        let left_out = feed::restore(feeds, BufReader::with_capacity(1 << 16, file));
        let left_out = left_out.map_err(|error| refused(path, error))?;
        if left_out > 0 {
            let _ = writeln!(
                io::stderr(),
                "{left_out} feeds of {} are left out: --max-feeds allows no more",
                path.display()
            );
        }
        Ok(())
    }

    /// What was read is of the past from here on: messages may be published.
    pub fn mark_used(&self) -> anyhow::Result<()> {
        match fs::rename(&self.path, beside(&self.path, "used")) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                bail!("cannot rename {}: {error}", self.path.display())
            }
            _ => Ok(()),
        }
    }

    /// Writes the messages of all feeds. No message may be acknowledged from here on.
    ///
    /// # Errors
    /// They are not in the file. What was there before is.
    pub fn save(&self, feeds: &Feeds) -> anyhow::Result<()> {
        let next_path = beside(&self.path, "new");
        let write = || {
            let mut out = BufWriter::with_capacity(1 << 16, &self.next);
            feed::save(feeds, &mut out)?;
            out.flush()?;
            drop(out);
            self.next.sync_all()?;
            fs::rename(&next_path, &self.path)
        };
        write().map_err(|error: io::Error| {
            let path = self.path.display();
            anyhow!(
                "the messages are not in {path}: {error}; {path}.used has those of this server's \
                 start, if there were any"
            )
        })
    }
}

impl Drop for HistoryFile {
    /// A server that was refused, or could not write, leaves nothing beside the file.
    fn drop(&mut self) {
        let next_path = beside(&self.path, "new");
        if is_at(&self.next, &next_path) {
            let _ = fs::remove_file(next_path);
        }
    }
}

/// Removes what was kept, and its folder if nothing else is in it: the program that made the folder
/// and would start the next server has ended.
pub(super) fn discard(path: &Path) {
    for file in [path.to_owned(), beside(path, "new"), beside(path, "used")] {
        let _ = fs::remove_file(file);
    }
    if let Some(folder) = path.parent() {
        let _ = fs::remove_dir(folder);
    }
}

/// `FILE.ending`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Whether an open file is the one of this path.
fn is_at(file: &File, path: &Path) -> bool {
    let [open, there] = [file.metadata(), fs::metadata(path)].map(Result::ok);
    let inode = |data: fs::Metadata| (data.dev(), data.ino());
    open.map(inode) == there.map(inode)
}

fn refused(path: &Path, why: impl std::fmt::Display) -> UsageError {
    UsageError(format!(
        "--history-file {}: {why}; write the path of a file that a wslab server wrote, or of a new \
         one in a folder that exists",
        path.display()
    ))
}
