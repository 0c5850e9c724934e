//! A scenario: one question, and what is run to answer it.
//!
//! A scenario comes from a TOML file, from one of those built in, or from the flags of the command
//! line. What has passed [`Scenario::check`] can run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::client::config::ClientConfig;
use crate::client::http::Headers;
use crate::error::UsageError;
use crate::feed::MAX_BATCH_BYTES;
use crate::lab::capacity::settings::{CapacitySearch, SearchFactor};
use crate::lab::factors::{
    List, MAX_CLIENTS, MAX_RATE_HZ, Span, Switch, check_range, factors, seconds,
};
use crate::load::protocol::Workload;
use crate::load::schedule::{Pacing, most_messages};
use crate::record::identity::MAX_MESSAGES;
use crate::results::{self, TrialRow};
use crate::service::limits::Limits;
use crate::system::limits::MAX_LOAD_PROCESSES;
use crate::transport::Transport;

/// Bytes that the JSON of a message has beside its text, about.
const ENVELOPE_BYTES: f64 = 120.0;

/// Clients for each subscriber of a probe, and most subscribers of a probe.
const CLIENTS_PER_PROBE: u32 = 80;
const MAX_PROBES: u32 = 8;

/// Repetitions from which on an A/A pair is measured.
const AA_REPEATS: u32 = 3;

/// The scenarios in the binary: their names and texts.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("smoke", include_str!("../../scenarios/smoke.toml")),
    ("classroom", include_str!("../../scenarios/classroom.toml")),
    ("fanout", include_str!("../../scenarios/fanout.toml")),
    (
        "chat-rooms",
        include_str!("../../scenarios/chat-rooms.toml"),
    ),
    ("idle", include_str!("../../scenarios/idle.toml")),
    ("scaling", include_str!("../../scenarios/scaling.toml")),
];

macro_rules! scenario {
    ($($(#[$doc:meta])+ $key:ident: $type:ty = $default:expr, flag $given:ident($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?;)+) => {
        /// Everything that a run needs to know. What a file leaves out has its default.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Scenario {
            /// Names the folder of its results: 1 to 64 of a-z, 0-9 and -. Empty until the name of
            /// the file takes its place.
            pub name: String,
            pub question: String,
            $($(#[$doc])+ pub $key: $type,)+
            /// Set where clients or rate are searched for. Last, since it is a table in TOML.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub capacity: Option<CapacitySearch>,
        }

        impl Default for Scenario {
            fn default() -> Self {
                Scenario {
                    name: String::new(),
                    question: String::new(),
                    $($key: $default,)+
                    capacity: None,
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
        if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| named.as_os_str() == *name) {
            return Scenario::parse(text, Path::new(name));
        }
        if !named.is_file() {
            let (named, names) = (named.display(), BUILT_IN.map(|(name, _)| name).join(", "));
            return Err(UsageError(format!(
                "there is no scenario \"{named}\": write a file's path, or one of {names}"
            )));
        }
        let text = results::read_text(named).map_err(|error| UsageError(format!("{error:#}")))?;
        Scenario::parse(&text, named)
    }

    /// Reads a scenario from the text of the file `from`, which names it unless the text does.
    /// Checks each value alone, since flags may still change what does not fit together.
    fn parse(text: &str, file: &Path) -> Result<Self, UsageError> {
        let from = file.display();
        let at = |span: Option<std::ops::Range<usize>>| {
            let line = span.map(|span| text[..span.start].matches('\n').count() + 1);
            let line = line.map_or(String::new(), |line| format!(":{line}"));
            format!("{from}{line}")
        };
        let mut scenario: Scenario = toml::from_str(text)
            .map_err(|error| UsageError(format!("{}: {error}", at(error.span()))))?;
        if scenario.name.is_empty() {
            let stem = file.file_stem().unwrap_or_default();
            scenario.name = stem.to_string_lossy().into_owned();
            check_name(&scenario.name).map_err(|error| {
                UsageError(format!("{from}: {error}; or give it a name = \"…\""))
            })?;
        }
        scenario.check_values().map_err(|(key, why)| {
            let keys: BTreeMap<String, Spanned<toml::Value>> =
                toml::from_str(text).expect("it was read before");
            let span = keys.get(key).map(Spanned::span);
            UsageError(format!("{}: {key}: {why}", at(span)))
        })?;
        Ok(scenario)
    }

    /// Checks each value alone and all together. What passes can run.
    pub fn check(&self) -> Result<(), UsageError> {
        self.check_values()
            .and_then(|()| self.check_together())
            .and_then(|()| self.check_short_polling())
            .and_then(|()| self.check_search())
            .map_err(|(keys, why)| UsageError(format!("{keys}: {why}")))
    }

    fn check_together(&self) -> Result<(), (&'static str, String)> {
        if self.transports.is_empty() || self.clients.is_empty() {
            return Err(("transports, clients", "name at least one of each".into()));
        }
        if self.workload == Workload::Chat && self.rate_hz == 0.0 {
            let why = "a chat without messages measures nothing; write a rate above 0, or use the \
                       monitoring workload to see what idle connections cost";
            return Err(("rate", why.into()));
        }
        let fewest = self.clients.iter().min().copied().unwrap_or(0);
        if fewest < self.feeds {
            let feeds = self.feeds;
            let why = format!(
                "{fewest} clients cannot read {feeds} feeds, since each reads one; write at least \
                 {feeds} clients"
            );
            return Err(("clients, feeds", why));
        }
        if fewest < self.load_processes {
            let why = format!(
                "{fewest} clients cannot be spread over {} processes; write at most {fewest}",
                self.load_processes
            );
            return Err(("load_processes", why));
        }
        let length = self.warm_up.0 + self.window.0;
        let most = most_messages(self.rate_hz, self.feeds as usize, length);
        if most > MAX_MESSAGES {
            let why = format!(
                "{most} messages would be due in a trial, and the publisher's record holds \
                 {MAX_MESSAGES}; write less of one of these"
            );
            return Err(("rate, feeds, warm_up, window", why));
        }
        let longest = Span(Limits::default().max_hold);
        if self.hold.0 > longest.0 {
            let why = format!("a server answers after {longest}; write at most that");
            return Err(("hold", why));
        }
        Ok(())
    }

    fn check_short_polling(&self) -> Result<(), (&'static str, String)> {
        if !self.transports.contains(&Transport::ShortPolling) {
            return Ok(());
        }
        if self.rate_hz > self.max_rate_hz(Transport::ShortPolling) {
            let waiting = self.rate_hz * self.poll_interval.0.as_secs_f64();
            let why = format!(
                "{waiting:.0} messages come between two polls, and one answer holds \
                 {MAX_BATCH_BYTES} bytes; write less of one of the three"
            );
            return Err(("rate, payload, poll_interval", why));
        }
        if self.drain.0 < self.poll_interval.0 {
            let why = format!(
                "the last message of the window may need a whole poll interval to arrive; write a \
                 drain of at least {}",
                self.poll_interval
            );
            return Err(("drain, poll_interval", why));
        }
        Ok(())
    }

    fn check_search(&self) -> Result<(), (&'static str, String)> {
        let Some(search) = &self.capacity else {
            return Ok(());
        };
        let &[clients] = &self.clients[..] else {
            let why = "a search begins with one number; write only that";
            return Err(("clients", why.into()));
        };
        if self.rate_hz == 0.0 {
            let why = "where nothing is published, there is no latency to judge; write a rate \
                       above 0";
            return Err(("rate", why.into()));
        }
        let start = match search.vary {
            SearchFactor::Clients => clients.into(),
            SearchFactor::Rate => self.rate_hz,
        };
        search.check(start, self.deliveries(clients))
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
            largest.clients = vec![max];
        }
        largest
    }

    /// The highest rate that a transport can carry, in messages per second to each feed. What comes
    /// between two short polls must fit into one answer.
    pub fn max_rate_hz(&self, transport: Transport) -> f64 {
        let each_bytes = f64::from(self.payload_bytes) + ENVELOPE_BYTES;
        match transport {
            Transport::ShortPolling => {
                MAX_BATCH_BYTES as f64 / each_bytes / self.poll_interval.0.as_secs_f64()
            }
            _ => f64::INFINITY,
        }
    }

    /// Deliveries that a window is to have with so many clients.
    pub fn deliveries(&self, clients: u32) -> f64 {
        let messages = (self.rate_hz * self.window.0.as_secs_f64()).floor();
        messages * f64::from(clients)
    }

    /// The settings of every subscriber.
    pub fn client(&self) -> ClientConfig {
        ClientConfig {
            poll_interval: self.poll_interval.0,
            hold: self.hold.0,
            keep_alive: self.keep_alive.is_on(),
            headers: self.headers,
        }
    }

    /// Messages that our own server must keep of each feed so that a reader in time misses none:
    /// what is published in two poll intervals, or in two seconds.
    pub fn history(&self) -> u64 {
        let longest = self.poll_interval.0.as_secs_f64().max(1.0);
        ((2.0 * self.rate_hz * longest) as u64).clamp(1_000, 1_000_000)
    }

    /// Subscribers of the probe of a cell with so many clients: enough to see typical latencies,
    /// too few to be a load.
    pub fn probes(&self, clients: u32) -> u32 {
        match self.probe {
            Switch::On => (clients / CLIENTS_PER_PROBE).clamp(1, MAX_PROBES),
            Switch::Off => 0,
        }
    }

    /// Every trial in the order in which they run, as its repetition (from 1) and its cell.
    ///
    /// A repetition measures all cells before the next repetition starts. A drift of the machine
    /// therefore does not fall on one transport. With several repetitions, each has its own order,
    /// which follows from the seed, so that a cell does not always follow the same other cell.
    pub fn trials(&self) -> Vec<(u32, Cell)> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut trials = Vec::new();
        for trial in 1..=self.repeats {
            let mut round = self.cells();
            if self.repeats > 1 {
                round.shuffle(&mut rng);
            }
            trials.extend(round.into_iter().map(|cell| (trial, cell)));
        }
        trials
    }

    /// The cells of which `trials` lacks some, each with how many. Of a search there are none: it
    /// ends where its trials say so.
    pub fn missing(&self, trials: &[TrialRow]) -> Vec<(Cell, u32)> {
        if self.capacity.is_some() {
            return Vec::new();
        }
        let is_there = |cell: &Cell, trial: u32| {
            let mut rows = trials.iter();
            rows.any(|row| row.cell == cell.number && row.trial == trial)
        };
        let missing = |cell: Cell| {
            let missing = (1..=self.repeats).filter(|trial| !is_there(&cell, *trial));
            (cell, missing.count() as u32)
        };
        let cells = self.cells().into_iter().map(missing);
        cells.filter(|(_, missing)| *missing > 0).collect()
    }

    /// The cells: every transport with every number of clients.
    ///
    /// From [`AA_REPEATS`] repetitions on, the last cell that is not the baseline's comes twice (an
    /// A/A pair). A difference between the two is noise.
    pub fn cells(&self) -> Vec<Cell> {
        let all = self.clients.iter().flat_map(|&clients| {
            self.transports
                .iter()
                .map(move |&transport| (transport, clients))
        });
        let cell = |((transport, clients), number)| Cell {
            number,
            transport,
            clients,
            aa_of: None,
        };
        let mut cells: Vec<Cell> = all.zip(1..).map(cell).collect();
        let mut choices = cells.iter().rev();
        let choice = choices.find(|cell| cell.transport != Transport::BASELINE);
        if let Some(&repeated) = choice.or(cells.last())
            && self.repeats >= AA_REPEATS
        {
            cells.push(Cell {
                number: cells.len() as u32 + 1,
                aa_of: Some(repeated.number),
                ..repeated
            });
        }
        cells
    }
}

/// One combination of factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Counted from 1.
    pub number: u32,
    pub transport: Transport,
    pub clients: u32,
    /// The cell that this one repeats (an A/A pair).
    pub aa_of: Option<u32>,
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

    /// Cells of every transport with two numbers of clients.
    const CELLS: usize = 2 * Transport::CHOICES.len();

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
            unknown.contains("clinets") && unknown.contains("`clients`"),
            "{unknown}"
        );

        let wrong_type = error("\nfeeds = \"two\"\n");
        assert!(wrong_type.starts_with("file.toml:2:"), "{wrong_type}");
        assert!(
            wrong_type.contains("feeds") && wrong_type.contains("u32"),
            "{wrong_type}"
        );

        for (text, says) in [
            (
                "\nclients = [1, 0]",
                "file.toml:2: clients: 0 clients is not between 1 and 1000000",
            ),
            ("rate_hz = -1.0", "not between 0 and 100000"),
            ("rate_hz = nan", "not between 0 and 100000"),
            ("payload_bytes = 70000", "not between 1 and 60000"),
            (
                "transports = [\"carrier-pigeon\"]",
                "short-polling, long-polling, sse, ndjson, websocket",
            ),
            ("window = \"10 parsecs\"", "500ms, 10s or 1m"),
            ("window = \"0s\"", "between 1ms and 1 day"),
            ("workload = \"caht\"", "`monitoring` or `chat`"),
            ("schedule = \"pareto\"", "`constant` or `poisson`"),
            ("keep_alive = \"maybe\"", "`on` or `off`"),
            ("headers = \"some\"", "`minimal` or `browser`"),
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
        assert!(refused(|s| s.feeds = 101).contains("at least 101 clients"));
        assert!(refused(|s| s.poll_interval = "11s".parse().unwrap()).contains("at least 11s"));
        assert!(refused(|s| s.hold = "1m".parse().unwrap()).contains("after 25s"));
        assert!(refused(|s| s.rate_hz = 9_000.0).contains("between two polls"));
        assert!(refused(|s| s.clients.clear()).contains("at least one"));
        let long = refused(|s| (s.rate_hz, s.window) = (200.0, "1day".parse().unwrap()));
        assert!(long.contains("record holds 16777216"), "{long}");
        assert!(
            refused(|s| (s.workload, s.rate_hz) = (Workload::Chat, 0.0))
                .contains("without messages")
        );
    }

    #[test]
    fn every_repetition_has_every_cell_in_an_order_of_its_own() {
        let orders = |seed, repeats| {
            let scenario = Scenario {
                seed,
                repeats,
                clients: vec![1, 2],
                ..Scenario::default()
            };
            let trials = scenario.trials();
            trials.chunks(CELLS).map(<[_]>::to_vec).collect::<Vec<_>>()
        };
        let once = orders(1, 1);
        assert!(
            once[0].iter().map(|(_, cell)| cell.number).is_sorted(),
            "alone, as it is written"
        );
        let rounds = orders(1, 2);
        for (round, trial) in rounds.iter().zip(1..) {
            assert!(round.iter().all(|(number, _)| *number == trial));
            let mut numbers: Vec<_> = round.iter().map(|(_, cell)| cell.number).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (1..=CELLS as u32).collect::<Vec<_>>());
        }
        let cells = |round: usize| rounds[round].iter().map(|(_, cell)| cell.number).collect();
        let (first, second): (Vec<_>, Vec<_>) = (cells(0), cells(1));
        assert_ne!(first, second);
        assert_eq!(rounds, orders(1, 2), "the same seed, the same order");
        assert_ne!(rounds, orders(2, 2));
    }

    #[test]
    fn cells_are_every_transport_with_every_number_of_clients() {
        let scenario = Scenario {
            clients: vec![1, 2],
            ..Scenario::default()
        };
        let cells = scenario.cells();
        assert_eq!(cells.len(), CELLS);
        let repeated = Scenario {
            repeats: 3,
            ..scenario.clone()
        }
        .cells();
        assert_eq!(repeated[..CELLS], cells);
        let twin = Cell {
            number: CELLS as u32 + 1,
            aa_of: Some(CELLS as u32),
            ..cells[CELLS - 1]
        };
        assert_eq!(repeated[CELLS..], [twin], "an A/A pair");
        assert_eq!(
            cells[CELLS / 2],
            Cell {
                number: CELLS as u32 / 2 + 1,
                transport: Transport::ShortPolling,
                clients: 2,
                aa_of: None,
            }
        );
    }
}
