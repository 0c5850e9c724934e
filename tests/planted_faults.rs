//! Faults that are planted: a server that lies, a relay that spoils. A trial must say which fault
//! it met, and that of an honest server must be VALID.

#[path = "planted_faults/liar.rs"]
mod liar;
#[path = "planted_faults/relay.rs"]
mod relay;
mod support;

use std::time::Duration;

use liar::{Lie, Told, honest};
use relay::Fault;
use support::Server;
use support::process::text;
use support::results::{Results, Row, number};

/// Messages of the warm-up, and of the window.
const WARM_UP: usize = 100;
const WINDOW: usize = 200;
/// Where polls share messages, those that come before the window without a pause: of a poll interval
/// and 150 ms.
const LEAD_IN: usize = 40;

/// 2 clients, 200 messages a second.
const RUN: [&str; 16] = [
    "run",
    "--clients",
    "2",
    "--rate",
    "200",
    "--warm-up",
    "500ms",
    "--window",
    "1s",
    "--drain",
    "2s",
    "--poll-interval",
    "50ms",
    "--probe",
    "off",
    "--quiet",
];

/// Doubts that a busy machine adds.
const OF_THE_MACHINE: [&str; 5] = [
    "machine-busy",
    "cpu-stolen",
    "load-saturated",
    "load-stalled",
    "publisher-late",
];

/// The rows of a run against a server, one a transport.
fn trials(url: &str, transports: &str) -> Vec<Row> {
    trials_of(url, transports, "64")
}

/// The same with texts of so many bytes.
fn trials_of(url: &str, transports: &str, payload: &str) -> Vec<Row> {
    trials_with(url, &["--transport", transports, "--payload", payload])
}

fn trials_with(url: &str, flags: &[&str]) -> Vec<Row> {
    let results = Results::new();
    let output = results.wslab(&[&RUN[..], &["--target", url], flags].concat());
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 3)), "{}", text(&output.stderr));
    let rows = support::results::rows(&results.run().join("trials.csv"));
    let invalid = rows.iter().any(|row| row["verdict"] == "INVALID");
    assert_eq!(code, Some(if invalid { 3 } else { 0 }));
    rows
}

/// Checks the verdict and its reasons, but for those that a busy machine adds.
#[track_caller]
fn assert_verdict(row: &Row, verdict: &str, reasons: &str) {
    let warnings = row["warnings"].split_whitespace();
    let (machine, own): (Vec<&str>, Vec<&str>) =
        warnings.partition(|warning| OF_THE_MACHINE.contains(warning));
    assert_eq!(own.join(" "), reasons, "{row:?}");
    if machine.is_empty() || verdict == "INVALID" {
        assert_eq!(row["verdict"], verdict, "{row:?}");
    }
}

/// Two transports, one that streams and one that polls, see the same lie.
#[track_caller]
fn told(lie: Lie, verdict: &str, reasons: &str) -> Row {
    let mut rows = trials(&liar::start(lie), "sse,long-polling");
    for row in &rows {
        assert_verdict(row, verdict, reasons);
    }
    rows.remove(0)
}

#[test]
fn an_honest_server_is_valid_over_every_transport() {
    for row in trials(&liar::start(honest), "all,raw-tcp") {
        assert_verdict(&row, "VALID", "");
        assert_eq!(number(&row, "due"), WINDOW as f64);
        assert_eq!(number(&row, "delivered"), 2.0 * WINDOW as f64);
    }
}

#[test]
fn a_server_that_stamps_its_own_time_changes_no_latency_and_is_told() {
    fn lie(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        std::thread::sleep(Duration::from_millis(1));
        let intended_at_ns = feed[i].published_at_ns;
        vec![Told {
            intended_at_ns,
            ..feed[i].clone()
        }]
    }
    let row = told(lie, "SUSPECT", "server-stamps-differ");
    assert_eq!(number(&row, "stamps_differ"), 2.0 * WINDOW as f64);
    let latency = number(&row, "latency_p50_us");
    assert!(latency >= number(&row, "transit_p50_us"), "{latency}");
}

#[test]
fn texts_too_short_for_a_number_need_the_servers_echo_of_the_time() {
    for payload in ["1", "3", "4", "9"] {
        for row in trials_of(&liar::start(honest), "sse", payload) {
            assert_verdict(&row, "VALID", "");
            assert_eq!(
                number(&row, "payload_bytes_per_delivery").to_string(),
                payload
            );
        }
    }
    fn lie(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let intended_at_ns = feed[i].intended_at_ns + 1;
        vec![Told {
            intended_at_ns,
            ..feed[i].clone()
        }]
    }
    let short = &trials_of(&liar::start(lie), "sse", "3")[0];
    assert_verdict(short, "INVALID", "missed-messages server-stamps-differ");
    let row = &trials_of(&liar::start(lie), "sse", "4")[0];
    assert_verdict(row, "SUSPECT", "server-stamps-differ");
}

#[test]
fn a_stamp_before_the_sending_or_after_the_arrival_is_told() {
    fn early(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let published_at_ns = feed[i].published_at_ns - 1_000_000_000;
        vec![Told {
            published_at_ns,
            ..feed[i].clone()
        }]
    }
    told(early, "SUSPECT", "server-stamps-differ");
    fn late(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let published_at_ns = feed[i].published_at_ns + 10_000_000_000;
        vec![Told {
            published_at_ns,
            ..feed[i].clone()
        }]
    }
    told(late, "SUSPECT", "server-stamps-differ");
}

#[test]
fn a_copy_of_the_last_message_instead_of_the_new_one_is_told_over_every_transport() {
    fn lie(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let seq = feed[i].seq;
        let of = if i % 5 == 4 { i - 1 } else { i };
        vec![Told {
            seq,
            ..feed[of].clone()
        }]
    }
    for row in trials(&liar::start(lie), "all,raw-tcp") {
        assert_verdict(&row, "INVALID", "missed-messages duplicate-messages");
        let copies = 2.0 * WINDOW as f64 / 5.0;
        assert_eq!(number(&row, "missed"), copies);
        // Where messages share a poll, some come before the window, and their copies count too.
        let before = match &*row["transport"] {
            "short-polling" => 2.0 * LEAD_IN as f64 / 5.0,
            _ => 0.0,
        };
        assert_eq!(number(&row, "duplicate"), copies + before);
    }
}

#[test]
fn a_text_that_was_changed_is_told() {
    fn tail(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let mut text = feed[i].text.clone();
        text.pop();
        vec![Told {
            text: text + "!",
            ..feed[i].clone()
        }]
    }
    let row = told(tail, "INVALID", "text-changed");
    assert_eq!(number(&row, "missed"), 0.0);
    fn all(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let text = if i == WARM_UP + 7 {
            "oi"
        } else {
            &feed[i].text
        };
        let text = text.to_owned();
        vec![Told {
            text,
            ..feed[i].clone()
        }]
    }
    let row = told(all, "INVALID", "missed-messages text-changed");
    assert_eq!(
        (number(&row, "missed"), number(&row, "text_changed")),
        (2.0, 2.0)
    );
}

#[test]
fn numbers_that_jump_are_told() {
    fn from_1000(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let seq = feed[i].seq + 999;
        vec![Told {
            seq,
            ..feed[i].clone()
        }]
    }
    fn by_a_billion(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let seq = feed[i].seq + if i < WARM_UP + 50 { 0 } else { 1_000_000_000 };
        vec![Told {
            seq,
            ..feed[i].clone()
        }]
    }
    fn by_two(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let seq = 2 * feed[i].seq;
        vec![Told {
            seq,
            ..feed[i].clone()
        }]
    }
    for lie in [from_1000, by_a_billion, by_two] {
        let row = told(lie, "SUSPECT", "numbers-jump");
        assert_eq!(number(&row, "numbers_jumped"), 2.0, "clients");
    }
}

#[test]
fn an_epoch_that_changes_is_told() {
    fn lie(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let epoch = if i < WARM_UP + 50 { "k3x9" } else { "zzzz" };
        vec![Told {
            epoch,
            ..feed[i].clone()
        }]
    }
    let row = told(lie, "SUSPECT", "epoch-changed");
    assert_eq!(number(&row, "epoch_changes"), 2.0, "one a client");
}

#[test]
fn a_client_that_is_starved_while_another_gets_copies_is_told() {
    fn lie(n: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        let copies = match (n, i % 5) {
            (0, 4) => 0,
            (1, 4) => 2,
            _ => 1,
        };
        vec![feed[i].clone(); copies]
    }
    let row = told(lie, "INVALID", "missed-messages duplicate-messages");
    assert_eq!(number(&row, "missed"), WINDOW as f64 / 5.0);
    assert_eq!(number(&row, "duplicate"), WINDOW as f64 / 5.0);
}

#[test]
fn a_reordering_by_a_hundred_misses_and_repeats_nothing() {
    fn lie(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
        match (i + 1).checked_sub(WARM_UP) {
            None | Some(0) => vec![feed[i].clone()],
            Some(count) if count % 100 == 0 => feed[i - 99..=i].iter().rev().cloned().collect(),
            Some(_) => vec![],
        }
    }
    let row = told(lie, "SUSPECT", "reordered-messages");
    assert_eq!(
        (number(&row, "missed"), number(&row, "duplicate")),
        (0.0, 0.0)
    );
    assert_eq!(number(&row, "reordered"), 2.0 * 2.0 * 99.0);
}

/// The row of a run over WebSocket through a relay in front of a real server.
fn relayed(fault: Fault) -> Row {
    let server = Server::start(&[]);
    let url = format!("http://{}", relay::start(&server.address, fault));
    trials(&url, "websocket").remove(0)
}

/// Frames before the window that the faults leave alone.
const AFTER: usize = WARM_UP + 10;

#[test]
fn a_relay_that_passes_everything_on_is_valid() {
    let row = relayed(|_, frame, _| Some(vec![frame]));
    assert_verdict(&row, "VALID", "");
}

#[test]
fn a_relay_that_delays_shows_in_the_latency_and_nowhere_else() {
    let row = relayed(|i, frame, _| {
        if i == AFTER {
            std::thread::sleep(Duration::from_millis(300));
        }
        Some(vec![frame])
    });
    assert_verdict(&row, "VALID", "");
    assert!(number(&row, "latency_max_us") > 290_000.0, "{row:?}");
}

#[test]
fn a_relay_that_drops_doubles_swaps_or_corrupts_is_told() {
    let dropped = relayed(|i, frame, _| Some(if i == AFTER { vec![] } else { vec![frame] }));
    assert_verdict(&dropped, "INVALID", "missed-messages");
    assert_eq!(number(&dropped, "missed"), 2.0);
    let doubled = relayed(|i, frame, _| Some(vec![frame; if i == AFTER { 2 } else { 1 }]));
    assert_verdict(&doubled, "SUSPECT", "duplicate-messages");
    assert_eq!(number(&doubled, "duplicate"), 2.0);
    let swapped = relayed(|i, frame, held| {
        held.push(frame);
        Some(match i {
            AFTER => vec![],
            _ => held.drain(..).rev().collect(),
        })
    });
    assert_verdict(&swapped, "SUSPECT", "reordered-messages");
    assert_eq!(number(&swapped, "reordered"), 2.0);
    let corrupted = relayed(|i, mut frame, _| {
        let text = frame.windows(8).position(|bytes| bytes == b"\"text\":\"");
        if let (AFTER, Some(at)) = (i, text) {
            frame[at + 8 + 20] ^= 1;
        }
        Some(vec![frame])
    });
    assert_verdict(&corrupted, "INVALID", "text-changed");
    assert_eq!(number(&corrupted, "text_changed"), 2.0);
}

#[test]
fn a_relay_that_cuts_is_told_and_loses_nothing() {
    let row = relayed(|i, frame, _| (i != AFTER).then_some(vec![frame]));
    assert_verdict(&row, "SUSPECT", "clients-lost");
    assert_eq!(
        (number(&row, "missed"), number(&row, "duplicate")),
        (0.0, 0.0)
    );
}

/// Authors over WebSocket have no answer but the delivery of what they wrote.
#[test]
fn a_relay_that_cuts_authors_is_told_and_no_bookkeeping_is_a_fault() {
    let server = Server::start(&[]);
    let fault: Fault = |i, frame, _| (i != AFTER).then_some(vec![frame]);
    let url = format!("http://{}", relay::start(&server.address, fault));
    let row = &trials_with(&url, &["--transport", "websocket", "--workload", "chat"])[0];
    let told = row["warnings"].contains("clients-lost") && row["verdict"] == "SUSPECT";
    assert!(told, "{row:?}");
    let [due, published, failed] = ["due", "published", "publish_failed"].map(|of| number(row, of));
    assert_eq!((due, number(row, "missed")), (published + failed, 0.0));
}
