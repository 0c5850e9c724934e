//! A run on disk: what is needed to repeat it, or to report on it.

use std::path::Path;

use crate::error::UsageError;
use crate::lab::environment::Environment;
use crate::lab::scenario::{BUILT_IN, Scenario};
use crate::results;

/// How a run was made, as its folder records it.
#[derive(Clone, Debug)]
pub struct RecordedRun {
    pub scenario: Scenario,
    pub environment: Environment,
}

impl RecordedRun {
    /// The run in the folder `named`. `None` if that is no folder, or the name of a built-in
    /// scenario.
    pub fn find(named: &Path) -> Result<Option<Self>, UsageError> {
        let built_in = BUILT_IN.iter().any(|(name, _)| named.as_os_str() == *name);
        match !built_in && named.is_dir() {
            true => RecordedRun::read(named).map(Some),
            false => Ok(None),
        }
    }

    /// Reads the folder of a run.
    pub fn read(folder: &Path) -> Result<Self, UsageError> {
        let not_a_run = |why: String| {
            let named = folder.display();
            UsageError(format!("{named} is not the folder of a run: {why}"))
        };
        let path = folder.join("environment.json");
        if folder.is_dir() && !path.is_file() {
            let why = "it has no environment.json; wslab report --list names the runs";
            return Err(not_a_run(why.to_owned()));
        }
        let json = results::read_text(&path)
            .map_err(|error| not_a_run(format!("environment.json: {}", error.root_cause())))?;
        let environment = serde_json::from_str(&json)
            .map_err(|error| not_a_run(format!("environment.json: {error}")))?;
        let path = folder.join("scenario.toml");
        if !path.is_file() {
            return Err(not_a_run("it has no scenario.toml".to_owned()));
        }
        let scenario = Scenario::find(&path).map_err(|UsageError(why)| not_a_run(why))?;
        Ok(RecordedRun {
            scenario,
            environment,
        })
    }
}
