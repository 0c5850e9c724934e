//! Lessons: listed, run with a prediction, and as sheets to print.

mod support;

use std::fs;
use std::process::Output;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use support::browser::Browser;
use support::process::{text, wslab};
use support::results::Results;
use wslab::lab::purpose::lessons;
use wslab::texts::Locale;

/// A lesson of a few seconds.
const LESSON: &str = "
transports = [\"short-polling\", \"sse\"]
clients = 2
rate_hz = 20.0
poll_interval = \"100ms\"
window = \"300ms\"
warm_up = \"50ms\"
probe = \"off\"
[lesson]
question = \"Why <push>?\"
question_pt = \"Por que push?\"
ask = \"How late is a message on average?\"
ask_pt = \"Quanto uma mensagem atrasa em média?\"
answer = \"late\"
reading = \"A poll is {late} late, a push {push}, {times} less.\"
reading_pt = \"Um poll atrasa {late}, um push {push}, {times} menos.\"
plot = \"latency\"
capture = \"sse\"
[lesson.figures]
late = { figure = \"mean\", of = { transport = \"short-polling\" } }
push = { figure = \"mean\", of = { transport = \"sse\" } }
[lesson.figures.times]
figure = \"mean\"
of = { transport = \"short-polling\" }
over = { transport = \"sse\" }
[[lesson.explain]]
ask = \"Why half an interval?\"
ask_pt = \"Por que meio intervalo?\"
answer = \"Any time is as likely.\"
answer_pt = \"Todo momento tem a mesma chance.\"
";

fn lesson(results: &Results, flags: &str) -> Output {
    let file = results.path().join("push.toml");
    fs::write(&file, LESSON).unwrap();
    let mut arguments = vec!["lesson", file.to_str().unwrap(), "--quiet"];
    arguments.extend(flags.split_whitespace());
    results.wslab(&arguments)
}

#[test]
fn lessons_are_listed_with_question_and_time_in_both_languages() {
    for (flags, locale) in [
        (&["lesson"][..], Locale::En),
        (&["lesson", "--lang", "pt"], Locale::Pt),
    ] {
        let output = wslab(flags).env("COLUMNS", "300").output().unwrap();
        let list = text(&output.stdout).replace('\n', " ");
        let words: Vec<&str> = list.split_whitespace().collect();
        let list = words.join(" ");
        for scenario in lessons().unwrap() {
            assert!(list.contains(&scenario.name), "{}: {list}", scenario.name);
            assert!(
                list.contains(scenario.asks(locale)),
                "{}: {list}",
                scenario.name
            );
        }
        assert!(list.contains("--sheet --key"), "{list}");
    }
}

#[test]
fn a_lesson_compares_guess_theory_and_truth_and_reads_the_result() {
    let results = Results::new();
    let output = lesson(&results, "--predict 500ms");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let has = |start: &str, value: &str| {
        let mut lines = printed
            .lines()
            .filter(|line| line.trim().starts_with(start));
        assert!(
            lines.any(|line| line.ends_with(value)),
            "{start} {value}: {printed}"
        );
    };
    has("guess", " 500 ms");
    // Half of the interval.
    has("theory", " 50.0 ms");
    assert!(
        printed.contains("A poll is ") && !printed.contains('{'),
        "{printed}"
    );
    let run = results.run();
    let page = fs::read_to_string(run.join("lesson.html")).unwrap();
    assert!(page.contains("<h1>Why &lt;push&gt;?</h1>"), "{page}");
    assert_eq!(page.matches("<svg ").count(), 1, "one plot");
    assert!(run.join("report.html").is_file());

    // The key has the figures of this run.
    let output = lesson(&results, "--sheet --key --lang pt");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let key = fs::read_to_string(results.path().join("sheets/push-key.html")).unwrap();
    assert!(key.contains("Todo momento tem a mesma chance."), "{key}");
    assert!(key.contains("Um poll atrasa "), "{key}");
    let output = lesson(&results, "--sheet");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let sheet = fs::read_to_string(results.path().join("sheets/push.html")).unwrap();
    assert!(!sheet.contains("Any time is as likely."), "no answers");
    assert!(sheet.contains("wslab wire --transport sse --pcap push.pcap"));
}

#[test]
fn without_a_terminal_a_lesson_goes_on_without_a_prediction() {
    let results = Results::new();
    let output = lesson(&results, "--lang pt");
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(
        errors.contains("Quanto uma mensagem atrasa em média?"),
        "{errors}"
    );
    let printed = text(&output.stdout);
    let guess = printed
        .lines()
        .find(|line| line.trim().starts_with("palpite"));
    assert!(guess.unwrap().ends_with(" –"), "{printed}");
    assert!(printed.contains("Um poll atrasa "), "{printed}");
}

#[test]
fn what_is_no_lesson_and_no_prediction_is_told() {
    for (line, says) in [
        ("lesson sensor", "did you mean lessons/sensors?"),
        ("lesson sensors --predict half", "write one such as 20%"),
        ("lesson interval --predict 3", "write one such as 50ms"),
        ("lesson half-duplex --predict many", "write one such as 2.5"),
        ("lesson frame --predict -3", "write one such as 50B"),
        ("lesson quick.toml", "there is no scenario"),
        ("lesson sensors --key", "--sheet"),
        ("lesson sensors --sheet --predict 5", "exclude each other"),
        // No flag sets it.
        (
            "run lessons/tls --transport sse",
            "error: lesson: figures: ",
        ),
    ] {
        let output = wslab(&line.split(' ').collect::<Vec<_>>())
            .output()
            .unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {error}");
        assert!(error.contains(says), "{line}: {error}");
    }
}

/// Pages of A4 that a sheet takes.
fn printed_pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type /Page").count() - text.matches("/Type /Pages").count()
}

#[test]
fn every_sheet_prints_on_two_pages() {
    let results = Results::new();
    let browser = Browser::open("about:blank");
    for scenario in lessons().unwrap() {
        for lang in ["en", "pt"] {
            let name = &scenario.name;
            let output = results.wslab(&["lesson", name, "--sheet", "--lang", lang]);
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            let page = results.path().join(format!("sheets/{name}.html"));
            browser.go(&format!("file://{}", page.display()));
            let pdf = browser.cdp(
                "Page.printToPDF",
                serde_json::json!({"preferCSSPageSize": true}),
            );
            let pdf = BASE64_STANDARD
                .decode(pdf["data"].as_str().unwrap())
                .unwrap();
            assert_eq!(printed_pages(&pdf), 2, "{name} in {lang}");
        }
    }
}
