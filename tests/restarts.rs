//! A server that is restarted with `--history-file` goes on where it ended, and one that may not
//! says so. Publishers keep what they could not send meanwhile.

mod support;

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use support::process::{Process, after, text, wslab};
use support::results::{Results, Row, number, rows};
use support::websocket::open_websocket;
use support::{Server, metric, wait_until};

/// The path of a history in a temporary folder.
fn history(folder: &Results) -> (PathBuf, String) {
    let path = folder.path().join("history");
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

/// Ends a server well, and starts another on its port.
fn restart(mut server: Server, flags: &[&str]) -> Server {
    server.terminate();
    assert_eq!(server.process.ended(), Some(0));
    Server::start_at(&server.address, flags)
}

/// What a poll after a cursor holds.
fn poll(server: &Server, feed: &str, after: &str) -> serde_json::Value {
    let body = server
        .get(&format!("/feeds/{feed}/poll?after={after}"))
        .body;
    serde_json::from_str(&body).expect(&body)
}

#[test]
fn numbers_epoch_and_messages_are_those_before_the_restart() {
    let folder = Results::new();
    let (path, file) = history(&folder);
    let flags = ["--history-file", &file, "--history", "3"];
    let server = Server::start(&flags);
    for number in 1..=5 {
        assert_eq!(server.publish("a", "alice", &number.to_string()), number);
    }
    server.publish("b", "bob", "linha 1\nlinha 2 \"ç\"");
    let before = [server.history("a"), server.history("b")];
    let epoch = server.epoch();

    let server = restart(server, &flags);
    assert_eq!([server.history("a"), server.history("b")], before);
    let since_4 = poll(&server, "a", &format!("4-{epoch}"));
    assert_eq!(since_4["messages"][0]["text"], "5");
    assert_eq!(
        (&since_4["last"], &since_4["missed"]),
        (&5.into(), &serde_json::Value::Null)
    );
    assert_eq!(poll(&server, "a", &format!("1-{epoch}"))["missed"], 1);
    // A feed that nobody has made yet is that of before as well.
    assert_eq!(
        poll(&server, "c", &format!("0-{epoch}"))["missed"],
        serde_json::Value::Null
    );
    assert_eq!(server.publish("a", "alice", "6"), 6);

    // A shorter history, and a crash: what was read once is not read again.
    let server = restart(server, &["--history-file", &file, "--history", "1"]);
    assert_eq!(server.history("a").len(), 1);
    assert!(!path.exists(), "it was renamed");
    drop(server);
    let server = Server::start(&flags);
    let anew = poll(&server, "a", &format!("6-{epoch}"));
    assert_ne!(anew["epoch"], epoch);
    assert_eq!((&anew["last"], &anew["missed"]), (&0.into(), &0.into()));
}

#[test]
fn feeds_beyond_the_limit_are_told_and_their_numbers_are_not_given_twice() {
    let folder = Results::new();
    let (_, file) = history(&folder);
    let server = Server::start(&["--history-file", &file]);
    server.publish("a", "alice", "oi");
    server.publish("b", "alice", "oi");
    let epoch = server.epoch();
    let server = restart(server, &["--history-file", &file, "--max-feeds", "1"]);
    let note = server.process.next_note().unwrap();
    assert!(
        note.starts_with("1 feeds of ") && note.contains("--max-feeds"),
        "{note}"
    );
    let held = ["a", "b"].map(|feed| server.history(feed).len());
    assert_eq!(held.iter().sum::<usize>(), 1);
    let left_out = if held[0] == 0 { "a" } else { "b" };
    assert_ne!(poll(&server, left_out, "0")["epoch"], epoch);
}

#[test]
fn a_server_waits_for_the_one_before_it() {
    let folder = Results::new();
    let (_, file) = history(&folder);
    let flags = ["--history-file", &file];
    let mut server = Server::start(&flags);
    server.publish("a", "alice", "oi");
    // It does not answer the close frame, for which the server waits.
    let (_silent, _) = open_websocket(&server, "/feeds/a/ws", "");
    server.terminate();
    let next = Server::start_at(&server.address, &flags);
    assert_eq!(next.history("a").len(), 1);
    assert_eq!(server.process.ended(), Some(0));
}

#[test]
fn a_file_that_is_no_history_is_refused_and_stays() {
    let folder = Results::new();
    let (path, file) = history(&folder);
    let head = r#"{"wslab_history":1,"epoch":"k3x9"}"#;
    let feed = r#"{"feed":"a","epoch":"k3x9","last":2,"dropped_text":0}"#;
    let message = |seq: u64| {
        let rest = r#""from":"al","text":"oi","intended_at_ns":0,"published_at_ns":0}"#;
        format!("{{\"seq\":{seq},{rest}")
    };
    let end = r#"{"feeds":1,"messages":1}"#;
    let lines = |lines: &[&str]| lines.join("\n") + "\n";
    for (content, why) in [
        (String::new(), "it is no history of a wslab server"),
        ("x".repeat(1 << 20), "it is no history of a wslab server"),
        (
            lines(&["[server]", "port = 80"]),
            "it is no history of a wslab server",
        ),
        (
            lines(&[r#"{"wslab_history":2,"epoch":"k3x9"}"#]),
            "its version is 2",
        ),
        (
            lines(&[head, feed, &message(1)]),
            "line 4 is damaged: the file ends in it",
        ),
        (
            lines(&[head, feed, &message(1)[..20]]),
            "line 3 is damaged: ",
        ),
        (
            lines(&[head, feed, &message(3), end]),
            "line 3 is damaged: 3 is out of order",
        ),
        (
            lines(&[head, feed, &message(1), &message(1), end]),
            "1 is out of order",
        ),
        (
            lines(&[head, message(1).as_str(), end]),
            "1 is out of order",
        ),
        (lines(&[head, feed, end]), "line 3 is damaged: "),
    ] {
        fs::write(&path, &content).unwrap();
        let output = wslab(&["serve", "--bind", "127.0.0.1:0", "--history-file", &file]);
        let output = { output }.output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(why) && error.contains("write the path"),
            "{why}: {error}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    for bad in ["/nowhere/history", folder.path().to_str().unwrap()] {
        let output = wslab(&["serve", "--bind", "127.0.0.1:0", "--history-file", bad]);
        assert_eq!({ output }.output().unwrap().status.code(), Some(2), "{bad}");
    }
}

/// As on a full disk: no file may be longer than a kilobyte.
#[test]
fn a_history_that_cannot_be_written_is_told_and_the_old_one_is_kept() {
    let folder = Results::new();
    let (path, file) = history(&folder);
    let server = Server::start(&["--history-file", &file]);
    server.publish("a", "alice", "old");
    server.terminate();
    drop(Process::finish(server.process));
    let old = fs::read(&path).unwrap();

    let serve = ["serve", "--bind", "127.0.0.1:0", "--history-file", &file];
    let mut server = Server::of(Process::start(after("trap '' XFSZ; ulimit -f 1", &serve)));
    server.publish("a", "alice", &"new".repeat(1_000));
    server.terminate();
    assert_eq!(server.process.ended(), Some(1));
    let log = server.log();
    assert!(
        log.contains("the messages are not in") && log.contains(".used"),
        "{log}"
    );
    assert!(!path.exists());
    assert_eq!(fs::read(folder.path().join("history.used")).unwrap(), old);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
}

/// The load's own clients over all five transports, and its publishers: a server that ends well
/// and comes back on its port costs no message.
#[test]
fn a_restart_loses_nothing_and_repeats_nothing_on_any_transport() {
    let folder = Results::new();
    let (_, file) = history(&folder);
    let flags = ["--history-file", &file];
    let server = Server::start(&flags);
    let url = server.url();
    let transports = ["short-poll", "long-poll", "sse", "ndjson", "ws"];
    let run = |transport: &str| {
        let results = Results::new();
        let flags = "run --quiet --clients 10 --rate 20 --warm-up 100ms --window 4s --drain 15s \
                     --poll-interval 100ms --transport";
        let flags = flags
            .split_whitespace()
            .chain([transport, "--target", &url]);
        let process = results.start(&flags.collect::<Vec<_>>());
        (results, process)
    };
    let runs = transports.map(run);
    let is_open = |transport| {
        let name = format!("wslab_connections{{transport=\"{transport}\"}}");
        metric(&server.get("/metrics").body, &name) >= 10
    };
    let held = ["long-polling", "sse", "ndjson", "websocket"];
    wait_until("all are connected", || held.into_iter().all(is_open));
    sleep(Duration::from_secs(2));
    let server = restart(server, &flags);
    for (transport, (results, process)) in transports.into_iter().zip(runs) {
        process.finish();
        let row = results.trials(1).remove(0);
        assert_eq!(row["due"], "80", "{transport}: {row:?}");
        for nothing in ["missed", "duplicate", "reordered"] {
            assert_eq!(row[nothing], "0", "{transport}: {row:?}");
        }
        // A message on its way at the end may be lost with its connection, never one of those that
        // were due while the server was away.
        assert!(number(&row, "published") >= 76.0, "{transport}: {row:?}");
        assert!(number(&row, "reconnects") > 0.0, "{transport}: {row:?}");
    }
    drop(server);
}

/// The load of a run trusts one certificate at one address.
#[test]
fn a_runs_server_is_restarted_with_its_certificate_port_and_messages() {
    let results = Results::new();
    let flags = "run --quiet --clients 10 --rate 20 --warm-up 100ms --window 3s --drain 15s --tls \
                 --transport ws --fault restart-server@1s:500ms";
    let temporary = Results::new();
    let mut run = results.command(&flags.split_whitespace().collect::<Vec<_>>());
    let output = run.env("TMPDIR", temporary.path()).output().unwrap();
    let row = results.trials(1).remove(0);
    assert_eq!(row["due"], "60", "{output:?}");
    for nothing in ["missed", "duplicate", "reordered", "resets"] {
        assert_eq!(row[nothing], "0", "{nothing}: {row:?}");
    }
    assert!(number(&row, "published") >= 56.0, "{row:?}");
    assert!(number(&row, "reconnects") >= 10.0, "{row:?}");
    let timeline = rows(&results.run().join("timeline.csv"));
    let seen = |row: &Row| row["server_connections"].parse().unwrap_or(0);
    let most: u32 = timeline.iter().map(seen).max().unwrap();
    assert!(
        (14..=20).contains(&most),
        "clients, sensors and a probe: {most}"
    );
    let left = fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(left, 0, "the history went with the run");
}

/// Messages wait for a server that is away, but not for ever.
#[test]
fn what_is_due_after_the_server_has_gone_for_good_is_not_published() {
    let mut server = Server::start(&[]);
    let results = Results::new();
    let flags = format!(
        "run --quiet --clients 2 --rate 20 --warm-up 100ms --window 4s --drain 1s --transport sse \
         --target {}",
        server.url()
    );
    let run = results.start(&flags.split_whitespace().collect::<Vec<_>>());
    wait_until("both are connected", || {
        let metrics = server.get("/metrics").body;
        metric(&metrics, "wslab_connections{transport=\"sse\"}") >= 2
    });
    sleep(Duration::from_secs(2));
    server.process.end();
    run.finish();
    let row = results.trials(1).remove(0);
    let [due, published, failed] =
        ["due", "published", "publish_failed"].map(|of| number(&row, of));
    assert_eq!(due, 80.0, "{row:?}");
    assert!(
        published > 0.0 && failed >= 20.0 && published + failed == due,
        "{row:?}"
    );
    assert!(number(&row, "not_sent") >= 20.0, "{row:?}");
    assert_eq!(
        (&*row["missed"], &*row["verdict"]),
        ("0", "INVALID"),
        "{row:?}"
    );
}
