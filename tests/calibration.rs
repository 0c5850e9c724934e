//! A story about theory: this machine is calibrated, and a run is predicted and guessed.

mod support;

use support::process::text;
use support::results::{Results, number};

const RUN: [&str; 16] = [
    "run",
    "--transport",
    "short-polling,sse",
    "--clients",
    "10",
    "--rate",
    "20",
    "--warm-up",
    "100ms",
    "--window",
    "500ms",
    "--poll-interval",
    "200ms",
    "--probe",
    "off",
    "--quiet",
];

#[test]
fn after_a_calibration_theory_stands_beside_a_guess_and_the_truth() {
    let (before, results) = (Results::new(), Results::new());
    let output = before.wslab(&RUN);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in before.trials(2) {
        assert_eq!(row["predicted_cpu_us_per_delivery"], "", "uncalibrated");
    }

    let output = results.wslab(&["doctor", "--calibrate"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let costs = text(&output.stdout);
    assert!(costs.contains("of CPU in the kernel, to write"), "{costs}");

    let mut guessing = results.start(&[&RUN[..], &["--predict"]].concat());
    guessing.write_line("60ms");
    guessing.write_line("");
    let output = guessing.finish();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let shown = text(&output.stdout);
    let line = |name: &str| {
        let mut lines = shown.lines().skip_while(|it| !it.contains("guess"));
        let line = lines.find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{shown}")).to_owned()
    };
    let polls = line("short-polling");
    assert!(
        polls.contains(" 60.0 ms ") && polls.contains(" 100 ms "),
        "{polls}"
    );
    let pushes = line("sse");
    assert_eq!(pushes.matches('–').count(), 1, "no guess: {pushes}");
    for row in results.trials(2) {
        assert!(
            number(&row, "predicted_cpu_us_per_delivery") > 0.0,
            "{row:?}"
        );
    }
}
