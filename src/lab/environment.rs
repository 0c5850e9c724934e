//! What a result depends on beside the scenario: `environment.json`.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::measure::process;

/// The machine, the program and the command of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    pub wslab_version: String,
    /// Of the source that the program was built from; `-dirty` if it was changed.
    pub commit: String,
    /// `debug` figures are no figures.
    pub build: String,
    pub started_at: String,
    pub command_line: Vec<String>,
    pub seed: u64,
    pub target: Option<String>,
    pub kernel: String,
    pub os: String,
    pub cpu_model: String,
    pub cpus: usize,
    pub memory_bytes: Option<u64>,
    pub open_files_limit: u64,
    pub cpu_governor: Option<String>,
    pub congestion_control: Option<String>,
    pub local_port_range: Option<String>,
}

impl Environment {
    /// Looks around. Where the kernel does not tell, the answer is absent.
    pub fn look(seed: u64, target: Option<&str>) -> Self {
        let uname = rustix::system::uname();
        let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
        Environment {
            wslab_version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("WSLAB_COMMIT").to_owned(),
            build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            }
            .to_owned(),
            started_at: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            command_line: std::env::args().collect(),
            seed,
            target: target.map(str::to_owned),
            kernel: format!("{} {}", text(uname.sysname()), text(uname.release())),
            os: field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_default(),
            cpu_model: field("/proc/cpuinfo", "model name", ':').unwrap_or_default(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: field("/proc/meminfo", "MemTotal", ':')
                .and_then(|total| total.trim_end_matches(" kB").parse::<u64>().ok())
                .map(|kib| kib << 10),
            open_files_limit: process::raise_descriptor_limit(),
            cpu_governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            congestion_control: line("/proc/sys/net/ipv4/tcp_congestion_control"),
            local_port_range: line("/proc/sys/net/ipv4/ip_local_port_range"),
        }
    }

    /// What a reader of a report wants to know of the machine, as names and values.
    pub fn lines(&self) -> Vec<(String, String)> {
        let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
        let program = format!("{} ({}, {})", self.wslab_version, self.commit, self.build);
        let unknown = || "unknown".to_owned();
        [
            ("Processor", format!("{} × {}", self.cpus, self.cpu_model)),
            ("Memory", self.memory_bytes.map_or_else(unknown, gib)),
            ("System", format!("{}, {}", self.os, self.kernel)),
            ("Open files allowed", self.open_files_limit.to_string()),
            (
                "CPU governor",
                self.cpu_governor.clone().unwrap_or_else(unknown),
            ),
            ("wslab", program),
            ("Started", self.started_at.clone()),
            (
                "Server",
                self.target
                    .clone()
                    .unwrap_or_else(|| "own, on this machine".to_owned()),
            ),
            ("Command", self.command_line.join(" ")),
            ("Seed", self.seed.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// The first line of a file.
fn line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.lines().next()?.trim().replace('\t', " "))
}

/// The value of the first line `key<separator>value` of a file, without quotes.
fn field(path: &str, key: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(separator)?;
        (name.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
    })
}
