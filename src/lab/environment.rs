//! The environment of a run: what its figures depend on beside the scenario (`environment.json`).

use serde::{Deserialize, Serialize};

use crate::lab::calibration::Calibration;
use crate::lab::network::Network;
use crate::network::conditions::LinkConditions;
use crate::stats::until::Stopped;
use crate::system::files::SystemFiles;
use crate::system::info::PROFILE;
use crate::system::pinning::Pinning;
use crate::system::process;
use crate::texts::Texts;

/// A network of a run. What was measured of it is in each row of `trials.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkInForce {
    /// As it was asked for.
    pub name: String,
    pub mechanism: String,
    pub conditions: LinkConditions,
}

impl NetworkInForce {
    const RELAY: &str = "packets pass a relay between two network namespaces of this machine";

    /// Those of a scenario; `None` where all is on loopback.
    pub fn all(networks: &[Network]) -> Option<Vec<Self>> {
        let in_force = |network: &Network| {
            Some(NetworkInForce {
                name: network.to_string(),
                mechanism: NetworkInForce::RELAY.to_owned(),
                conditions: *network.link()?,
            })
        };
        let all: Vec<_> = networks.iter().filter_map(in_force).collect();
        (!all.is_empty()).then_some(all)
    }
}

/// The machine, the program and the command of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    pub wslab_version: String,
    /// Of the source of the program, with `-dirty` if the source was changed.
    pub commit: String,
    /// The build profile: `release`, `quick` or `debug`. Figures of a debug build mean nothing.
    pub build: String,
    pub started_at: String,
    /// Without the value of `--token`.
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
    // The following fields are absent in runs of earlier versions, which must stay readable.
    pub rustc: Option<String>,
    /// The CPUs of server and load, if they were pinned.
    pub pinning: Option<Pinning>,
    /// Threads over which a load process spreads its subscribers.
    pub load_worker_threads: Option<usize>,
    pub virtual_machine: Option<bool>,
    pub clock_source: Option<String>,
    pub transparent_hugepages: Option<String>,
    pub somaxconn: Option<u64>,
    pub tcp_tw_reuse: Option<u64>,
    pub tcp_timestamps: Option<u64>,
    /// Minimum, default and maximum of the buffer, in bytes.
    pub tcp_rmem_bytes: Option<String>,
    pub tcp_wmem_bytes: Option<String>,
    /// Over 1, 5 and 15 minutes, when the run began.
    pub load_average: Option<[f64; 3]>,
    /// Names of the findings of `wslab doctor` that were not ok when the run began.
    pub doubts: Option<Vec<String>>,
    /// Why a run with `--until` had no further round. Absent where a signal or an error ended it.
    pub stopped: Option<Stopped>,
    /// The networks between load and server, beside loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<NetworkInForce>>,
    /// What a message costs on this machine; absent unless `wslab doctor --calibrate` measured it.
    pub calibration: Option<Calibration>,
}

impl Environment {
    /// Reads the environment of this process. What the kernel does not report is absent.
    pub fn read(seed: u64, target: Option<&str>, pinning: Option<&Pinning>) -> Self {
        let files = SystemFiles::host();
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let uname = rustix::system::uname();
        let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
        Environment {
            wslab_version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("WSLAB_COMMIT").to_owned(),
            build: PROFILE.to_owned(),
            started_at: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            command_line: without_token(
                std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()),
            ),
            seed,
            target: target.map(str::to_owned),
            kernel: format!("{} {}", text(uname.sysname()), text(uname.release())),
            os: files.os_name().unwrap_or_default(),
            cpu_model: files.cpu_model().unwrap_or_default(),
            cpus,
            memory_bytes: files.memory_bytes("MemTotal"),
            open_files_limit: process::raise_descriptor_limit(),
            cpu_governor: files.governor("cpu0"),
            congestion_control: files.sysctl("net.ipv4.tcp_congestion_control"),
            local_port_range: files.sysctl("net.ipv4.ip_local_port_range"),
            rustc: Some(env!("WSLAB_RUSTC").to_owned()),
            pinning: pinning.cloned(),
            load_worker_threads: Some(pinning.map_or(cpus, |p| p.load.count().min(cpus))),
            virtual_machine: files.virtual_machine(),
            clock_source: files.clock_source(),
            transparent_hugepages: files.transparent_hugepages(),
            somaxconn: files.sysctl_number("net.core.somaxconn"),
            tcp_tw_reuse: files.sysctl_number("net.ipv4.tcp_tw_reuse"),
            tcp_timestamps: files.sysctl_number("net.ipv4.tcp_timestamps"),
            tcp_rmem_bytes: files.sysctl("net.ipv4.tcp_rmem"),
            tcp_wmem_bytes: files.sysctl("net.ipv4.tcp_wmem"),
            load_average: files.load_average(),
            doubts: None,
            stopped: None,
            networks: None,
            calibration: None,
        }
    }

    /// The lines of a report about the machine and the program: names in English, and values; none
    /// where nothing is known.
    pub fn lines(&self, texts: &Texts) -> Vec<(String, String)> {
        if *self == Environment::default() {
            return Vec::new();
        }
        let numbers = texts.numbers;
        let gib = |bytes: u64| {
            let number = numbers.fixed(bytes as f64 / f64::from(1 << 30), 1);
            numbers.with_unit(&number, "GiB")
        };
        let program = format!("{} ({}, {})", self.wslab_version, self.commit, self.build);
        let word = |english| (texts.translate)(english).to_owned();
        let unknown = || word("unknown");
        let networks = self.networks.as_ref().map(|networks| {
            let names = networks.iter().map(|network| network.name.as_str());
            let names = names.collect::<Vec<_>>().join("; ");
            (
                "Network",
                format!("{names}: {}", word(NetworkInForce::RELAY)),
            )
        });
        let facts = [
            ("Processor", format!("{} × {}", self.cpus, self.cpu_model)),
            ("Memory", self.memory_bytes.map_or_else(unknown, gib)),
            ("System", format!("{}, {}", self.os, self.kernel)),
            ("Open files allowed", self.open_files_limit.to_string()),
            (
                "CPU governor",
                self.cpu_governor.clone().unwrap_or_else(unknown),
            ),
            (
                "Pinned",
                match &self.pinning {
                    Some(pinning) => (texts.condition.cpus)(&pinning.to_string()),
                    None => word("no"),
                },
            ),
            ("wslab", program),
            ("Started", self.started_at.clone()),
            (
                "Server",
                self.target
                    .clone()
                    .unwrap_or_else(|| word("own, on this machine")),
            ),
            ("Command", self.command_line.join(" ")),
            ("Seed", self.seed.to_string()),
        ];
        let facts = facts.into_iter().chain(networks);
        facts
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The values that the command line gave to an option, as `--slo VALUE` or `--slo=VALUE`.
    pub fn values_of(&self, option: &str) -> Vec<&str> {
        let words: Vec<&str> = self.command_line.iter().map(String::as_str).collect();
        let with_sign = words
            .iter()
            .filter_map(|word| word.strip_prefix(option)?.strip_prefix('='));
        let after = words
            .windows(2)
            .filter(|pair| pair[0] == option)
            .map(|pair| pair[1]);
        with_sign.chain(after).collect()
    }

    /// The differences to the environment `now` that may change figures, as `kernel 6.1 → 6.2`.
    /// What an earlier version did not record is left out.
    pub fn changes(&self, now: &Environment) -> Vec<String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let number = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
        let facts = |of: &Environment| {
            [
                ("wslab", of.wslab_version.clone()),
                ("commit", of.commit.clone()),
                ("build", of.build.clone()),
                ("rustc", text(&of.rustc)),
                ("kernel", of.kernel.clone()),
                ("processor", of.cpu_model.clone()),
                ("cores", of.cpus.to_string()),
                ("memory", number(of.memory_bytes)),
                ("governor", text(&of.cpu_governor)),
                ("congestion control", text(&of.congestion_control)),
                ("clock source", text(&of.clock_source)),
                ("tcp_rmem", text(&of.tcp_rmem_bytes)),
                ("tcp_wmem", text(&of.tcp_wmem_bytes)),
                (
                    "server",
                    of.target.clone().unwrap_or_else(|| "own".to_owned()),
                ),
                (
                    "pinned",
                    of.pinning
                        .as_ref()
                        .map_or("no".to_owned(), |p| p.to_string()),
                ),
            ]
        };
        let pairs = facts(self).into_iter().zip(facts(now));
        pairs
            .filter(|((_, was), (_, is))| !was.is_empty() && was != is)
            .map(|((name, was), (_, is))| format!("{name} {was} → {is}"))
            .collect()
    }
}

/// A command line with the value of `--token` replaced, since reports are public.
fn without_token(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut is_token = false;
    let hide = |argument: String| {
        if std::mem::take(&mut is_token) {
            return "…".to_owned();
        }
        is_token = argument == "--token";
        match argument.starts_with("--token=") {
            true => "--token=…".to_owned(),
            false => argument,
        }
    };
    arguments.map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_kept_without_its_token() {
        let hidden = |line: &str| without_token(line.split(' ').map(str::to_owned)).join(" ");
        for (line, kept) in [
            ("run --token s3cret --quiet", "run --token … --quiet"),
            ("run --token=s3=cret= -q", "run --token=… -q"),
            ("run --token --token --tls=on", "run --token … --tls=on"),
            ("run --tls --results token", "run --tls --results token"),
        ] {
            assert_eq!(hidden(line), kept);
        }
    }

    #[test]
    fn runs_of_earlier_versions_stay_readable() {
        let now = Environment::read(7, None, None);
        assert_eq!(now.load_worker_threads, Some(now.cpus));
        assert!(now.rustc.as_ref().unwrap().starts_with("rustc "));
        let mut json = serde_json::to_value(&now).unwrap();
        let again: Environment = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(again, now);
        let fields = json.as_object_mut().unwrap();
        for later in [
            "rustc",
            "pinning",
            "load_worker_threads",
            "virtual_machine",
            "clock_source",
            "transparent_hugepages",
            "somaxconn",
            "tcp_tw_reuse",
            "tcp_timestamps",
            "tcp_rmem_bytes",
            "tcp_wmem_bytes",
            "load_average",
            "doubts",
        ] {
            assert!(fields.remove(later).is_some(), "{later}");
        }
        let earlier: Environment = serde_json::from_value(json).unwrap();
        assert_eq!((&earlier.rustc, &earlier.pinning), (&None, &None));
        assert_eq!(
            earlier.changes(&now),
            [""; 0],
            "what was not recorded is no change"
        );
    }

    #[test]
    fn a_repeated_run_tells_what_has_changed_since() {
        let was = Environment::read(7, None, None);
        let pinning = Pinning {
            server: "0".parse().unwrap(),
            load: "1-3".parse().unwrap(),
        };
        let now = Environment {
            kernel: "Linux 99".to_owned(),
            seed: 8,
            started_at: "later".to_owned(),
            ..Environment::read(8, None, Some(&pinning))
        };
        assert_eq!(now.load_worker_threads, Some(now.cpus.min(3)));
        let kernel = format!("kernel {} → Linux 99", was.kernel);
        assert_eq!(
            was.changes(&now),
            [&*kernel, "pinned no → server 0; load 1-3"],
            "the seed is the scenario's, and time passes"
        );
        assert_eq!(was.changes(&was), [""; 0]);
    }
}
