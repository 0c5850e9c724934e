//! Which texts conditions and the answer have.

/// What a run was asked for, one condition each. Arguments that are texts are already written.
#[derive(Debug)]
pub struct ConditionTexts {
    pub separator: &'static str,
    /// Messages a second, and whether there are several feeds.
    pub rate: fn(f64, bool) -> String,
    pub nothing_published: &'static str,
    /// Bytes of text.
    pub payload: fn(f64) -> String,
    pub poll_interval: fn(&str) -> String,
    pub hold: fn(&str) -> String,
    /// `on` or `off`.
    pub keep_alive: fn(&str) -> String,
    pub headers: fn(&str) -> String,
    /// `loopback`, or a network as it was asked for.
    pub network: fn(&str) -> String,
    pub load_processes: fn(f64) -> String,
    pub pinned: fn(&str) -> String,
    /// The CPUs of server and load, given as `server 0; load 1`.
    pub cpus: fn(&str) -> String,
    /// Trials, and the length of a window.
    pub trials_of: fn(&str, &str) -> String,
    /// A factor without words of its own, and its value.
    pub other: fn(&str, &str) -> String,
}

/// What the answer says of one figure.
#[derive(Debug)]
pub struct ClauseTexts {
    pub noun: &'static str,
    pub short: &'static str,
    /// The place with the least.
    pub first: fn(&FirstPlace) -> String,
    /// Another place: its transports, and how far they are from the first, or their figures.
    pub next: fn(&Names, &str) -> String,
    /// The figures, where all transports share a place.
    pub alike: fn(&FirstPlace) -> String,
    /// The figure of the only transport.
    pub alone: fn(&str) -> String,
    /// Follows a multiple: `as many`.
    pub as_much: &'static str,
    /// Whether places are as far apart as the difference says, and not the ratio.
    pub is_later: bool,
}

/// The place with the least of a figure.
#[derive(Clone, Debug)]
pub struct FirstPlace {
    pub names: Names,
    /// The range of its figures.
    pub figures: String,
    /// How far its transports are apart at the most, where that is known.
    pub within: Option<String>,
    /// What the data say of the differences between its transports; none of one transport.
    pub remark: Option<&'static str>,
}

/// Transports as a list in words.
#[derive(Clone, Debug)]
pub struct Names {
    pub list: String,
    pub many: bool,
}

/// The answer: which transport to take, why, and by how much transports differ.
#[derive(Debug)]
pub struct AnswerTexts {
    pub latency: ClauseTexts,
    pub bytes: ClauseTexts,
    pub cpu: ClauseTexts,
    pub memory: ClauseTexts,
    pub waiting_bytes: ClauseTexts,
    pub waiting_cpu: ClauseTexts,
    /// Transports of which no other is better, and the figures.
    pub take: fn(&str, &str) -> String,
    /// Transports between which no figure decides.
    pub none_decides: fn(&str) -> String,
    /// Figures, and the transports to take for their sake.
    pub take_for: fn(&[(String, String)]) -> String,
    /// The only transport, and its figures.
    pub alone: fn(&str, &[String]) -> String,
    pub alone_decides_nothing: &'static str,
    pub all_invalid: &'static str,
    /// A conclusion from so many trials, or from doubted figures.
    pub by_few: fn(usize, &str) -> String,
    pub if_they_hold: fn(&str) -> String,
    /// What the data say of the differences within a place: nothing; that they are real and too
    /// small to matter; that none is shown; that no clear step divides it.
    pub apart: [Option<&'static str>; 4],
    /// The same of latencies.
    pub latency_apart: [Option<&'static str>; 4],
    /// A text with a capital and a full stop.
    pub sentence: fn(&str) -> String,
    /// Between the parts of a sentence.
    pub separator: &'static str,
    /// Names of transports, all of them, and one of them.
    pub list: fn(&[String]) -> String,
    pub list_or: fn(&[String]) -> String,
    /// A transport that polls, and its interval.
    pub polled: fn(&str, &str) -> String,
    /// How far another place is, and its interval: a multiple with `as many`, percent, a time.
    pub times: fn(&str, &str, Option<&str>) -> String,
    pub more: fn(&str, Option<&str>) -> String,
    pub later: fn(&str, Option<&str>) -> String,
    /// A transport that carries several messages at once.
    pub batched: fn(&str) -> String,
    /// SSE against WebSocket: differences, and the figures that are not told apart.
    pub pair: fn(&[String], &[String]) -> String,
    /// A figure that is 0 with WebSocket: that of SSE, and 0.
    pub pair_from_zero: fn(&str, &str, &str) -> String,
    /// A figure, by how much it differs, and the interval.
    pub pair_differs: fn(&str, &str, Option<&str>) -> String,
    /// The ends of an interval.
    pub interval: fn(&str, &str) -> String,
    /// The fewest trials of a cell, the ratio below which differences may be noise, and how many
    /// trials to ask for.
    pub few_trials: fn(usize, f64, usize) -> String,
    /// The transports whose figures are doubted.
    pub doubted: fn(&str) -> String,
    pub left_out: fn(&str) -> String,
    /// A setting, before its sentence.
    pub setting: fn(&str, &str) -> String,
    /// A mark, a transport, and its messages an exchange; then the interval at which each exchange
    /// would carry one.
    pub per_exchange: fn(&str, &str, &str, Option<&str>) -> String,
    /// A mark, a transport, and its messages a write.
    pub per_write: fn(&str, &str, &str) -> String,
    /// A transport, and how much it holds.
    pub holds: fn(&str, &str) -> String,
    pub holds_none: fn(&str) -> String,
}
