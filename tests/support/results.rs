//! Runs of the real binary: a folder for their results, what lies in it, and their processes.
#![allow(dead_code)] // Each test binary uses its part.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};

use super::wait_until;

/// A folder for results that goes away with this value.
pub struct Results(pub PathBuf);

impl Results {
    pub fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("wslab-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        Results(folder)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wslab"));
        command
            .args(arguments)
            .args(["--results", self.0.to_str().unwrap()]);
        command
    }

    pub fn wslab(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The folders of all runs.
    pub fn runs(&self) -> Vec<PathBuf> {
        let folders = |of: &Path| {
            std::fs::read_dir(of)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect::<Vec<_>>()
        };
        let mut runs: Vec<_> = folders(&self.0)
            .iter()
            .flat_map(|folder| folders(folder))
            .collect();
        runs.sort();
        runs
    }

    /// The rows of the only run's trials, which must be this many.
    pub fn trials(&self, count: usize) -> Vec<Row> {
        let trials = rows(&self.run().join("trials.csv"));
        assert_eq!(trials.len(), count, "{trials:?}");
        trials
    }

    /// The folder of the only run.
    pub fn run(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
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

pub fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
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

/// Whether a process runs; one that has ended and only waits to be noticed does not.
pub fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

pub fn signal(pid: u32, name: &str) {
    assert!(
        Command::new("kill")
            .args([name, &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// Waits until a run has started both its processes; returns server's and load's.
pub fn processes(run: &Child) -> (u32, u32) {
    let find = |what: &str| {
        children(run.id())
            .into_iter()
            .find(|(_, command)| command.contains(what))
            .map(|(pid, _)| pid)
    };
    wait_until("server and load run", || {
        find(" serve ").is_some() && find(" load").is_some()
    });
    (find(" serve ").unwrap(), find(" load").unwrap())
}
