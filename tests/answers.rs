//! Trials and clients behind a server that closes connections, or answers what was not asked for:
//! everything is counted where it happens, and a wrong answer is told in words.

mod support;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use support::process::{text, wslab};
use support::relay::{Fate, Relay};
use support::results::{Results, Row, number};
use support::{PATIENCE, Server};

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
            redials > 10.0 && (redials - exchanges).abs() <= 8.0,
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

/// The server has the message, and the publisher does not know that.
#[test]
fn a_message_whose_answer_is_lost_counts_as_published_once_it_is_delivered() {
    let server = Server::start(&[]);
    let posts = AtomicUsize::new(0);
    let relay = Relay::start(&server.address, move |request, _| {
        match request.starts_with("POST") && posts.fetch_add(1, Relaxed) % 3 == 1 {
            true => Fate::Drop,
            false => Fate::Keep,
        }
    });
    let row = trial(&relay.url(), &["--transport", "sse"]);
    assert_doubt(&row, "connections-not-kept");
    assert_eq!((&*row["missed"], &*row["verdict"]), ("0", "SUSPECT"));
    assert_eq!(row["published"], row["due"], "{row:?}");
}

/// 503 with Retry-After says that the message is not in the feed, and will be taken later.
#[test]
fn a_message_that_the_server_asks_for_again_is_sent_again() {
    let server = Server::start(&[]);
    let posts = AtomicUsize::new(0);
    let is_busy = move |request: &str| {
        request.starts_with("POST") && (3..8).contains(&posts.fetch_add(1, Relaxed))
    };
    let relay = Relay::busy(&server.address, is_busy, |_, _| Fate::Keep);
    let row = trial(&relay.url(), &["--transport", "sse"]);
    assert_eq!(row["published"], row["due"], "{row:?}");
    assert_eq!((&*row["missed"], &*row["duplicate"]), ("0", "0"), "{row:?}");
    assert_eq!(number(&row, "publisher_resent"), 5.0, "{row:?}");
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

/// Trials of some transports whose window is far longer than a test, through a relay that changes
/// the answers of one endpoint.
fn wrong_answers(
    endpoint: &'static str,
    edit: impl Fn(&mut String) + Send + Sync + 'static,
    transports: &str,
) -> Vec<Row> {
    let server = Server::start(&[]);
    let relay = Relay::start(&server.address, move |request, answer| {
        if request.lines().next().unwrap().contains(endpoint) {
            edit(answer);
        }
        Fate::Keep
    });
    let results = Results::new();
    let url = relay.url();
    let flags = "run --clients 4 --window 60s --warm-up 1s --rate 10 --poll-interval 100ms";
    let mut arguments: Vec<&str> = flags.split(' ').collect();
    arguments.extend(["--target", &url, "--transport", transports]);
    let begun = Instant::now();
    let output = results.wslab(&arguments);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(
        begun.elapsed() < 2 * PATIENCE,
        "no trial lasts for its window"
    );
    let trials = results.trials(transports.split(',').count());
    for row in &trials {
        assert_eq!(
            (&*row["verdict"], &*row["warnings"]),
            ("INVALID", "wrong-answer")
        );
        let told = text(&output.stderr);
        assert!(told.contains(&row["wrong_answer"]), "{told}");
    }
    trials
}

#[track_caller]
fn assert_told(trials: &[Row], words: &str) {
    for row in trials {
        assert_eq!(row["wrong_answer"], words, "{}", row["transport"]);
    }
}

const OVER_HTTP: &str = "short-poll,long-poll,sse,ndjson";

#[test]
fn a_coding_that_was_not_asked_for_is_told_at_the_first_answer() {
    let trials = wrong_answers(
        "?after=",
        |answer| answer.push_str("\r\nContent-Encoding: gzip"),
        OVER_HTTP,
    );
    assert_told(
        &trials,
        "wrong answer: content-encoding gzip was not asked for",
    );
}

#[test]
fn a_body_of_another_type_is_told_at_the_first_answer() {
    let html = |answer: &mut String| {
        let lines = answer.lines();
        let kept = lines.filter(|line| !line.to_lowercase().starts_with("content-type"));
        let kept: Vec<&str> = kept
            .chain(["Content-Type: text/html; charset=utf-8"])
            .collect();
        *answer = kept.join("\r\n");
    };
    for row in wrong_answers("?after=", html, OVER_HTTP) {
        let wanted = match &*row["transport"] {
            "sse" => "text/event-stream",
            "ndjson" => "application/x-ndjson",
            _ => "application/json",
        };
        let words = format!("wrong answer: content-type text/html instead of {wanted}");
        assert_told(&[row], &words);
    }
}

#[test]
fn another_status_is_told_at_the_first_answer() {
    let status = |to: &'static str| {
        move |answer: &mut String| {
            let (_, fields) = answer.split_once("\r\n").unwrap();
            *answer = format!("HTTP/1.1 {to}\r\n{fields}");
        }
    };
    for (to, words) in [
        (
            "206 Partial Content",
            "wrong answer: status 206 instead of 200",
        ),
        (
            "404 Not Found",
            "the server answered 404: it does not say why",
        ),
        (
            "301 Moved\r\nLocation: https://h/feeds",
            "wrong answer: it redirects to https://h/feeds (status 301)",
        ),
    ] {
        assert_told(&wrong_answers("/poll?", status(to), "short-poll"), words);
    }
    let trials = wrong_answers("/messages", status("200 OK"), "sse,websocket");
    assert_told(
        &trials,
        "publishing: wrong answer: status 200 instead of 201",
    );
}

#[test]
fn an_upgrade_that_was_not_asked_for_is_told_at_the_first_answer() {
    for (field, words) in [
        (
            "Sec-WebSocket-Extensions: permessage-deflate",
            "sec-websocket-extensions permessage-deflate was not asked for",
        ),
        (
            "Sec-WebSocket-Protocol: chat",
            "sec-websocket-protocol chat was not asked for",
        ),
    ] {
        let add = move |answer: &mut String| answer.push_str(&format!("\r\n{field}"));
        let trials = wrong_answers("/ws?", add, "websocket");
        assert_told(&trials, &format!("wrong answer: {words}"));
    }
    let other_key = |answer: &mut String| *answer = answer.replace('=', "A=");
    let trials = wrong_answers("/ws?", other_key, "websocket");
    let words = "wrong answer: sec-websocket-accept is not the answer to the key";
    assert_told(&trials, words);
    let other_protocol = |answer: &mut String| *answer = answer.replace("websocket\r", "h2c\r");
    let trials = wrong_answers("/ws?", other_protocol, "websocket");
    assert_told(&trials, "wrong answer: upgrade h2c instead of websocket");
}

/// What a command says of a target that is not what it should be, in its last line, and the code
/// with which it exits.
fn refusal(command: &str, target: &str) -> (String, Option<i32>) {
    let results = Results::new();
    let output = match command {
        "run" => results.wslab(&["run", "--target", target]),
        _ => wslab(&[command, target]).output().unwrap(),
    };
    let told = text(&output.stderr);
    let last = told.lines().last().unwrap_or_default().to_owned();
    (last, output.status.code())
}

#[test]
fn a_target_that_redirects_is_not_followed_and_what_to_write_is_told() {
    let server = Server::start(&[]);
    let relay = Relay::start(&server.address, |_, answer| {
        let to = "Location: https://lab.example.org/healthz";
        *answer = format!("HTTP/1.1 301 Moved\r\n{to}\r\nContent-Length: 0");
        Fate::Close
    });
    for command in ["run", "chat"] {
        let (told, code) = refusal(command, &relay.url());
        let to = "it redirects to https://lab.example.org/healthz (status 301)";
        assert!(told.contains(to), "{told}");
        assert!(told.ends_with("write https://lab.example.org"), "{told}");
        assert_eq!(code, Some(2));
    }
}

#[test]
fn an_address_as_people_paste_it_is_taken_or_the_right_one_is_told() {
    let server = Server::start(&[]);
    for taken in [
        server.address.clone(),
        format!(" HTTP://{}/ ", server.address),
    ] {
        assert_eq!(trial(&taken, POLLS)["missed"], "0");
    }
    let page = server.at("/feeds/lobby/sse");
    for command in ["run", "chat"] {
        let (told, code) = refusal(command, &page);
        let advice = format!("the server is at {}; write that", server.url());
        assert!(told.contains(&advice), "{told}");
        assert_eq!(code, Some(2));
    }
}

#[test]
fn a_chat_says_what_was_wrong_with_an_answer() {
    let server = Server::start(&[]);
    let relay = Relay::start(&server.address, |request, answer| {
        if request.contains("/messages") {
            answer.push_str("\r\nContent-Encoding: br");
        }
        Fate::Keep
    });
    let (told, code) = refusal("chat", &relay.url());
    let why = "cannot join: wrong answer: content-encoding br was not asked for";
    assert!(told.ends_with(why), "{told}");
    assert_eq!(code, Some(1));
}
