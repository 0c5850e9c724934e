//! The calibration: what a message costs on this machine, measured before the runs that theory
//! predicts. It is kept in the folder of the results.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::results;
use crate::system::files::SystemFiles;
use crate::system::info::PROFILE;
use crate::transport::theory::Costs;

/// The file of a calibration, in the folder of the results.
const FILE: &str = "calibration.json";

/// The costs, and the facts on which they depend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub measured_at: String,
    pub facts: CalibrationFacts,
    pub costs: Costs,
    /// The doubts about the trials; empty if there are none.
    pub warnings: String,
}

/// Facts of a machine and of this program. Where one of them has changed, a calibration no longer
/// holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationFacts {
    pub wslab_version: String,
    pub build: String,
    pub kernel: String,
    pub cpu_model: Option<String>,
    pub cpus: usize,
    pub governor: Option<String>,
}

impl CalibrationFacts {
    pub fn read() -> Self {
        let files = SystemFiles::host();
        CalibrationFacts {
            wslab_version: env!("CARGO_PKG_VERSION").to_owned(),
            build: PROFILE.to_owned(),
            kernel: rustix::system::uname()
                .release()
                .to_string_lossy()
                .into_owned(),
            cpu_model: files.cpu_model(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            governor: files.governor("cpu0"),
        }
    }
}

impl Calibration {
    /// The calibration in a folder of results; `None` if there is none of this machine and program
    /// as they are.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(FILE)).ok()?;
        let calibration: Calibration = serde_json::from_str(&text).ok()?;
        (calibration.facts == CalibrationFacts::read()).then_some(calibration)
    }

    /// Writes it into a folder of results.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        results::write_whole(&folder.join(FILE), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::kernel_costs::KernelCosts;
    use crate::transport::theory::ProgramCosts;

    #[test]
    fn a_calibration_holds_as_long_as_the_machine_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let calibration = Calibration {
            measured_at: "2030-01-01T10:00:00Z".to_owned(),
            facts: CalibrationFacts::read(),
            costs: Costs {
                kernel: KernelCosts {
                    write_us: 7.0,
                    read_us: 4.0,
                    hop_us: 20.0,
                },
                program: ProgramCosts {
                    server_us: 2.0,
                    load_us: 3.0,
                    publish_us: 260.0,
                    server_idle_us_per_s: 5_000.0,
                },
            },
            warnings: String::new(),
        };
        assert_eq!(Calibration::read(folder.path()), None);
        let results = folder.path().join("results");
        calibration.write(&results).unwrap();
        assert_eq!(Calibration::read(&results), Some(calibration.clone()));
        let facts = CalibrationFacts {
            kernel: "another one".to_owned(),
            ..calibration.facts.clone()
        };
        let elsewhere = Calibration {
            facts,
            ..calibration
        };
        elsewhere.write(&results).unwrap();
        assert_eq!(Calibration::read(&results), None);
    }
}
