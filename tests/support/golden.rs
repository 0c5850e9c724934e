//! Compares files that a test made with golden copies, which are committed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The environment variable that turns a comparison into an update, and its one value.
const VARIABLE: &str = "WSLAB_GOLDEN";
const UPDATE: &str = "update";

/// Characters of a line that a message shows.
const SHOWN_CHARS: usize = 120;
/// Of these, the ones before the first difference.
const BEFORE_CHARS: usize = 40;

/// `tests/golden`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Paths of all files below a folder, relative to it. A missing folder has none. Hidden files are
/// left out: they are still being written.
pub fn files_in(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            if !name.starts_with('.') && !name.contains("/.") {
                files.insert(name.to_owned());
            }
        }
    }
    files
}

/// The golden copies of one test: the files of a folder, compared one by one.
pub struct Golden {
    /// Within `tests/golden`.
    name: &'static str,
    update: bool,
    made: BTreeSet<String>,
    differences: Vec<String>,
}

impl Golden {
    pub fn of(name: &'static str) -> Self {
        let update = match std::env::var(VARIABLE).as_deref() {
            Ok(UPDATE) => true,
            Ok(other) => panic!("{VARIABLE}={other}: write {VARIABLE}={UPDATE}, or unset it"),
            Err(_) => false,
        };
        Golden {
            name,
            update,
            made: BTreeSet::new(),
            differences: Vec::new(),
        }
    }

    /// Compares a file with its golden copy, or writes the copy anew.
    pub fn check(&mut self, file: &str, actual: &[u8]) {
        self.made.insert(file.to_owned());
        let path = folder().join(self.name).join(file);
        let expected = std::fs::read(&path).ok();
        if expected.as_deref() == Some(actual) {
            return;
        }
        if self.update {
            return write(&path, actual);
        }
        // Kept, so that it can be opened beside the golden copy.
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("golden")
            .join(self.name)
            .join(file);
        write(&kept, actual);
        self.differences.push(format!(
            "tests/golden/{}/{file}, {}\n  whole file: {}",
            self.name,
            expected.map_or("a file without a golden copy".to_owned(), |was| {
                first_difference(&was, actual)
            }),
            kept.display()
        ));
    }

    /// Fails if a file differs from its golden copy, or if a copy has no file any more.
    pub fn finish(mut self) {
        let folder = folder().join(self.name);
        for left in files_in(&folder).difference(&self.made) {
            if self.update {
                std::fs::remove_file(folder.join(left)).unwrap();
                continue;
            }
            let left = format!(
                "tests/golden/{}/{left}: this file is no longer made",
                self.name
            );
            self.differences.push(left);
        }
        self.assert_same();
    }

    /// Fails if a file differs from its golden copy.
    pub fn assert_same(self) {
        assert!(
            self.differences.is_empty(),
            "files that differ from their golden copies: {}\n\n{}\n\nIf this is intended, write \
             the golden copies anew and review git diff:\n  {VARIABLE}={UPDATE} cargo test \
             --test golden --test http\n",
            self.differences.len(),
            self.differences.join("\n\n")
        );
    }
}

/// Writes a file in one step, since another test may read it at the same time.
fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let partial = folder.join(format!(".{name}"));
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&partial, bytes).unwrap();
    std::fs::rename(&partial, path).unwrap();
}

/// The number of the first line that differs, and that line of both.
fn first_difference(expected: &[u8], actual: &[u8]) -> String {
    let (expected, actual) = (
        String::from_utf8_lossy(expected),
        String::from_utf8_lossy(actual),
    );
    let mut lines = expected.split('\n').zip(actual.split('\n'));
    let same = lines.by_ref().take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.split('\n').nth(same).map(str::to_owned);
    let (was, is) = (line(&expected), line(&actual));
    let at = match (&was, &is) {
        (Some(was), Some(is)) => was
            .chars()
            .zip(is.chars())
            .take_while(|(a, b)| a == b)
            .count(),
        _ => 0,
    };
    let shown = |line: Option<String>| match line {
        Some(line) => excerpt(&line, at),
        None => "(the file ends here)".to_owned(),
    };
    format!(
        "line {}\n  golden copy: {}\n  made now:    {}",
        same + 1,
        shown(was),
        shown(is)
    )
}

/// The part of a line around a character.
fn excerpt(line: &str, at: usize) -> String {
    let from = at.saturating_sub(BEFORE_CHARS);
    let shown: String = line.chars().skip(from).take(SHOWN_CHARS).collect();
    let more = |is: bool| if is { "…" } else { "" };
    let cut = line.chars().count() > from + SHOWN_CHARS;
    format!("{}{shown}{}", more(from > 0), more(cut))
}
