//! Conditions and the answer: each figure in them is one of the rows.

use wslab::report::{Answer, answers, conditions};

use super::*;

fn sentence(trials: &[TrialRow]) -> String {
    answer(trials).sentence
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

/// The answer of a run with one setting.
fn answer(trials: &[TrialRow]) -> Answer {
    let mut answers = answers(trials, EN);
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

/// The trials of some transports.
fn only(transports: &[Transport], repeats: u32) -> Vec<TrialRow> {
    let mut trials = trials(&[100], repeats);
    trials.retain(|trial| transports.contains(&trial.transport));
    trials
}

#[test]
fn the_conclusion_says_without_figures_which_transport_to_take_and_why() {
    let answer = answer(&trials(&[100], 5));
    let said = "Take WebSocket: no other transport is better in latency, bytes on the wire or CPU \
                of the server.";
    assert_eq!(answer.conclusion, said);
    assert!(answer.sentence.starts_with(said));
    // The medians and the least and greatest difference of the rows.
    let latency = "WebSocket, NDJSON, SSE and long polling deliver within 872 µs of each other: \
                   a real difference, too small to matter. Short polling (every 500 ms) delivers \
                   296 ms later (259–333 ms).";
    assert_eq!(answer.figures[0], latency);
    let undecided = "The memory of the server does not decide: 5.00–9.80 kB a client (no clear step \
                     between them).";
    assert_eq!(answer.others[0], undecided);
    assert!(answer.limits.is_empty(), "{answer:?}");
}

#[test]
fn figures_that_speak_for_different_transports_are_named_with_them() {
    let mut trials = only(&[Transport::Sse, Transport::WebSocket], 5);
    for trial in &mut trials {
        if trial.transport == Transport::Sse {
            trial.latency_p50_us = Some(20_000.0 + f64::from(trial.trial));
            trial.protocol_bytes_per_delivery = Some(500.0);
        } else {
            trial.server_cpu_user_us_per_delivery = Some(90.0);
        }
    }
    let said = "It depends on what counts: for latency and bytes on the wire take WebSocket; for \
                CPU of the server take SSE.";
    assert_eq!(answer(&trials).conclusion, said);
}

#[test]
fn transports_that_are_alike_in_all_figures_are_not_decided_between() {
    let mut trials = only(&[Transport::Sse, Transport::WebSocket], 5);
    for trial in &mut trials {
        *trial = TrialRow {
            transport: trial.transport,
            cell: trial.cell,
            ..super::rows::trial(1, trial.trial, Transport::Sse, 100)
        };
    }
    let answer = answer(&trials);
    let said = "Nothing that was measured decides between SSE and WebSocket.";
    assert_eq!(answer.conclusion, said);
    let pair = "SSE against WebSocket: latency, bytes, CPU and memory not told apart.";
    assert!(answer.others.contains(&pair.to_owned()), "{answer:?}");
}

#[test]
fn one_transport_alone_is_named_once_and_decides_nothing() {
    let answer = answer(&only(&[Transport::Sse], 1));
    let said = "SSE has a latency of 310 µs, 317 B on the wire a delivery, 18.2 µs of the server’s \
                CPU a delivery and 7.40 kB of the server’s memory a client. One transport alone \
                decides nothing: add --transport all.";
    assert_eq!(answer.sentence, said);
}

#[test]
fn with_one_trial_the_answer_says_what_one_trial_cannot_show_and_what_to_type() {
    let answer = answer(&trials(&[100], 1));
    let said = "By one trial each, take WebSocket: no other transport is better in";
    assert!(answer.conclusion.starts_with(said), "{answer:?}");
    let text = answer.sentence;
    for said in [
        "deliver in 280–900 µs: no difference that matters is shown.",
        "Short polling (every 500 ms) delivers 259–260 ms later.",
        "SSE against WebSocket: latency",
        "One trial of a cell cannot show a difference below 1.5 times: type --repeats 5.",
    ] {
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn invalid_and_doubted_figures_are_named_in_the_answer() {
    let mut trials = trials(&[100], 1);
    trials[0].verdict = Verdict::Invalid;
    trials[0].warnings = "missed-messages".to_owned();
    trials[2].verdict = Verdict::Suspect;
    trials[2].warnings = "machine-busy".to_owned();
    let text = sentence(&trials);
    assert!(
        text.ends_with("Left out are INVALID trials: short polling."),
        "{text}"
    );
    assert!(text.contains("The figures of SSE are SUSPECT."), "{text}");
    assert_eq!(text.matches("hort polling").count(), 1, "{text}");
    // A warning of the extremes alone doubts no median, no bytes and no CPU time.
    trials[2].warnings = "publisher-late".to_owned();
    trials[2].doubted_figures = Some("publisher-late:p99.9,max".to_owned());
    assert!(!sentence(&trials).contains("SUSPECT"));
    for trial in &mut trials {
        (trial.verdict, trial.warnings) = (Verdict::Suspect, "load-saturated".to_owned());
    }
    let conclusion = answer(&trials).conclusion;
    let said = "If the SUSPECT figures hold, take WebSocket:";
    assert!(conclusion.starts_with(said), "{conclusion}");
    trials
        .iter_mut()
        .for_each(|trial| trial.verdict = Verdict::Invalid);
    let said = "Every trial is INVALID, so there is nothing to conclude.";
    assert_eq!(answer(&trials).conclusion, said);
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
    assert!(sentence(&trials).contains("short polling (batching)"));
    let report = report(&trials, &[]);
    let page = html(&report, &[]);
    assert!(page.contains(&conditions(&trials, EN)));
    let answer = answers(&trials, EN).remove(0);
    let said = [vec![answer.conclusion], answer.figures, answer.limits].concat();
    assert!(
        said.iter().all(|sentence| page.contains(sentence)),
        "{said:?}"
    );
}
