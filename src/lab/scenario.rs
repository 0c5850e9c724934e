//! A scenario: a question, and what is run to answer it.
//!
//! A scenario comes from a TOML file, from one of those built in, or from the command line's flags.
//! Whatever has passed [`Scenario::check`] can run; each value is checked where it is read, so that
//! a mistake is told with its file, line and key.

use std::path::Path;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::client::config::ClientConfig;
use crate::client::http::Headers;
use crate::error::UsageError;
use crate::feed::MAX_BATCH_BYTES;
use crate::lab::capacity::{CapacitySearch, SearchFactor};
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::service::state::Limits;
use crate::transport::Transport;

/// Subscribers at the most.
pub const MAX_CLIENTS: u32 = 1_000_000;
/// Messages a second to each feed at the most.
pub const MAX_RATE_HZ: f64 = 100_000.0;

/// About what the JSON of a message has beside its text.
const ENVELOPE_BYTES: f64 = 120.0;

/// Clients for each subscriber of a probe, and most of these.
const CLIENTS_PER_PROBE: u32 = 80;
const MOST_PROBES: u32 = 8;

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

/// Everything that a run needs to know, with the defaults of whatever was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Names the folder of its results: lower-case letters, digits and hyphens. Empty only until
    /// the file's own name takes its place.
    #[serde(deserialize_with = "checked_name")]
    pub name: String,
    pub question: String,
    pub transports: Vec<Transport>,
    /// Subscribers, over all feeds. With several numbers, each makes a cell a transport.
    #[serde(deserialize_with = "clients")]
    pub clients: Vec<u32>,
    pub workload: Workload,
    #[serde(deserialize_with = "feeds")]
    pub feeds: u32,
    /// Messages a second published to each feed.
    #[serde(deserialize_with = "rate_hz")]
    pub rate_hz: f64,
    pub schedule: Pacing,
    /// Bytes of text.
    #[serde(deserialize_with = "payload_bytes")]
    pub payload_bytes: u32,
    pub poll_interval: Span,
    pub hold: Span,
    pub keep_alive: Switch,
    pub headers: Headers,
    /// Of a server that runs already, its URL says it.
    pub tls: Switch,
    pub warm_up: Span,
    pub window: Span,
    pub drain: Span,
    /// Pause between trials.
    pub cool_down: Span,
    #[serde(deserialize_with = "repeats")]
    pub repeats: u32,
    pub seed: u64,
    /// Connections dialled a second.
    #[serde(deserialize_with = "connect_rate_hz")]
    pub connect_rate_hz: f64,
    /// Processes that the clients are spread over.
    #[serde(deserialize_with = "load_processes")]
    pub load_processes: u32,
    /// A few more subscribers in a process of their own, which tell whether the clients' own
    /// processes are what is slow.
    pub probe: Switch,
    /// Set where clients or rate are searched for rather than given. Last, since it is a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacitySearch>,
}

impl Default for Scenario {
    fn default() -> Self {
        let seconds = |seconds| Span(Duration::from_secs(seconds));
        Scenario {
            name: String::new(),
            question: String::new(),
            transports: Transport::CHOICES.to_vec(),
            clients: vec![100],
            workload: Workload::Monitoring,
            feeds: 1,
            rate_hz: 1.0,
            schedule: Pacing::Constant,
            payload_bytes: 64,
            poll_interval: seconds(1),
            hold: seconds(25),
            keep_alive: Switch::On,
            headers: Headers::Minimal,
            tls: Switch::Off,
            warm_up: seconds(1),
            window: seconds(10),
            drain: seconds(10),
            cool_down: Span(Duration::from_millis(500)),
            repeats: 1,
            seed: 1,
            connect_rate_hz: 5_000.0,
            load_processes: 1,
            probe: Switch::On,
            capacity: None,
        }
    }
}

impl Scenario {
    /// The scenario that a user names: a file's path, or the name of a built-in one.
    pub fn find(named: &str) -> Result<Self, UsageError> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(name, _)| *name == named) {
            return Scenario::parse(text, named);
        }
        let path = Path::new(named);
        if !path.is_file() {
            let names = BUILT_IN.map(|(name, _)| name).join(", ");
            return Err(UsageError(format!(
                "there is no scenario \"{named}\": write a file's path, or one of {names}"
            )));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| UsageError(format!("cannot read {named}: {error}")))?;
        Scenario::parse(&text, named)
    }

    /// Reads a scenario from the text of the file `from`, which also names it unless it says.
    fn parse(text: &str, from: &str) -> Result<Self, UsageError> {
        let mut scenario: Scenario = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map(|span| text[..span.start].matches('\n').count() + 1);
            let line = line.map_or(String::new(), |line| format!(":{line}"));
            UsageError(format!("{from}{line}: {error}"))
        })?;
        if scenario.name.is_empty() {
            let stem = Path::new(from)
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy();
            scenario.name = checked(&stem, check_name).map_err(|error| {
                UsageError(format!("{from}: {error}; or give it a name = \"…\""))
            })?;
        }
        Ok(scenario)
    }

    /// Checks what no value shows alone. Everything that passes can run.
    pub fn check(&self) -> Result<(), UsageError> {
        let error = |text: String| Err(UsageError(text));
        if self.transports.is_empty() || self.clients.is_empty() {
            return error("transports and clients: name at least one of each".into());
        }
        if self.workload == Workload::Chat && self.rate_hz == 0.0 {
            return error(
                "rate: a chat in which nobody writes measures nothing; write a rate above 0, or \
                 use the monitoring workload to see what idle connections cost"
                    .into(),
            );
        }
        if let Some(few) = self.clients.iter().find(|clients| **clients < self.feeds) {
            let feeds = self.feeds;
            return error(format!(
                "clients, feeds: {few} clients cannot read {feeds} feeds, since each reads one; \
                 write at least {feeds} clients"
            ));
        }
        if let Some(few) = self.clients.iter().find(|n| **n < self.load_processes) {
            return error(format!(
                "load_processes: {few} clients cannot be spread over {} processes; write at most \
                 {few}",
                self.load_processes
            ));
        }
        if self.hold.0 > Limits::default().max_hold {
            let longest = Span(Limits::default().max_hold);
            return error(format!(
                "hold: a server answers after {longest}; write at most that"
            ));
        }
        let polls = self.transports.contains(&Transport::ShortPolling);
        if polls && self.rate_hz > self.most_rate_hz(Transport::ShortPolling) {
            let waiting = self.rate_hz * self.poll_interval.0.as_secs_f64();
            return error(format!(
                "rate, payload, poll_interval: {waiting:.0} messages come between two polls, and \
                 one answer holds {MAX_BATCH_BYTES} bytes; write less of one of the three"
            ));
        }
        if polls && self.drain.0 < self.poll_interval.0 {
            return error(format!(
                "drain, poll_interval: the last message of the window may need a whole poll \
                 interval to arrive; write a drain of at least {}",
                self.poll_interval
            ));
        }
        self.capacity
            .as_ref()
            .map_or(Ok(()), |search| search.check(self))
    }

    /// The same with the most clients that it may ever need: of a search, those at its end.
    pub fn at_its_largest(&self) -> Scenario {
        let mut largest = self.clone();
        if let Some(search) = &self.capacity
            && let (SearchFactor::Clients, Some(max)) = (search.vary, search.max)
        {
            largest.clients = vec![max];
        }
        largest
    }

    /// The highest rate that a transport can carry here at all, in messages a second to each feed:
    /// what comes between two short polls must fit into one answer.
    pub fn most_rate_hz(&self, transport: Transport) -> f64 {
        let each_bytes = f64::from(self.payload_bytes) + ENVELOPE_BYTES;
        match transport {
            Transport::ShortPolling => {
                MAX_BATCH_BYTES as f64 / each_bytes / self.poll_interval.0.as_secs_f64()
            }
            _ => f64::INFINITY,
        }
    }

    /// What every subscriber is told.
    pub fn client(&self) -> ClientConfig {
        ClientConfig {
            poll_interval: self.poll_interval.0,
            hold: self.hold.0,
            keep_alive: self.keep_alive == Switch::On,
            headers: self.headers,
        }
    }

    /// Messages that a server of our own must keep of each feed, so that no reader that is in time
    /// misses any: twice what comes between two polls, or in two seconds.
    pub fn history(&self) -> u64 {
        let longest = self.poll_interval.0.as_secs_f64().max(1.0);
        ((2.0 * self.rate_hz * longest) as u64).clamp(1_000, 1_000_000)
    }

    /// Subscribers of a cell's probe: enough to have typical places among the clients, too few to
    /// be a load.
    pub fn probes(&self, clients: u32) -> u32 {
        match self.probe {
            Switch::On => (clients / CLIENTS_PER_PROBE).clamp(1, MOST_PROBES),
            Switch::Off => 0,
        }
    }

    /// Every trial, as its number and its cell, in the order in which they run: each repetition
    /// goes through all cells before the next begins, so that what drifts on the machine does not
    /// fall on one transport. With several repetitions each has an order of its own, drawn by the
    /// seed, so that no cell always follows the same other.
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

    /// The cells of this scenario: every transport with every number of clients. Where there are
    /// repetitions enough to compare, the last of the choices comes twice (an A/A pair): what
    /// differs between the two is noise.
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

/// Repetitions from which on an A/A pair is measured.
const AA_REPEATS: u32 = 3;

/// One combination of factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Counted from 1.
    pub number: u32,
    pub transport: Transport,
    pub clients: u32,
    /// The cell that this one only repeats.
    pub aa_of: Option<u32>,
}

/// A length of time, written `500ms`, `10s`, `1m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = |why: String| format!("{why}; write a time such as 500ms, 10s or 1m");
        let span = humantime::parse_duration(text).map_err(|error| advice(error.to_string()))?;
        let range = Duration::from_millis(1)..=Duration::from_secs(86_400);
        if !range.contains(&span) {
            return Err(advice(format!("{text} is not between 1ms and 1 day")));
        }
        Ok(Span(span))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    pub const fn name(self) -> &'static str {
        match self {
            Switch::On => "on",
            Switch::Off => "off",
        }
    }
}

/// Checks that both the command line and scenario files make, and the range that they tell.
pub fn check_clients(clients: &u32) -> Result<(), String> {
    within(*clients, 1, MAX_CLIENTS, "clients")
}

pub fn check_feeds(feeds: &u32) -> Result<(), String> {
    within(*feeds, 1, 1_000, "feeds")
}

/// A rate of 0 is for scenarios that say so: on the command line it is a slip.
pub fn check_rate_hz(rate_hz: &f64) -> Result<(), String> {
    if (0.0..=MAX_RATE_HZ).contains(rate_hz) {
        return Ok(());
    }
    Err(format!(
        "{rate_hz} messages a second is not between 0 and {MAX_RATE_HZ}"
    ))
}

pub fn check_payload_bytes(bytes: &u32) -> Result<(), String> {
    within(*bytes, 1, 60_000, "bytes of text")
}

pub fn check_repeats(repeats: &u32) -> Result<(), String> {
    within(*repeats, 1, 1_000, "repeats")
}

pub fn check_load_processes(processes: &u32) -> Result<(), String> {
    within(*processes, 1, 64, "load processes")
}

fn check_connect_rate_hz(rate_hz: &f64) -> Result<(), String> {
    if (1.0..=100_000.0).contains(rate_hz) {
        return Ok(());
    }
    Err(format!(
        "{rate_hz} connections a second is not between 1 and 100000"
    ))
}

fn check_name(name: &String) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=64).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!(
        "\"{name}\" is no scenario's name: write 1 to 64 of a-z, 0-9 and -"
    ))
}

fn within(value: u32, min: u32, max: u32, what: &str) -> Result<(), String> {
    match (min..=max).contains(&value) {
        true => Ok(()),
        false => Err(format!("{value} {what} is not between {min} and {max}")),
    }
}

fn checked(text: &str, check: fn(&String) -> Result<(), String>) -> Result<String, String> {
    let text = text.to_owned();
    check(&text).map(|()| text)
}

/// A field that is checked as it is read, so that the error names its line.
fn field<'de, D, T>(deserializer: D, check: fn(&T) -> Result<(), String>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let value = T::deserialize(deserializer)?;
    check(&value).map_err(D::Error::custom)?;
    Ok(value)
}

fn clients<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    field(deserializer, |all: &Vec<u32>| {
        all.iter().try_for_each(check_clients)
    })
}

fn feeds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    field(deserializer, check_feeds)
}

fn rate_hz<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    field(deserializer, check_rate_hz)
}

fn payload_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    field(deserializer, check_payload_bytes)
}

fn repeats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    field(deserializer, check_repeats)
}

fn connect_rate_hz<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    field(deserializer, check_connect_rate_hz)
}

fn load_processes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    field(deserializer, check_load_processes)
}

fn checked_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    field(deserializer, check_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Scenario::parse(text, "file.toml").unwrap_err().to_string()
    }

    #[test]
    fn built_in_scenarios_can_run_and_begin_with_their_question() {
        for (name, text) in BUILT_IN {
            let scenario = Scenario::find(name).unwrap();
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
        let scenario = Scenario::find("classroom").unwrap();
        let text = toml::to_string(&scenario).unwrap();
        assert_eq!(Scenario::parse(&text, "scenario.toml").unwrap(), scenario);
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
            ("clients = [0]", "0 clients is not between 1 and 1000000"),
            ("rate_hz = -1.0", "not between 0 and 100000"),
            ("rate_hz = nan", "not between 0 and 100000"),
            ("payload_bytes = 70000", "not between 1 and 60000"),
            (
                "transports = [\"carrier-pigeon\"]",
                "short-polling, long-polling, sse, websocket",
            ),
            ("window = \"10 parsecs\"", "500ms, 10s or 1m"),
            ("window = \"0s\"", "between 1ms and 1 day"),
            ("workload = \"caht\"", "monitoring or chat"),
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
            let mut scenario = Scenario::default();
            change(&mut scenario);
            scenario.check().unwrap_err().to_string()
        };
        assert!(refused(|s| s.feeds = 101).contains("at least 101 clients"));
        assert!(refused(|s| s.poll_interval = "11s".parse().unwrap()).contains("at least 11s"));
        assert!(refused(|s| s.hold = "1m".parse().unwrap()).contains("after 25s"));
        assert!(refused(|s| s.rate_hz = 9_000.0).contains("between two polls"));
        assert!(refused(|s| s.clients.clear()).contains("at least one"));
        assert!(
            refused(|s| (s.workload, s.rate_hz) = (Workload::Chat, 0.0)).contains("nobody writes")
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
            trials.chunks(8).map(<[_]>::to_vec).collect::<Vec<_>>()
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
            assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
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
        assert_eq!(cells.len(), 8);
        let repeated = Scenario {
            repeats: 3,
            ..scenario.clone()
        }
        .cells();
        assert_eq!(repeated[..8], cells);
        let twin = Cell {
            number: 9,
            aa_of: Some(8),
            ..cells[7]
        };
        assert_eq!(repeated[8..], [twin], "an A/A pair");
        assert_eq!(
            cells[4],
            Cell {
                number: 5,
                transport: Transport::ShortPolling,
                clients: 2,
                aa_of: None,
            }
        );
    }
}
