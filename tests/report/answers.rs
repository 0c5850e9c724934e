//! Conditions and the closing sentence: each figure in them is one of the rows.

use wslab::report::{answers, conditions};

use super::*;

fn sentence(trials: &[TrialRow]) -> String {
    let answers = answers(trials, EN);
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers[0].sentence.clone()
}

#[test]
fn conditions_name_what_decides_the_outcome_and_what_is_not_at_its_default() {
    let mut trials = trials(&[100], 5);
    let said = "100 clients · 10 messages/s · 64 B · no TLS · polls every 500 ms · hold 25 s · \
                keep-alive · minimal headers · 5 trials of 30 s";
    assert_eq!(conditions(&trials, EN), said);
    for trial in &mut trials {
        (trial.payload_bytes, trial.feeds, trial.tls) = (1024, 3, true);
        trial.workload = "chat".to_owned();
        trial.schedule = "poisson".to_owned();
    }
    // What varies is in the names of cells.
    trials[0].poll_interval_ms = Some(200.0);
    let said = "chat workload · 100 clients · 3 feeds · 10 messages/s to each feed · 1 KiB · TLS · \
                hold 25 s · keep-alive · poisson schedule · minimal headers · 5 trials of 30 s";
    assert_eq!(conditions(&trials, EN), said);
    assert_eq!(conditions(&[], EN), "");
}

#[test]
fn with_one_trial_the_sentence_gives_ratios_and_says_what_one_trial_cannot_show() {
    let text = sentence(&trials(&[100], 1));
    for said in [
        "ndjson, websocket and sse deliver in 280–310 µs",
        "short-polling takes 839–929 times as long",
        "SSE against WebSocket: latency",
        "One trial each: differences below 1.5 times may be noise; add --repeats 5.",
    ] {
        let words = said.replace("ndjson, websocket", "websocket, ndjson");
        assert!(text.contains(said) || text.contains(&words), "{text}");
    }
}

#[test]
fn invalid_and_doubted_figures_are_named_in_the_sentence() {
    let mut trials = trials(&[100], 1);
    trials[0].verdict = Verdict::Invalid;
    trials[0].warnings = "missed-messages".to_owned();
    trials[2].verdict = Verdict::Suspect;
    trials[2].warnings = "machine-busy".to_owned();
    let text = sentence(&trials);
    assert!(
        text.ends_with("INVALID trials are left out: short-polling."),
        "{text}"
    );
    assert!(text.contains("SUSPECT are the figures of sse."), "{text}");
    assert_eq!(text.matches("short-polling").count(), 1, "{text}");
    // A warning of the extremes alone doubts no median, no bytes and no CPU time.
    trials[2].warnings = "publisher-late".to_owned();
    trials[2].doubted_figures = Some("publisher-late:p99.9,max".to_owned());
    assert!(!sentence(&trials).contains("SUSPECT"));
}

#[test]
fn a_figure_that_rests_on_batching_says_so() {
    let mut trials = trials(&[100], 1);
    trials[0].messages_per_exchange = Some(5.0);
    let table = text_table(&trials, &[], TextStyle::PLAIN, EN);
    let line = table
        .lines()
        .find(|line| line.starts_with("short-polling"))
        .unwrap();
    assert_eq!(line.matches('*').count(), 2, "bytes and CPU: {line}");
    let said = "* short-polling: 5.0 messages an answer; polled every 100 ms, each costs more.";
    assert!(table.contains(said), "{table}");
    assert!(sentence(&trials).contains("short-polling (batching)"));
    let report = report(&trials, &[]);
    let page = html(&report, &[]);
    assert!(page.contains(&sentence(&trials)) && page.contains(&conditions(&trials, EN)));
}
