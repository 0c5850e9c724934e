//! Cells with several trials: intervals, trials that are left out, and noise.

use super::*;

/// The text of a table's line that begins with `name`, from the block under `heading`.
fn line<'t>(text: &'t str, heading: &str, name: &str) -> &'t str {
    let mut lines = text.lines().skip_while(|line| *line != heading);
    let found = lines.find(|line| line.split("  ").next() == Some(name));
    found.unwrap_or_else(|| panic!("no {name} under {heading} in\n{text}"))
}

#[test]
fn five_trials_have_intervals_in_table_page_and_plots() {
    const HEADING: &str = "100 clients: 95 % intervals of the medians";
    let five = trials(&[100], 5);
    let table = text_table(&five, &[], DETAILS, EN);
    let words: Vec<_> = line(&table, HEADING, "sse").split("  ").collect();
    // 310 µs to 397 µs, in steps of 7 %: of five values the interval is their range.
    assert!(words.contains(&"310–397 µs"), "{words:?}");
    assert!(table.lines().all(|line| line.chars().count() <= 110));
    let report_of = |trials: &[TrialRow]| {
        let report = report(trials, &[]);
        let plots = plots(&report).unwrap();
        (html(&report, &plots), plot(&plots, "cpu").svg.clone())
    };
    let (page, svg) = report_of(&five);
    assert!(
        page.contains(">353 µs<br><small>310–397 µs</small>"),
        "{page}"
    );
    assert!(svg.contains("the 95 % interval of the median of 5 trials"));

    let four = trials(&[100], 4);
    assert!(!text_table(&four, &[], DETAILS, EN).contains("95 %"));
    let (page, svg) = report_of(&four);
    assert!(svg.contains("from lowest to highest of 4 trials") && !page.contains("310–397"));

    let mut mixed = five.clone();
    mixed.retain(|trial| trial.transport != Transport::Sse || trial.trial <= 3);
    let table = text_table(&mixed, &[], DETAILS, EN);
    assert!(line(&table, HEADING, "sse").ends_with('–'));
    assert!(
        report_of(&mixed).0.contains(
            "from lowest to highest of 3 trials, which is no interval: sse (100 clients)"
        )
    );
}

#[test]
fn invalid_trials_are_left_out_unless_a_cell_has_no_others() {
    let mut trials = trials(&[100], 5);
    let spoil = |trial: &mut TrialRow| {
        trial.verdict = Verdict::Invalid;
        trial.warnings = "missed-messages".to_owned();
        (trial.missed, trial.latency_p50_us) = (7, Some(9_000_000.0));
    };
    spoil(&mut trials[4]);
    trials[15..].iter_mut().for_each(spoil);
    let table = text_table(&trials, &[], DETAILS, EN);
    let short = line(&table, "", "short-polling");
    // The median of the four others, what was missed in the fifth, and the verdict of all.
    assert!(
        short.contains("287 ms") && short.contains("0 to 7"),
        "{short}"
    );
    assert!(short.contains("INVALID"));
    let websocket = line(&table, "", "websocket");
    assert!(
        websocket.contains("INVALID") && websocket.contains("9.00 s"),
        "{websocket}"
    );
    assert!(table.contains("INVALID trials are left out"), "{table}");
    let report = report(&trials, &[]);
    let page = html(&report, &plots(&report).unwrap());
    assert!(page.contains("<td>4 of 5</td>") && page.contains("INVALID trials are left out"));
}

#[test]
fn an_a_a_pair_tells_the_noise_in_words() {
    let mut trials = trials(&[100], 3);
    let again = (1..=3).map(|number| TrialRow {
        aa_of: Some(5),
        latency_p50_us: Some(280.0 * 1.07 * 1.012),
        ..trial(6, number, Transport::WebSocket, 100)
    });
    trials.extend(again);
    let words = "A/A (websocket, 100 clients): the same cell twice differs by 1.2 % in p50 and \
                 0 % in p99: smaller differences are noise.";
    let table = text_table(&trials, &[], DETAILS, EN);
    let table = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(table.contains(words), "{table}");
    let report = report(&trials, &[]);
    assert!(html(&report, &plots(&report).unwrap()).contains(words));
}
