//! The user's defaults: the file `wslab.toml`.
//!
//! Its keys are the factors of a scenario, as defaults of what is run without one, `results`, the
//! folder of the results, and `lang`, their language. Flags, then the environment, then a
//! scenario's file come before it; before the locale it comes itself.

use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::client::http::Headers;
use crate::error::UsageError;
use crate::lab::factors::{
    Bytes, Faults, List, Network, PollInterval, Proxy, Reconnect, Span, Switch, Until, factors,
};
use crate::lab::scenario::{Scenario, read_toml};
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::results;
use crate::texts::Locale;
use crate::transport::Transport;

/// The file's name, here or in the folder `wslab` of the user's configuration.
const FILE: &str = "wslab.toml";

macro_rules! config {
    ($($(#[$doc:meta])+ $key:ident: $type:ident $(<$of:ident>)? = $default:expr,
        flag $given:ident($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?
        $(, only($($only:ident),+))? $(, tag($tag:literal))?;)+) => {
        /// What the file says; nothing where there is none.
        #[derive(Debug, Default, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Config {
            /// The file that was read.
            #[serde(skip)]
            pub file: PathBuf,
            pub results: Option<PathBuf>,
            pub lang: Option<Locale>,
            $($(#[$doc])+ pub $key: Option<$type $(<$of>)?>,)+
        }

        impl Config {
            /// Whether the file names a factor.
            pub fn has_factors(&self) -> bool {
                $(self.$key.is_some())||+
            }

            /// Sets the factors that the file names.
            pub fn apply(&self, scenario: &mut Scenario) {
                $(if let Some(value) = &self.$key {
                    scenario.$key = value.clone();
                })+
            }

            /// The factors that a scenario has as the file says.
            pub fn keys_in(&self, scenario: &Scenario) -> Vec<&'static str> {
                let keys = [$(
                    (stringify!($key), self.$key.as_ref() == Some(&scenario.$key)),
                )+];
                keys.into_iter().filter_map(|(key, is_set)| is_set.then_some(key)).collect()
            }
        }
    };
}
factors!(config);

impl Config {
    /// Reads the file of the current folder; where there is none, the one of the user:
    /// `$XDG_CONFIG_HOME/wslab/wslab.toml`, by default `~/.config/wslab/wslab.toml`.
    pub fn find() -> Result<Self, UsageError> {
        let of_user = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let of_user = of_user.filter(|path| path.is_absolute());
        let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".config"));
        let of_user = of_user
            .or_else(home)
            .map(|path| path.join("wslab").join(FILE));
        let files = [Some(Path::new(".").join(FILE)), of_user];
        let Some(file) = files.into_iter().flatten().find(|file| file.is_file()) else {
            return Ok(Config::default());
        };
        let text = results::read_text(&file).map_err(|error| UsageError(format!("{error:#}")))?;
        Config::parse(&text, file)
    }

    fn parse(text: &str, file: PathBuf) -> Result<Self, UsageError> {
        let config: Config = read_toml(text, &file)?;
        let mut scenario = Scenario {
            name: "custom".to_owned(),
            ..Scenario::default()
        };
        config.apply(&mut scenario);
        scenario.check_values_of(text, &file)?;
        Ok(Config { file, ..config })
    }

    /// Without the factors.
    pub fn without_factors(self) -> Self {
        Config {
            file: self.file,
            results: self.results,
            lang: self.lang,
            ..Config::default()
        }
    }
}
