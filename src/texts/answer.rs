//! Which texts conditions and the closing sentence have.

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
    pub load_processes: fn(f64) -> String,
    pub pinned: fn(&str) -> String,
    /// Trials, and the length of a window.
    pub trials_of: fn(&str, &str) -> String,
    /// A factor without words of its own, and its value.
    pub other: fn(&str, &str) -> String,
}

/// What the closing sentence says of one figure.
#[derive(Debug)]
pub struct ClauseTexts {
    pub noun: &'static str,
    /// The place with the least: its transports, the range of their figures, and how far apart they
    /// are at the most, if that is known.
    pub first: fn(&Names, &str, Option<&str>) -> String,
    /// Another place: its transports, their figures, and how many times as much they are.
    pub next: fn(&Names, &str, Option<&str>) -> String,
}

/// Transports as a list in words.
#[derive(Clone, Debug)]
pub struct Names {
    pub list: String,
    pub many: bool,
}

/// The closing sentence: which transports differ, and by how much.
#[derive(Debug)]
pub struct AnswerTexts {
    pub latency: ClauseTexts,
    pub bytes: ClauseTexts,
    pub cpu: ClauseTexts,
    pub waiting_bytes: ClauseTexts,
    pub waiting_cpu: ClauseTexts,
    /// Between the parts of a sentence.
    pub separator: &'static str,
    /// Stands for the names of all transports.
    pub all: &'static str,
    /// Names of transports.
    pub list: fn(&[String]) -> String,
    /// A ratio or a range of ratios, and its interval.
    pub times: fn(&str, Option<&str>) -> String,
    /// A transport that carries several messages at once.
    pub batched: fn(&str) -> String,
    /// SSE against WebSocket, figure by figure.
    pub pair: fn(&[String]) -> String,
    /// A figure, and how far the two are apart at the most.
    pub pair_alike: fn(&str, &str) -> String,
    pub pair_same: fn(&str) -> String,
    /// A figure that is 0 with WebSocket: that of SSE, and 0.
    pub pair_from_zero: fn(&str, &str, &str) -> String,
    /// A figure, by how much it differs, and the interval.
    pub pair_differs: fn(&str, &str, Option<&str>) -> String,
    /// The ends of an interval.
    pub interval: fn(&str, &str) -> String,
    /// The fewest trials of a cell, the ratio below which differences may be noise, and how many
    /// trials to ask for.
    pub few_trials: fn(usize, f64, usize) -> String,
    /// The transports whose figures are doubted; none where all are.
    pub doubted: fn(Option<&str>) -> String,
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
