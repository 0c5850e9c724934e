//! Advice on a choice of transports: which texts there are.

/// What follows from protocols and standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolFact {
    NoTcpSockets,
    EventSourceFields,
    EventSourceResumes,
    WebSocketFields,
    WebSocketRedials,
    FetchFields,
    StreamByFetch,
    SixConnections,
    SameConnection,
    PublishByPost,
    WholeAnswers,
    HeldPolls,
    HeldBack,
    IdleCut,
    UpgradeHop,
    Tunnel,
    RecordAWrite,
    RecordsAnExchange,
}

/// A factor in which what was measured is not what is needed.
#[derive(Clone, Debug)]
pub struct Distance {
    pub measured: String,
    pub needed: String,
}

/// Arguments that are texts are numbers, names and figures already written.
#[derive(Debug)]
pub struct AdviceTexts {
    /// The section of the page, and how to read it.
    pub title: &'static str,
    pub note: &'static str,
    /// What statements rest on: measured, protocol, theory, not known.
    pub grounds: [&'static str; 4],
    /// What they are to a transport: for, against, neither, out.
    pub sides: [&'static str; 4],
    /// The columns of a table: transport, ground, side, statement, what it rests on.
    pub columns: [&'static str; 5],
    pub fact: fn(ProtocolFact) -> &'static str,
    /// Follows a fact about intermediaries.
    pub not_measured_here: &'static str,
    /// Numbers of cells, and their conditions.
    pub nearest: fn(&[u32], &str) -> String,
    /// What was measured, and what is needed.
    pub distance: fn(&str, &str) -> String,
    /// Of what was measured instead of what is needed.
    pub instead: fn(&[Distance]) -> String,
    pub one_way: &'static str,
    pub two_way: &'static str,
    /// One of the lowest group, and the others of it.
    pub lowest: fn(Option<&str>) -> String,
    /// A figure in which all share a group, and what the data say of it.
    pub undecided: fn(Option<&str>) -> String,
    /// How far a figure is from the lowest group.
    pub beside_lowest: fn(&str) -> String,
    pub cell: fn(u32) -> String,
    /// The column of a figure, and the warnings that touch it.
    pub suspect: fn(&str, &str) -> String,
    /// Bytes that a client sends for a message that is published.
    pub sent_a_message: fn(&str) -> String,
    /// What came of an objective, and what was measured instead of what is needed.
    pub elsewhere: fn(&str, &str) -> String,
    /// An objective, and by how much.
    pub met: fn(&str, &str) -> String,
    pub missed: fn(&str, &str) -> String,
    pub unjudged: fn(&str, &str) -> String,
    pub not_measured: &'static str,
    /// Names of warnings.
    pub all_invalid: fn(&str) -> String,
    /// What was measured instead of what is needed.
    pub elsewhere_measured: fn(&str) -> String,
    /// Transports without a figure.
    pub lacks: fn(&str) -> String,
    /// An objective could not be judged.
    pub not_judged: &'static str,
    /// The fewest trials of a cell, and how many an interval needs.
    pub few: fn(usize, usize) -> String,
    pub no_proxy: &'static str,
    pub not_calibrated: &'static str,
    /// What theory predicts for the need: mean latency, wire bytes, CPU of the server.
    pub predicted: fn(Option<&str>, &str, Option<&str>) -> String,
    /// Over commands: what to run to know it.
    pub to_know: &'static str,
    /// Which flags describe a need.
    pub ask: &'static str,
    /// Before the answer.
    pub answer: &'static str,
    /// Names, and what decides between them; one name, of which there is nothing to decide.
    pub remain: fn(&str, &str) -> String,
    pub one_remains: fn(&str) -> String,
    pub none_remains: &'static str,
    /// Each that is out, with the reason.
    pub out: fn(&[(String, String)]) -> String,
    /// What was measured instead, and the sentence.
    pub as_measured: fn(&str, &str) -> String,
    /// A sentence on what remains; objectives of which it is not known whether they are met, and
    /// transports that were not measured.
    pub open: fn(&str, &[String]) -> String,
}
