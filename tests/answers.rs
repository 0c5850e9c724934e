//! Trials and clients behind a server that closes connections, or answers what was not asked for:
//! everything is counted where it happens, and a wrong answer is told in words.

mod support;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use support::Server;
use support::relay::{Fate, Relay};
use support::results::{Results, Row, number};

/// A short trial of a few clients against a target.
fn trial(target: &str, flags: &[&str]) -> Row {
    let results = Results::new();
    let short = "run --quiet --clients 4 --window 1s --warm-up 200ms --drain 2s --rate 10 --target";
    let arguments: Vec<&str> = short.split(' ').chain([target]).collect();
    let output = results.wslab(&[&arguments, flags].concat());
    assert!(
        output.status.code().is_some_and(|code| code != 1),
        "{output:?}"
    );
    results.trials(1).remove(0)
}

fn assert_doubt(row: &Row, doubt: &str) {
    let doubts: Vec<&str> = row["warnings"].split(' ').collect();
    assert!(doubts.contains(&doubt), "{doubt} is not in {doubts:?}");
}

/// Polls over connections that are to be kept.
const POLLS: &[&str] = &["--transport", "short-poll", "--poll-interval", "100ms"];

/// Whether a relay closes the connection of an exchange: those of polls.
fn of_polls(fate: Fate, request: &str) -> Fate {
    match request.contains("/poll?") {
        true => fate,
        false => Fate::Keep,
    }
}

#[test]
fn polls_that_dial_anew_although_connections_are_kept_are_counted_and_doubted() {
    let server = Server::start(&[]);
    let without_a_word = |request: &str, _: &mut String| of_polls(Fate::Close, request);
    let says_so = |request: &str, answer: &mut String| {
        answer.push_str("\r\nConnection: close");
        of_polls(Fate::Close, request)
    };
    for (relay, publishers_too) in [
        (Relay::start(&server.address, without_a_word), false),
        (Relay::start(&server.address, says_so), true),
    ] {
        let row = trial(&relay.url(), POLLS);
        assert_eq!((&*row["keep_alive"], &*row["missed"]), ("on", "0"));
        assert_doubt(&row, "connections-not-kept");
        assert_eq!(row["verdict"], "SUSPECT", "{row:?}");
        // Each poll of the window dials; one of each client may begin before it or end after it.
        let (exchanges, redials) = (number(&row, "exchanges"), number(&row, "redials"));
        assert!(
            redials > 20.0 && (redials - exchanges).abs() <= 8.0,
            "{row:?}"
        );
        assert_eq!(row["reconnects"], row["redials"]);
        assert!(number(&row, "dials") >= redials);
        assert_eq!(number(&row, "publisher_redials") > 0.0, publishers_too);
    }
}

#[test]
fn a_poll_that_is_sent_twice_is_counted_and_its_bytes_are_too() {
    let server = Server::start(&[]);
    let polls = AtomicUsize::new(0);
    // Each connection carries polls, until one of them is the tenth of all.
    let relay = Relay::start(&server.address, move |request, _| {
        match request.contains("/poll?") && polls.fetch_add(1, Relaxed) % 10 == 9 {
            true => Fate::Drop,
            false => Fate::Keep,
        }
    });
    let row = trial(&relay.url(), POLLS);
    assert_eq!(row["missed"], "0");
    assert_doubt(&row, "connections-not-kept");
    let (resent, exchanges) = (number(&row, "polls_resent"), number(&row, "exchanges"));
    assert!(
        resent > 0.0 && row["polls_resent"] == row["redials"],
        "{row:?}"
    );
    let request = number(&row, "wire_bytes_up") / (exchanges + resent);
    let head = "GET /feeds/0123456789abcdef-1/poll?after=10-abcdefgh HTTP/1.1\r\n\
                Host: 127.0.0.1:12345\r\n\r\n";
    assert!(
        (request - head.len() as f64).abs() < 10.0,
        "{request} bytes"
    );
}

/// A client sees that the server has closed its idle connection, and so sends no poll in vain.
#[test]
fn polls_further_apart_than_the_server_keeps_connections_are_sent_once() {
    let server = Server::start(&["--idle-timeout", "200ms"]);
    let far = ["--transport", "short-poll", "--poll-interval", "400ms"];
    let row = trial(&server.url(), &far);
    assert_doubt(&row, "connections-not-kept");
    assert_eq!((&*row["missed"], &*row["polls_resent"]), ("0", "0"));
    assert!(number(&row, "redials") >= 8.0, "{row:?}");
    assert!(number(&row, "publisher_redials") > 0.0, "{row:?}");
}

#[test]
fn polls_that_keep_their_connections_or_need_not_are_not_doubted_for_it() {
    let server = Server::start(&[]);
    for keep_alive in ["on", "off"] {
        let row = trial(
            &server.url(),
            &[POLLS, &["--keep-alive", keep_alive]].concat(),
        );
        assert!(!row["warnings"].contains("connections-not-kept"), "{row:?}");
        for none in ["redials", "reconnects", "polls_resent", "publisher_redials"] {
            assert_eq!(row[none], "0", "{none}");
        }
        assert_eq!(number(&row, "dials") > 0.0, keep_alive == "off", "{row:?}");
    }
}
