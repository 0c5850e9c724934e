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
        Ok(RecordedRun {
            environment: read_environment(folder)?,
            scenario: read_scenario(folder)?,
        })
    }

    /// The same of a folder with rows, where a file that cannot be read leaves its part empty; and
    /// what is wrong with the files.
    pub fn read_sound(folder: &Path) -> Result<(Self, Vec<String>), UsageError> {
        if !folder.join("trials.csv").is_file() {
            return Ok((RecordedRun::read(folder)?, Vec::new()));
        }
        let mut wrong = Vec::new();
        let mut note = |UsageError(why)| wrong.push(why);
        let environment = read_environment(folder).map_err(&mut note);
        let scenario = read_scenario(folder).map_err(&mut note);
        let run = RecordedRun {
            environment: environment.unwrap_or_default(),
            scenario: scenario.unwrap_or_else(|()| Scenario {
                name: name_of(folder.parent()),
                // What asks for no trial lacks none.
                repeats: 0,
                ..Scenario::default()
            }),
        };
        Ok((run, wrong))
    }
}

fn name_of(folder: Option<&Path>) -> String {
    let name = folder.and_then(Path::file_name).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn not_a_run(folder: &Path, why: &str) -> UsageError {
    let named = folder.display();
    UsageError(format!("{named} is not the folder of a run: {why}"))
}

fn read_environment(folder: &Path) -> Result<Environment, UsageError> {
    let path = folder.join("environment.json");
    if folder.is_dir() && !path.is_file() {
        let why = "it has no environment.json; wslab report --list names the runs";
        return Err(not_a_run(folder, why));
    }
    let wrong = |why: String| not_a_run(folder, &format!("environment.json: {why}"));
    let json = results::read_text(&path).map_err(|error| wrong(error.root_cause().to_string()))?;
    serde_json::from_str(&json).map_err(|error| wrong(error.to_string()))
}

fn read_scenario(folder: &Path) -> Result<Scenario, UsageError> {
    let path = folder.join("scenario.toml");
    if !path.is_file() {
        return Err(not_a_run(folder, "it has no scenario.toml"));
    }
    Scenario::find(&path).map_err(|UsageError(why)| not_a_run(folder, &why))
}
