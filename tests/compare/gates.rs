//! Gates on trials that broke, and on cells that cannot be compared.

use super::*;

/// Ten trials, of which the first `broken` lost messages. So they are INVALID, and what they did
/// deliver was quick.
fn survivors(broken: usize) -> Vec<TrialRow> {
    let mut trials = cell(1, Transport::Sse, &[&NOISE_MS[..], &AGAIN_MS].concat());
    for trial in &mut trials[..broken] {
        (trial.missed, trial.verdict) = (500, Verdict::Invalid);
        trial.warnings = "missed-messages clients-lost".to_owned();
        trial.latency_p99_us = Some(9.0);
    }
    trials
}

#[test]
fn a_gate_sees_the_trials_that_broke() {
    let runs = Runs::new();
    let a = runs.run("a", &survivors(0));
    for broken in [1, 5, 10] {
        let b = runs.run(&format!("b{broken}"), &survivors(broken));
        for gate in [
            "missed > 0%",
            "latency_p99_us > +10%",
            "latency_p99_us < -90%",
        ] {
            let (code, text) = said(&compare(&[&a, &b], &["--fail-if", gate]));
            assert_eq!(code, Some(1), "{broken}, {gate}: {text}");
            // A count of what went wrong has been judged in these trials too.
            let unjudged = match gate {
                "missed > 0%" => "\nFAILED: missed > +0%: sse, 1000 clients: ".to_owned(),
                _ if broken > 5 => "sse, 1000 clients: too few trials (0 of 5)".to_owned(),
                _ => format!(
                    "sse, 1000 clients: {broken} of 10 trials of B INVALID ({broken} × \
                     missed-messages)"
                ),
            };
            assert!(text.contains(&unjudged), "{text}");
            let cannot_tell = text.contains("\nCANNOT TELL: latency_p99_us");
            assert_eq!(cannot_tell, gate != "missed > 0%", "{text}");
            let left_out = format!("{broken} INVALID left out");
            let why = "INVALID missed-messages (B: sse, 1000 clients";
            let folded = text.replace("\n  ", " ");
            assert!(folded.contains(&left_out) && folded.contains(why), "{text}");
        }
        let (_, text) = said(&compare(&[&a, &b], &["--fail-if", "missed > 0%"]));
        let in_some = format!("in {broken} of 10 trials of B only");
        let found = line(&text, "missed");
        assert!(
            found.ends_with(&in_some) || found.ends_with("higher: from 0"),
            "{text}"
        );
        // The other way round, what is left of A only makes the gate stricter.
        let (code, text) = said(&compare(&[&b, &a], &["--fail-if", "missed > 0%"]));
        assert_eq!(code, Some(0), "{text}");
    }
}

#[test]
fn a_count_of_what_went_wrong_in_few_trials_is_no_median_of_0() {
    let runs = Runs::new();
    let mut trials = survivors(0);
    let a = runs.run("a", &trials);
    for trial in &mut trials[..2] {
        (trial.reconnects, trial.verdict) = (40, Verdict::Suspect);
    }
    let b = runs.run("b", &trials);
    let (code, text) = said(&compare(&[&a, &b], &["--fail-if", "reconnects > +50%"]));
    assert_eq!(code, Some(1), "{text}");
    let found = "in 2 of 10 trials of B only";
    assert!(line(&text, "reconnects").contains(found), "{text}");
    assert!(
        text.contains(&format!("reconnects > +50%: sse, 1000 clients: {found}")),
        "{text}"
    );
}

#[test]
fn a_gate_fails_on_a_cell_that_it_cannot_compare() {
    let runs = Runs::new();
    let sse = cell(1, Transport::Sse, &NOISE_MS);
    let both = [sse.clone(), cell(2, Transport::WebSocket, &NOISE_MS)].concat();
    let mut more = both.clone();
    more[5..].iter_mut().for_each(|row| row.clients = 2_000);
    let (both, cut) = (runs.run("both", &both), runs.run("cut", &sse));
    let gate = ["--fail-if", "latency_p99_us > +10%"];
    for (folders, why) in [
        (
            [&both, &cut],
            "websocket, 1000 clients: only in A: no gate can judge it",
        ),
        (
            [&cut, &both],
            "websocket, 1000 clients: only in B: no gate can judge it",
        ),
    ] {
        let (code, text) = said(&compare(&folders.map(|folder| &**folder), &gate));
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(why), "{text}");
    }
    // Within a run, too: 2,000 clients have one transport only.
    more.extend(cell(3, Transport::Ndjson, &NOISE_MS));
    let (code, text) = said(&compare(&[&runs.run("more", &more)], &gate));
    assert_eq!(code, Some(1), "{text}");
    let alone = "websocket, 2000 clients: no other transport has this setting";
    assert!(text.contains(&format!("not compared: {alone}")), "{text}");
    assert!(
        text.contains(&format!("{alone}: no gate can judge it")),
        "{text}"
    );
}

#[test]
fn a_gate_fails_on_a_cell_without_the_figure_that_another_cell_of_its_transport_has() {
    let runs = Runs::new();
    let mut few = cell(1, Transport::Sse, &NOISE_MS);
    for trial in &mut few {
        (trial.clients, trial.latency_p99_us) = (100, None);
    }
    let more = cell(2, Transport::Sse, &NOISE_MS);
    let mut other = cell(3, Transport::WebSocket, &NOISE_MS);
    for trial in &mut other {
        trial.latency_p99_us = None;
    }
    let run = |name: &str| runs.run(name, &[few.clone(), more.clone(), other.clone()].concat());
    let (a, b) = (run("a"), run("b"));
    let (code, text) = said(&compare(&[&a, &b], &["--fail-if", "latency_p99_us > +10%"]));
    assert_eq!(code, Some(1), "{text}");
    let lacks = |cell: &str| format!("{cell}: no trial has this figure");
    assert!(text.contains(&lacks("sse, 100 clients")), "{text}");
    assert!(!text.contains(&lacks("websocket, 1000 clients")), "{text}");
}

#[test]
fn a_gate_may_name_the_transports_of_its_pair() {
    let runs = Runs::new();
    let run = runs.run("run", &transports());
    for (gate, expected) in [
        // SSE needs twice as long as WebSocket.
        ("sse/websocket: latency_p99_us > +10%", 1),
        ("sse/ws: latency_p99_us > +150%", 0),
        ("websocket/sse: latency_p99_us > +10%", 0),
        ("websocket/sse: latency_p99_us < -10%", 1),
        // Against each other transport: shorter than polling, longer than WebSocket.
        ("sse: latency_p99_us > +10%", 1),
        ("websocket: latency_p99_us > +10%", 0),
        ("latency_p99_us < -10%", 0),
    ] {
        let (code, text) = said(&compare(&[&run], &["--fail-if", gate]));
        assert_eq!(code, Some(expected), "{gate}: {text}");
        let failed = "latency_p99_us > +10%: sse against websocket, 1000 clients: higher by 88";
        assert_eq!(
            text.contains(failed),
            gate.ends_with("+10%") && expected == 1,
            "{text}"
        );
    }
    for (flags, advice) in [
        (
            &["ndjson: missed > 0%"][..],
            "there is no trial of ndjson to compare",
        ),
        (&["fax: missed > 0%"], "unknown transport \"fax\""),
        (
            &["sse/short-polling: missed > 0%", "--against", "websocket"],
            "no such pair is compared: write one of sse/websocket, short-polling/websocket",
        ),
    ] {
        let (code, text) = said(&compare(&[&run], &[&["--fail-if"], flags].concat()));
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(advice), "{text}");
    }
    // Of two runs, a transport is compared with itself.
    let slower = cell(1, Transport::Sse, &times(&NOISE_MS, 1.3));
    let slower = runs.run("b", &[slower, transports()[10..].to_vec()].concat());
    let (code, text) = said(&compare(
        &[&run, &slower],
        &["--fail-if", "ws: missed > 0%"],
    ));
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("websocket, 1000 clients: only in A: no gate can judge it"),
        "{text}"
    );
}

#[test]
fn figures_that_a_warning_touches_are_marked_and_no_gate_passes_on_them() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &NOISE_MS));
    for (doubted, expected) in [(2, 0), (3, 1)] {
        let mut trials = cell(1, Transport::Sse, &AGAIN_MS);
        for trial in &mut trials[..doubted] {
            trial.verdict = Verdict::Suspect;
            trial.warnings = "publisher-late".to_owned();
            trial.doubted_figures = Some("publisher-late:p99,max".to_owned());
        }
        let b = runs.run(&format!("b{doubted}"), &trials);
        let (code, text) = said(&compare(&[&a, &b], &["--fail-if", "latency_p99_us > +10%"]));
        assert_eq!(code, Some(expected), "{text}");
        assert!(line(&text, "latency_p99_us").contains(" ms? "), "{text}");
        assert!(!line(&text, "latency_p50_us").contains('?'), "{text}");
        assert!(text.contains("? a warning touches this figure."), "{text}");
        let why = "warnings touch it in 3 of 5 trials of sse (3 × publisher-late)";
        assert_eq!(text.contains(why), expected == 1, "{text}");
        // The warning does not touch the median, and no warning touches a count of what was missed.
        for gate in ["latency_p50_us > +10%", "missed > 0%"] {
            let (code, text) = said(&compare(&[&a, &b], &["--fail-if", gate]));
            assert_eq!(code, Some(0), "{gate}: {text}");
        }
    }
}
