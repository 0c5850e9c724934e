//! How far a trial's figures can be trusted, and why not further.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumMessage, EnumProperty, EnumString, IntoStaticStr};

/// How far a trial's figures can be trusted. The order is that of growing doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum Verdict {
    Valid,
    Suspect,
    Invalid,
}

/// A reason to doubt a trial. Its name in `trials.csv` is its text: `server-died`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Display,
    EnumIter,
    EnumMessage,
    EnumProperty,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Warning {
    #[strum(
        message = "The server, or the proxy before it, ended or went away during the trial.",
        props(advice = "read the server’s messages, and repeat")
    )]
    ServerDied,
    #[strum(
        message = "An answer was not what was asked for, and the trial ended at once; the \
        column wrong_answer says what it was.",
        props(advice = "see wrong_answer in trials.csv; do target and proxy speak this protocol?")
    )]
    WrongAnswer,
    #[strum(
        message = "Some connections could not be opened, so fewer clients took part than asked \
        for.",
        props(
            advice = "raise the limits that wslab doctor names, ask for fewer clients, or have \
        the proxy pass answers on"
        )
    )]
    ConnectFailed,
    #[strum(
        message = "No message was published during the window.",
        props(advice = "measure a longer window, or a higher rate")
    )]
    NothingPublished,
    #[strum(
        message = "Some subscribers never received messages of the window; latencies cover \
        only what was delivered.",
        props(advice = "ask for less: fewer clients, or a lower rate")
    )]
    MissedMessages,
    #[strum(
        message = "Subscribers received messages that count as not published, so it is unknown \
        what was missed.",
        props(advice = "does something else publish to these feeds?")
    )]
    UnexpectedMessages,
    #[strum(
        message = "Subscribers received texts that the publisher did not send.",
        props(advice = "the server changes texts, so its figures answer no question")
    )]
    TextChanged,
    #[strum(
        message = "Messages that were due were never sent, since their publisher could not \
        keep up or had no connection; the rate was lower than asked for.",
        props(advice = "lower the rate, or use a faster machine")
    )]
    NotSent,
    #[strum(
        message = "Some messages seemed to arrive before they were due, so the clocks of \
        publisher and subscriber do not agree.",
        props(advice = "run load and server on one host, or set its clock")
    )]
    ClockNegative,
    #[strum(
        message = "A fault was not done as the scenario says: more than 50 ms late, to other \
        clients than asked for, or not at all.",
        props(advice = "end what else runs here; repeat")
    )]
    FaultInexact,
    #[strum(
        message = "The load stood still for a second or more, so it saw nothing of what happened \
        then.",
        props(advice = "was the load stopped? repeat")
    )]
    LoadStopped,
    #[strum(
        message = "The server did not accept some of the messages, or did not answer.",
        props(advice = "see the server’s messages, or lower the rate")
    )]
    PublishFailed,
    #[strum(
        message = "The publisher started messages later than the schedule said, and the \
        latencies contain that lag.",
        props(advice = "ask for a lower rate")
    )]
    PublisherLate,
    #[strum(
        message = "The load, or load and server together, left no CPU time to spare, so the \
        figures may show the limit of this machine or of the load and not the server’s.",
        props(advice = "ask for fewer clients or a lower rate")
    )]
    LoadSaturated,
    #[strum(
        message = "The load stood still while messages were under way: it was stopped, or \
        processes other than server and load had the cores. The latencies contain that time.",
        props(advice = "end what else runs here; repeat")
    )]
    LoadStalled,
    #[strum(
        message = "A few subscribers in a process of their own saw other latencies than the \
        crowd, so the crowd’s processes, or their place on this machine, are part of the figures.",
        props(advice = "see the probe’s figures (--details)")
    )]
    ProbeDiffers,
    #[strum(
        message = "The subscribers in a process of their own did not receive every message, so \
        they could not check what the crowd saw.",
        props(advice = "repeat; if it stays, ask for fewer clients")
    )]
    ProbeIncomplete,
    #[strum(
        message = "The server’s count of bytes, or the CPU time of some process or of this \
        machine, could not be read, so a check was not made. Of a server behind --target, \
        --server-pid names the process.",
        props(advice = "of a server behind --target, name its process by --server-pid")
    )]
    Unchecked,
    #[strum(
        message = "Fewer than five messages were published, and all latencies are those of so \
        few moments, however many clients received them.",
        props(advice = "measure a longer window, or a higher rate")
    )]
    FewMessages,
    #[strum(
        message = "Server and load did not count the same bytes, so some are in no figure or \
        in a wrong one.",
        props(advice = "some bytes are in no figure; does a proxy change what passes?")
    )]
    EndsDiffer,
    #[strum(
        message = "Some connections ended during the trial.",
        props(advice = "see the server’s messages: it closed connections")
    )]
    ClientsLost,
    #[strum(
        message = "Connections that were to be kept were closed between two requests, so polls \
        or publications dialled anew, and some were sent twice: bytes, CPU time and latencies \
        contain that.",
        props(advice = "the server closes connections between polls: raise its idle time-out")
    )]
    ConnectionsNotKept,
    #[strum(
        message = "Some messages were delivered more than once to a subscriber.",
        props(advice = "the server delivers messages twice")
    )]
    DuplicateMessages,
    #[strum(
        message = "Some messages were delivered after a later one.",
        props(advice = "the server changes the order of messages")
    )]
    ReorderedMessages,
    #[strum(
        message = "The server gave messages other times than the publisher, or impossible \
        ones. Latencies are by the publisher’s own record.",
        props(advice = "the server changes times; latencies are the publisher’s own")
    )]
    ServerStampsDiffer,
    #[strum(
        message = "The server’s message numbers jumped or repeated although no message was \
        lost, so a client that resumes may lose some.",
        props(advice = "the server’s numbers are no safe cursor for clients that resume")
    )]
    NumbersJump,
    #[strum(
        message = "The server’s epoch changed during the trial, as if it had restarted.",
        props(advice = "the server restarted, or is several behind one address")
    )]
    EpochChanged,
    #[strum(
        message = "The network between load and server was not what was asked for: its delay, its \
        rate, or the share of packets that it lost.",
        props(advice = "see network_… in trials.csv; ask for fewer clients or a lower rate")
    )]
    NetworkInexact,
    #[strum(
        message = "Other processes on this machine used its cores, in the whole window or in \
        some seconds of it, so the figures are partly theirs.",
        props(advice = "end what else runs here; repeat")
    )]
    MachineBusy,
    #[strum(
        message = "The hypervisor gave CPU time of this machine to others, in the whole window \
        or in some seconds of it.",
        props(advice = "repeat at a quieter time, or on a machine of your own")
    )]
    CpuStolen,
}

/// The latency figures that a doubt may touch: their names, and the share of all deliveries that
/// do not exceed each.
pub const FIGURES: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// A warning of a trial, and the figures that it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub warning: Warning,
    /// Names of [`FIGURES`]; empty where the doubt touches all figures of the trial.
    pub figures: Vec<&'static str>,
}

impl Doubt {
    /// The doubts that touch some figures only, as in the column `doubted_figures`; `None` without
    /// any.
    pub fn column(doubts: &[Doubt]) -> Option<String> {
        let some = doubts.iter().filter(|doubt| !doubt.figures.is_empty());
        let texts = some.map(|doubt| format!("{}:{}", doubt.warning, doubt.figures.join(",")));
        let texts: Vec<_> = texts.collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    }
}

/// The names of the figures that a warning touches, read from the column `doubted_figures`; `None`
/// where it touches all figures of the trial.
pub fn touched<'r>(doubted_figures: Option<&'r str>, warning: &str) -> Option<Vec<&'r str>> {
    let doubts = doubted_figures?.split_whitespace();
    let mut doubts = doubts.filter_map(|doubt| doubt.split_once(':'));
    let (_, figures) = doubts.find(|(name, _)| *name == warning)?;
    Some(figures.split(',').collect())
}

impl Warning {
    /// The name in `trials.csv`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The verdict of a trial with this warning alone.
    pub const fn verdict(self) -> Verdict {
        match self {
            Warning::ServerDied
            | Warning::WrongAnswer
            | Warning::ConnectFailed
            | Warning::NothingPublished
            | Warning::MissedMessages
            | Warning::UnexpectedMessages
            | Warning::TextChanged
            | Warning::NotSent
            | Warning::ClockNegative
            | Warning::FaultInexact
            | Warning::LoadStopped => Verdict::Invalid,
            _ => Verdict::Suspect,
        }
    }

    /// The columns by which a trial is judged: first that which is in doubt, then what it is
    /// compared with.
    pub const fn judged_by(self) -> &'static [&'static str] {
        match self {
            Warning::ServerDied
            | Warning::WrongAnswer
            | Warning::NothingPublished
            | Warning::UnexpectedMessages
            | Warning::Unchecked
            | Warning::FaultInexact => &[],
            Warning::ConnectFailed => &["connect_failed", "clients"],
            Warning::MissedMessages => &["missed", "expected"],
            Warning::TextChanged => &["text_changed"],
            Warning::NotSent => &["not_sent", "due"],
            Warning::ClockNegative => &["negative_latencies"],
            Warning::PublishFailed => &["publish_failed", "due"],
            Warning::PublisherLate => &[
                "publish_lag_p99_us",
                "publish_lag_max_us",
                "latency_p99_us",
                "latency_max_us",
            ],
            Warning::LoadSaturated => &["load_cpu_percent", "server_cpu_percent"],
            Warning::LoadStopped => &["loop_stall_max_us"],
            Warning::LoadStalled => &[
                "loop_stall_max_us",
                "loop_stall_p99_us",
                "latency_p99_us",
                "latency_max_us",
            ],
            Warning::ProbeDiffers => &[
                "probe_latency_p50_us",
                "probe_latency_p99_us",
                "latency_p50_us",
                "latency_p99_us",
            ],
            Warning::ProbeIncomplete => &["probe_delivered"],
            Warning::FewMessages => &["published"],
            Warning::EndsDiffer => &["ends_differ_bytes"],
            Warning::ClientsLost => &["reconnects"],
            Warning::ConnectionsNotKept => &["redials", "publisher_redials"],
            Warning::DuplicateMessages => &["duplicate"],
            Warning::ReorderedMessages => &["reordered"],
            Warning::ServerStampsDiffer => &["stamps_differ"],
            Warning::NumbersJump => &["numbers_jumped"],
            Warning::EpochChanged => &["epoch_changes"],
            Warning::NetworkInexact => &[
                "network_delay_up_us",
                "network_delay_down_us",
                "network_loss_up_percent",
                "network_loss_down_percent",
                "network_late_p99_us",
            ],
            Warning::MachineBusy => &["others_cpu_percent", "others_cpu_worst_second_percent"],
            Warning::CpuStolen => &["stolen_cpu_percent"],
        }
    }

    /// What the warning means, in a sentence.
    pub fn sentence(self) -> &'static str {
        self.get_message().unwrap_or_default()
    }

    /// What to do, in a few words.
    pub fn advice(self) -> &'static str {
        self.get_str("advice").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn each_warning_says_what_it_means() {
        for warning in Warning::iter() {
            assert!(warning.sentence().ends_with('.'), "{warning}");
            assert!(!warning.advice().is_empty(), "{warning}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        assert_eq!(Warning::CpuStolen.name(), "cpu-stolen");
        assert_eq!("cpu-stolen".parse(), Ok(Warning::CpuStolen));
        assert!("from-the-future".parse::<Warning>().is_err());
        assert_eq!(format!("{:<8}|", Verdict::Valid), "VALID   |");
    }
}
