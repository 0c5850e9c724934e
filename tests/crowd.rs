//! More clients than one descriptor table holds: server and load have a table for each of several
//! threads.

mod support;

use std::io::Read;
use std::net::TcpStream;

use support::process::{Process, after, signal, text};
use support::results::{Results, number};
use support::{Server, metric, read_until, wait_until};

/// Connections of a server whose descriptor tables hold fewer.
const CONNECTIONS: usize = 300;

fn server() -> Server {
    let serve = ["serve", "--bind", "127.0.0.1:0", "--max-clients", "300"];
    Server::of(Process::start(after("ulimit -n 200", &serve)))
}

/// A reader whose connection was accepted.
fn reader(server: &Server) -> TcpStream {
    server.open_until("/feeds/a/sse", "", "text/event-stream").0
}

#[test]
fn a_run_has_more_clients_than_one_table_holds_and_misses_nothing() {
    for transport in ["sse", "websocket", "long-polling"] {
        let results = Results::new();
        let folder = results.path().to_str().unwrap();
        let run = [
            "run",
            "--transport",
            transport,
            "--clients",
            "1200",
            "--rate",
            "2",
            "--warm-up",
            "500ms",
            "--window",
            "1s",
            "--results",
            folder,
        ];
        let output = after("ulimit -n 400", &run).output().unwrap();
        let notes = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{notes}");
        assert!(
            notes.contains("1200 clients take: descriptor tables in load and server "),
            "{notes}"
        );
        let row = results.trials(1).remove(0);
        for (column, expected) in [
            ("clients", 1_200.0),
            ("connect_failed", 0.0),
            ("expected", 2_400.0),
            ("delivered", 2_400.0),
            ("missed", 0.0),
            ("duplicate", 0.0),
        ] {
            assert_eq!(
                number(&row, column),
                expected,
                "{transport} {column}: {row:?}"
            );
        }
    }
}

#[test]
fn a_message_reaches_the_readers_on_all_threads_and_shutdown_ends_them_in_good_order() {
    let mut server = server();
    let mut readers: Vec<_> = (0..CONNECTIONS - 10).map(|_| reader(&server)).collect();
    server.publish("a", "alice", "to all");
    for reader in &mut readers {
        read_until(reader, "to all");
    }
    let open = metric(
        &server.get("/metrics").body,
        "wslab_connections{transport=\"sse\"}",
    );
    assert!(open as usize >= readers.len(), "{open}");
    server.terminate();
    for reader in &mut readers {
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert!(rest.ends_with(b"0\r\n\r\n"), "{}", text(&rest));
    }
    assert_eq!(server.process.ended(), Some(0));
}

#[test]
fn connections_beyond_the_limit_are_refused_although_tables_have_room() {
    let server = server();
    // Each is accepted before the next one comes.
    let mut held: Vec<_> = (0..CONNECTIONS).map(|_| reader(&server)).collect();
    wait_until("a connection is refused", || {
        let answer = server.get("/healthz");
        answer.status == 503
    });
    held.truncate(200);
    wait_until("there is room again", || {
        server.get("/healthz").status == 200
    });
}

#[test]
fn a_target_with_several_threads_is_found_and_measured() {
    let server = server();
    let results = Results::new();
    let url = server.url();
    let output = results.wslab(&[
        "run",
        "--transport",
        "sse",
        "--clients",
        "2",
        "--rate",
        "50",
        "--warm-up",
        "100ms",
        "--window",
        "1s",
        "--quiet",
        "--target",
        &url,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row = results.trials(1).remove(0);
    assert!(!row["warnings"].contains("unchecked"), "{row:?}");
    assert!(number(&row, "server_rss_bytes") > 0.0);
}

#[test]
fn an_address_is_not_shared_with_a_second_server() {
    let first = server();
    let serve = ["serve", "--bind", &first.address, "--max-clients", "700"];
    let output = after("ulimit -n 300", &serve).output().unwrap();
    let error = text(&output.stderr);
    assert!(error.contains("another program listens"), "{error}");
    let serve = ["serve", "--bind", "127.0.0.1:0", "--max-clients", "100000"];
    let output = after("ulimit -n 300", &serve).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(
        error.contains("--max-clients 100000: 300 open files allow "),
        "{error}"
    );
    signal(first.process.id(), "-TERM");
}
