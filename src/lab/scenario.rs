//! A scenario: one question, and what is run to answer it.
//!
//! A scenario comes from a TOML file, from one of those built in, or from the flags of the command
//! line. What has passed [`Scenario::check`] can run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::client::config::ClientConfig;
use crate::client::http::Headers;
use crate::error::{UsageError, did_you_mean};
use crate::lab::capacity::settings::{CapacitySearch, SearchFactor};
use crate::lab::claim::{CLAIMS, Claim};
use crate::lab::factors::{
    Bytes, Faults, List, MAX_CLIENTS, MAX_RATE_HZ, Network, PollInterval, Proxy, Reconnect, Span,
    Switch, Until, check_range, factors, seconds,
};
use crate::lab::lesson::{LESSONS, Lesson};
use crate::lab::pattern::CellPattern;
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::results;
use crate::system::limits::MAX_LOAD_PROCESSES;
use crate::texts::Locale;
use crate::transport::Transport;

/// The most trials of a run.
pub(super) const MAX_TRIALS: u64 = 10_000;

/// The scenarios in the binary: their names and texts.
pub const BUILT_IN: [(&str, &str); 20] = [
    ("quick", include_str!("../../scenarios/quick.toml")),
    ("smoke", include_str!("../../scenarios/smoke.toml")),
    ("classroom", include_str!("../../scenarios/classroom.toml")),
    (
        "poll-interval",
        include_str!("../../scenarios/poll-interval.toml"),
    ),
    ("payload", include_str!("../../scenarios/payload.toml")),
    ("tls", include_str!("../../scenarios/tls.toml")),
    ("proxies", include_str!("../../scenarios/proxies.toml")),
    ("fanout", include_str!("../../scenarios/fanout.toml")),
    (
        "chat-rooms",
        include_str!("../../scenarios/chat-rooms.toml"),
    ),
    ("idle", include_str!("../../scenarios/idle.toml")),
    ("scaling", include_str!("../../scenarios/scaling.toml")),
    ("restart", include_str!("../../scenarios/restart.toml")),
    ("storm", include_str!("../../scenarios/storm.toml")),
    ("half-open", include_str!("../../scenarios/half-open.toml")),
    (
        "slow-readers",
        include_str!("../../scenarios/slow-readers.toml"),
    ),
    ("loss", include_str!("../../scenarios/loss.toml")),
    ("distance", include_str!("../../scenarios/distance.toml")),
    ("mobile", include_str!("../../scenarios/mobile.toml")),
    (
        "hundred-thousand",
        include_str!("../../scenarios/hundred-thousand.toml"),
    ),
    ("million", include_str!("../../scenarios/million.toml")),
];

macro_rules! scenario {
    ($($(#[$doc:meta])+ $key:ident: $type:ident $(<$of:ident>)? = $default:expr,
        flag $given:ident($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?
        $(, only($($only:ident),+))? $(, tag($tag:literal))?;)+) => {
        /// Everything that a run needs to know. What a file leaves out has its default.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Scenario {
            /// Names the folder of its results: 1 to 64 of a-z, 0-9 and -. Empty until the name of
            /// the file takes its place.
            pub name: String,
            pub question: String,
            $($(#[$doc])+ pub $key: $type $(<$of>)?,)+
            /// The cells that are measured; all where it is empty. Last, as what follows it, since
            /// these are tables in TOML.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub only: Vec<CellPattern>,
            /// The cells that are not measured.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub skip: Vec<CellPattern>,
            /// Set where clients or rate are searched for.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub capacity: Option<CapacitySearch>,
            /// Set where the scenario asks whether a claim is so.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub claim: Option<Claim>,
            /// Set where the scenario answers a question of a lecture.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub lesson: Option<Lesson>,
        }

        impl Default for Scenario {
            fn default() -> Self {
                Scenario {
                    name: String::new(),
                    question: String::new(),
                    $($key: $default,)+
                    only: Vec::new(),
                    skip: Vec::new(),
                    capacity: None,
                    claim: None,
                    lesson: None,
                }
            }
        }

        impl Scenario {
            /// Checks each value alone. The error is the key and what is wrong with its value.
            fn check_values(&self) -> Result<(), (&'static str, String)> {
                check_name(&self.name).map_err(|why| ("name", why))?;
                $($(
                    check_range(&self.$key, $range, $unit).map_err(|why| (stringify!($key), why))?;
                )?)+
                Ok(())
            }
        }
    };
}
factors!(scenario);

impl Scenario {
    /// Finds a scenario by the name of a built-in one, or by the path of a file.
    pub fn find(named: &Path) -> Result<Self, UsageError> {
        let mut built_in = BUILT_IN.iter().chain(&CLAIMS).chain(&LESSONS);
        if let Some((name, text)) = built_in.find(|(name, _)| named.as_os_str() == *name) {
            return Scenario::parse(text, Path::new(name));
        }
        if !named.is_file() {
            let named = named.display().to_string();
            let names = |all: &[(&'static str, &str)]| all.iter().map(|(name, _)| *name).collect();
            let names: Vec<&str> = match named.split('/').next() {
                Some("claims") => names(&CLAIMS),
                Some("lessons") => names(&LESSONS),
                _ => names(&BUILT_IN),
            };
            let near = did_you_mean(&named, names.iter().copied());
            return Err(UsageError(format!(
                "there is no scenario \"{named}\"{near}: write a file's path, or one of {}",
                names.join(", ")
            )));
        }
        let text = results::read_text(named).map_err(|error| UsageError(format!("{error:#}")))?;
        Scenario::parse(&text, named)
    }

    /// Reads a scenario from the text of the file `from`, which names it unless the text does.
    /// Checks each value alone, since flags may still change what does not fit together.
    pub(super) fn parse(text: &str, file: &Path) -> Result<Self, UsageError> {
        let mut scenario: Scenario = read_toml(text, file)?;
        if toml::from_str::<toml::Table>(text).is_ok_and(|keys| keys.is_empty()) {
            let file = file.display();
            return Err(UsageError(format!(
                "{file}: it has no key; write what is measured, such as clients = [100]"
            )));
        }
        if scenario.name.is_empty() {
            let stem = file.file_stem().unwrap_or_default();
            scenario.name = stem.to_string_lossy().into_owned();
            check_name(&scenario.name).map_err(|error| {
                let from = file.display();
                UsageError(format!("{from}: {error}; or give it a name = \"…\""))
            })?;
        }
        scenario.check_values_of(text, file)?;
        scenario.check_patterns(text, file)?;
        scenario.check_purpose_of(text, file)?;
        Ok(scenario)
    }

    /// Checks each value alone. An error names the line of the file that the value is from.
    pub(super) fn check_values_of(&self, text: &str, file: &Path) -> Result<(), UsageError> {
        self.check_values().map_err(|(key, why)| {
            let keys: BTreeMap<String, Spanned<toml::Value>> =
                toml::from_str(text).expect("it was read before");
            let span = keys.get(key).map(Spanned::span);
            UsageError(format!("{}: {key}: {why}", place(text, file, span)))
        })
    }

    /// Checks each value alone and all together. What passes can run.
    pub fn check(&self) -> Result<(), BadValues> {
        self.check_values()
            .and_then(|()| self.check_count())
            .and_then(|()| {
                self.cells()
                    .iter()
                    .try_for_each(|cell| cell.factors.check())
            })
            .and_then(|()| self.check_search())
            .and_then(|()| self.check_until())
            .and_then(|()| self.check_purpose())
            .map_err(|(keys, why)| BadValues { keys, why })
    }

    /// Checked before the cells are made, since lists multiply.
    fn check_count(&self) -> Result<(), (&'static str, String)> {
        match self.trial_count() {
            trials if trials > MAX_TRIALS => Err((
                "repeats",
                format!(
                    "{trials} trials are asked for, and a run has at most {MAX_TRIALS}; write \
                     fewer values or fewer repeats"
                ),
            )),
            _ if self.cells().is_empty() => {
                let why = "they leave no cell to measure; write other values or patterns";
                Err(("only, skip", why.into()))
            }
            _ => Ok(()),
        }
    }

    fn check_search(&self) -> Result<(), (&'static str, String)> {
        let Some(search) = &self.capacity else {
            return Ok(());
        };
        if !self.only.is_empty() || !self.skip.is_empty() {
            let why = "a search for capacity has one cell of each transport; leave them out";
            return Err(("only, skip", why.into()));
        }
        if !self.fault.is_empty() {
            let why = "a search for capacity has no faults, which would end every trial as not \
                       holding; leave them out, or write wslab run instead of wslab capacity";
            return Err(("fault", why.into()));
        }
        if let Some(key) = self.varied() {
            let why = "a search begins with one value; write only that";
            return Err((key, why.into()));
        }
        let first = self.first();
        if first.rate_hz == 0.0 {
            let why = "where nothing is published, there is no latency to judge; write a rate \
                       above 0";
            return Err(("rate_hz", why.into()));
        }
        let start = match search.vary {
            SearchFactor::Clients => first.clients.into(),
            SearchFactor::Rate => first.rate_hz,
        };
        search.check(start, first.deliveries())
    }

    /// The same scenario with a poll interval that follows the rate as what it is at this rate. Where
    /// there are several rates, it still follows them.
    pub fn filled(mut self) -> Scenario {
        if let &[rate_hz] = &self.rate_hz[..] {
            let at = |interval: &PollInterval| PollInterval::Every(interval.at(rate_hz));
            self.poll_interval = self.poll_interval.map(at);
        }
        self
    }

    /// What it asks: its question in English or as its author wrote it, or else its claim or that
    /// of its lesson. Empty for none.
    pub fn asks(&self, locale: Locale) -> &str {
        let claim = self.claim.as_ref().map(|claim| claim.text(locale));
        let lesson = || Some(self.lesson.as_ref()?.question(locale));
        match self.question.as_str() {
            "" => claim.or_else(lesson).unwrap_or_default(),
            question => question,
        }
    }

    /// The most clients of a cell.
    pub fn max_clients(&self) -> u32 {
        self.clients.iter().max().copied().unwrap_or(0)
    }

    /// The same scenario with the most clients that it may need: of a search, those at its end.
    pub fn at_its_largest(&self) -> Scenario {
        let mut largest = self.clone();
        if let Some(search) = &self.capacity
            && let (SearchFactor::Clients, Some(max)) = (search.vary, search.max)
        {
            largest.clients = List::from([max]);
        }
        largest
    }
}

/// Values of a scenario that cannot run.
#[derive(Debug, thiserror::Error)]
#[error("{keys}: {why}")]
pub struct BadValues {
    /// The keys of the values, separated by ", ".
    pub keys: &'static str,
    /// What is wrong, and what to write.
    pub why: String,
}

impl From<BadValues> for UsageError {
    fn from(bad: BadValues) -> Self {
        UsageError(bad.to_string())
    }
}

/// Reads the text of a TOML file. An error names file, line and what is allowed.
pub(super) fn read_toml<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T, UsageError> {
    toml::from_str(text).map_err(|error| {
        let place = place(text, file, error.span());
        let message = unknown_key(error.message()).unwrap_or_else(|| error.to_string());
        UsageError(format!("{place}: {message}"))
    })
}

/// The message of an unknown key, with the key that was meant; `None` for any other message.
fn unknown_key(message: &str) -> Option<String> {
    let mut words = message.strip_prefix("unknown field `")?.split('`');
    let unknown = words.next()?;
    let known: Vec<&str> = words.skip(1).step_by(2).collect();
    let near = did_you_mean(unknown, known.iter().copied());
    Some(format!(
        "unknown key {unknown}{near}: write one of {}",
        known.join(", ")
    ))
}

/// Where a key stands in a TOML file: `FILE:LINE: KEY`. `None` where it does not.
pub fn place_of(key: &str, file: &Path) -> Option<String> {
    let text = results::read_text(file).ok()?;
    let keys: BTreeMap<String, Spanned<toml::Value>> = toml::from_str(&text).ok()?;
    let span = keys.get(key)?.span();
    Some(format!("{}: {key}", place(&text, file, Some(span))))
}

/// A file, and the line in which a part of its text begins.
pub(super) fn place(text: &str, file: &Path, span: Option<Range<usize>>) -> String {
    let line = span.map(|span| text[..span.start].matches('\n').count() + 1);
    let line = line.map_or(String::new(), |line| format!(":{line}"));
    format!("{}{line}", file.display())
}

fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=64).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!(
        "\"{name}\" is no scenario's name: write 1 to 64 of a-z, 0-9 and -"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let file = Path::new("file.toml");
        Scenario::parse(text, file).unwrap_err().to_string()
    }

    #[test]
    fn a_file_without_any_key_is_no_scenario() {
        assert!(error("# nothing\n").contains("it has no key"));
    }

    #[test]
    fn built_in_scenarios_can_run_and_begin_with_their_question() {
        for (name, text) in BUILT_IN {
            let scenario = Scenario::find(name.as_ref()).unwrap();
            scenario.check().unwrap();
            assert_eq!(scenario.name, name);
            assert!(
                scenario.question.ends_with('?'),
                "{name}: {}",
                scenario.question
            );
            let first = text.lines().next().unwrap();
            assert!(
                first.starts_with("question = "),
                "{name} begins with {first}"
            );
            let trials = scenario.trials().into_iter();
            let length: Duration = trials.map(|(_, cell)| cell.factors.length()).sum();
            let is_crowd = ["hundred-thousand", "million"].contains(&name);
            let most = Duration::from_secs(if is_crowd { 900 } else { 360 });
            assert!(length <= most, "{name} takes {length:?}");
        }
    }

    #[test]
    fn what_was_run_reads_back_as_it_was() {
        let scenario = Scenario::find("classroom".as_ref()).unwrap();
        let text = toml::to_string(&scenario).unwrap();
        let again = Scenario::parse(&text, "scenario.toml".as_ref()).unwrap();
        assert_eq!(again, scenario);
        assert!(text.contains("poll_interval = \"1s\""), "{text}");
        assert!(text.contains("keep_alive = \"on\""), "{text}");
    }

    #[test]
    fn mistakes_are_told_with_file_line_key_and_what_is_allowed() {
        let unknown = error("question = \"?\"\nclinets = [5]\n");
        assert!(unknown.starts_with("file.toml:2:"), "{unknown}");
        assert!(
            unknown.contains("unknown key clinets (did you mean clients?)"),
            "{unknown}"
        );

        let wrong_type = error("\nfeeds = \"two\"\n");
        assert!(wrong_type.starts_with("file.toml:2:"), "{wrong_type}");
        assert!(
            wrong_type.contains("feeds") && wrong_type.contains("a whole number"),
            "{wrong_type}"
        );

        for (text, says) in [
            (
                "\nclients = [1, 0]",
                "file.toml:2: clients: 0 clients is not between 1 and 1M",
            ),
            ("rate_hz = -1.0", "not between 0 and 100000"),
            ("rate_hz = nan", "a number such as 0.5, 20 or 1.5k"),
            (
                "rate_hz = [1, \"2 apples\"]",
                "a number such as 0.5, 20 or 1.5k",
            ),
            ("clients = []", "name at least one"),
            ("clients = \"1.5\"", "a whole number such as 100, 5k or 1M"),
            (
                "payload_bytes = \"1k\"",
                "1kB (1,000 bytes) or 1KiB (1,024 bytes)",
            ),
            ("window = [1, 2]", "one value"),
            ("payload_bytes = 70000", "not between 1 and 60000"),
            (
                "transports = [\"carrier-pigeon\"]",
                "short-polling, long-polling, sse, ndjson, websocket",
            ),
            ("window = \"10 parsecs\"", "500ms, 10s or 1m"),
            ("window = \"0s\"", "between 1ms and 1 day"),
            ("workload = \"caht\"", "write monitoring or chat"),
            ("schedule = \"pareto\"", "write constant or poisson"),
            ("keep_alive = \"maybe\"", "write on or off"),
            ("headers = \"some\"", "write minimal or browser"),
            ("name = \"../up\"", "a-z, 0-9 and -"),
            ("clients = [", "file.toml:1:"),
        ] {
            let error = error(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn what_cannot_run_together_is_refused() {
        let refused = |change: fn(&mut Scenario)| {
            let mut scenario = Scenario {
                name: "custom".to_owned(),
                ..Scenario::default()
            };
            change(&mut scenario);
            scenario.check().unwrap_err().to_string()
        };
        assert!(refused(|s| s.feeds = [101].into()).contains("at least 101 clients"));
        assert!(refused(|s| s.poll_interval = "1s,11s".parse().unwrap()).contains("at least 11s"));
        assert!(refused(|s| s.hold = "1m".parse().unwrap()).contains("after 25s"));
        assert!(
            refused(|s| {
                (s.rate_hz, s.poll_interval) = ("1,9k".parse().unwrap(), "1s".parse().unwrap());
            })
            .contains("between two polls")
        );
        let many = refused(|s| (s.rate_hz, s.repeats) = ("1,2,3".parse().unwrap(), 1_000));
        assert!(
            many.contains("16000 trials") && many.contains("at most 10000"),
            "{many}"
        );
        let long = refused(|s| (s.rate_hz, s.window) = ([200.0].into(), "1day".parse().unwrap()));
        assert!(long.contains("record holds 16777216"), "{long}");
        assert!(
            refused(|s| (s.workload, s.rate_hz) = ([Workload::Chat].into(), [0.0].into()))
                .contains("without messages")
        );
    }
}
