//! Runs of the real binary: a folder for their results, what lies in it, and their processes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::process::{Process, text, wslab};
use super::wait_until;

/// A temporary folder for results.
pub struct Results(TempDir);

impl Results {
    pub fn new() -> Self {
        Results(TempDir::with_prefix("wslab-").unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = wslab(arguments);
        command.arg("--results").arg(self.path());
        command
    }

    pub fn wslab(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn start(&self, arguments: &[&str]) -> Process {
        Process::start(self.command(arguments))
    }

    /// The folders of all runs, the oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let folders = |of: &Path| {
            let entries = std::fs::read_dir(of).unwrap();
            entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_dir())
        };
        let scenarios: Vec<_> = folders(self.path()).collect();
        let mut runs: Vec<_> = scenarios
            .iter()
            .flat_map(|folder| folders(folder))
            .collect();
        runs.sort_by_key(|run| {
            let environment = run.join("environment.json");
            environment.metadata().and_then(|file| file.modified()).ok()
        });
        runs
    }

    /// The folder of the only run.
    pub fn run(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// The rows of the only run's trials, which must be this many.
    pub fn trials(&self, count: usize) -> Vec<Row> {
        let trials = rows(&self.run().join("trials.csv"));
        assert_eq!(trials.len(), count, "{trials:?}");
        trials
    }
}

pub type Row = HashMap<String, String>;

/// The rows of a CSV file, at least one.
pub fn rows(file: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let rows: Vec<_> = reader.deserialize().map(Result::unwrap).collect();
    assert!(!rows.is_empty(), "{} has no row", file.display());
    rows
}

pub fn number(row: &Row, column: &str) -> f64 {
    row[column]
        .parse()
        .unwrap_or_else(|_| panic!("{column} is {:?}", row[column]))
}

/// Processes whose parent is `parent`, with their command lines.
pub fn children(parent: u32) -> Vec<(u32, String)> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let after_name: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            (after_name[1] == parent.to_string()).then(|| (pid, text(&command).replace('\0', " ")))
        })
        .collect()
}

/// Whether a process runs. A zombie does not.
pub fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// A process whose parent is `parent`, with this text in its command line.
pub fn child(parent: u32, text: &str) -> Option<u32> {
    let mut children = children(parent).into_iter();
    children
        .find(|(_, command)| command.contains(text))
        .map(|(pid, _)| pid)
}

/// Waits until a run has started both its processes; returns the server's and the load's.
pub fn processes(run: u32) -> (u32, u32) {
    let find = || Some((child(run, " serve ")?, child(run, " load")?));
    wait_until("server and load run", || find().is_some());
    find().unwrap()
}
