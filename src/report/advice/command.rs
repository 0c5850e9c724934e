//! What to run to know more, as a command line that works as it is.

use std::time::Duration;

use crate::report::advice::need::Need;
use crate::report::cells::ReportCell;
use crate::results::TrialRow;
use crate::stats::statistics::FEWEST;
use crate::transport::Transport;

/// Measures these transports under what is needed, and as these cells otherwise.
pub(super) fn measure(need: &Need, group: &[&ReportCell], transports: &[Transport]) -> String {
    let trial = group[0].trials[0];
    let mut words = vec!["wslab run".to_owned()];
    let mut add = |flag: &str, value: String| words.push(format!("--{flag} {value}"));
    if transports != Transport::CHOICES {
        let names: Vec<&str> = transports.iter().map(|one| one.name()).collect();
        add("transport", names.join(","));
    }
    let is_chat = need.two_way || trial.workload == "chat";
    let rate_hz = need.rate_hz.unwrap_or(trial.rate_hz);
    let rate_hz = if is_chat && rate_hz == 0.0 {
        1.0
    } else {
        rate_hz
    };
    add("clients", need.clients.unwrap_or(trial.clients).to_string());
    add("rate", rate_hz.to_string());
    let payload_bytes = need.payload_bytes.unwrap_or(trial.payload_bytes);
    add("payload", payload_bytes.to_string());
    if is_chat {
        add("workload", "chat".to_owned());
    }
    if trial.feeds > 1 {
        add("feeds", trial.feeds.to_string());
    }
    let polls = transports.contains(&Transport::ShortPolling) && need.rate_hz.is_none();
    if let Some(intervals) = poll_intervals(group).filter(|_| polls) {
        add("poll-interval", intervals);
    }
    if need.tls || trial.tls {
        words.push("--tls".to_owned());
    }
    let trials = group.iter().map(|cell| cell.trials.len()).max();
    let few = group.iter().any(|cell| cell.counted().len() < FEWEST);
    let repeats = match trials.unwrap_or(0) {
        enough if enough >= FEWEST && few => 2 * enough,
        other => other.max(FEWEST),
    };
    words.push(format!("--repeats {repeats}"));
    let objectives = need.slo.iter();
    words.extend(objectives.map(|objective| format!("--slo '{objective}'")));
    words.join(" ")
}

/// The intervals of the polls, where there are any.
fn poll_intervals(group: &[&ReportCell]) -> Option<String> {
    let interval = |trial: &TrialRow| {
        let time = Duration::from_secs_f64(trial.poll_interval_ms? / 1e3);
        Some(
            humantime::format_duration(time)
                .to_string()
                .replace(' ', ""),
        )
    };
    let mut all: Vec<String> = Vec::new();
    for one in group.iter().filter_map(|cell| interval(cell.trials[0])) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    (!all.is_empty()).then(|| all.join(","))
}

/// Measures these transports through the address of a proxy, in front of `wslab serve`.
pub(super) fn behind_a_proxy(transports: &[Transport]) -> String {
    let names: Vec<&str> = transports.iter().map(|one| one.name()).collect();
    format!(
        "wslab run --target http://localhost:8081 --transport {}",
        names.join(",")
    )
}
