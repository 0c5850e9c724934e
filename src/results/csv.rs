//! Reading and writing the files of a run. A file is replaced as a whole.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes rows as CSV with a header. A reader sees the old file or the new one.
pub fn write_rows<R: Serialize>(path: &Path, rows: &[R]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .context("a row that CSV cannot hold")?;
    }
    let bytes = writer.into_inner().context("flush of a buffer in memory")?;
    write_whole(path, &bytes)
}

/// Reads the rows of a CSV file. An error names the file, and the line that does not fit.
pub fn read_rows<R: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<R>> {
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let rows: Result<Vec<R>, _> = reader.deserialize().collect();
    rows.with_context(|| format!("{} is not as wslab wrote it", path.display()))
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
