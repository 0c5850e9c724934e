//! `wslab wire`: its own server, a server of another maker, literal bytes, TLS, and bad input.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use support::process::{Process, command, text, wslab};
use support::{Server, tshark};
use wslab::transport::Transport;

/// Runs `wslab wire` with these words.
fn wire(words: &[&str]) -> Output {
    let mut command = wslab(&[&["wire"], words].concat());
    command.env("COLUMNS", "100").env_remove("WSLAB_TOKEN");
    command.output().unwrap()
}

/// The document that `wslab wire --format json` prints.
fn document(words: &[&str]) -> Value {
    let output = wire(&[words, &["--format", "json"]].concat());
    assert!(
        output.status.success(),
        "{words:?}: {}",
        text(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// All bytes of one direction.
fn bytes(document: &Value, direction: &str) -> Vec<u8> {
    BASE64_STANDARD
        .decode(document[direction].as_str().unwrap())
        .unwrap()
}

/// The values of all fields with this note.
fn values<'a>(document: &'a Value, note: &str) -> Vec<&'a str> {
    let spans = document["spans"].as_array().unwrap().iter();
    let fields = spans.flat_map(|span| span["fields"].as_array().unwrap());
    let fields = fields.filter(|field| field["note"] == note);
    fields
        .map(|field| field["value"].as_str().unwrap())
        .collect()
}

#[test]
fn each_transport_is_shown_to_the_last_byte_and_tshark_agrees() {
    let folder = TempDir::with_prefix("wslab-wire-").unwrap();
    for transport in Transport::CHOICES {
        let name = transport.name();
        let file = folder.path().join(format!("{name}.pcap"));
        let pcap = ["--pcap", file.to_str().unwrap()];
        let document = document(&[&["--transport", name, "--messages", "2"], &pcap[..]].concat());
        for direction in ["up", "down"] {
            let spans = document["spans"].as_array().unwrap().iter();
            let spans = spans.filter(|span| span["direction"] == direction);
            let sum: u64 = spans.map(|span| span["length"].as_u64().unwrap()).sum();
            assert_eq!(
                sum as usize,
                bytes(&document, direction).len(),
                "{name} {direction}"
            );
        }
        assert!(document["messages"].as_u64() >= Some(2), "{name}");
        assert_eq!(values(&document, "incomplete"), [""; 0], "{name}");
        let packets = std::fs::read(&file).unwrap();
        assert!(tshark::assert_agrees(&packets, &document) > 10, "{name}");
        if transport == Transport::WebSocket {
            assert!(values(&document, "message-text").contains(&"from the client"));
            assert_eq!(
                values(&document, "close-code"),
                ["1000 (normal closure)"; 2]
            );
        }
    }
}

#[test]
fn the_listing_fits_has_sums_and_speaks_both_languages() {
    let output = wire(&["--transport", "sse", "--messages", "1", "--color", "never"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listing = text(&output.stdout);
    assert!(
        listing.lines().all(|line| line.chars().count() <= 100),
        "{listing}"
    );
    for part in [
        "↑ client → server · request 1 · ",
        "     0  47 45 54 20 2f 66 65 65 64 73 2f 6c 6f 62 62 79  GET /feeds/lobby",
        "chunk size: 13 (RFC 9112, section 7.1)",
        "$ printf '%d\\n' 0xD",
        "Where the event stands in the stream.",
        "protocol",
        "The headers of TCP and IP are below these bytes",
    ] {
        assert!(listing.contains(part), "{part}: {listing}");
    }
    assert!(!listing.contains('\u{1b}'));
    let portuguese = wire(&["--messages", "1", "--lang", "pt", "--color", "always"]);
    let listing = text(&portuguese.stdout);
    assert!(listing.contains("O cliente diz o que quer") && listing.contains("conteúdo útil"));
    assert!(listing.contains("\u{1b}[33m"), "protocol is yellow");
}

#[test]
fn a_server_of_another_maker_is_read() {
    let mut python = command("/usr/bin/python3");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/others/echo_server.py");
    python.args(["-I", "-X", "utf8", script]);
    let server = Process::start(python);
    let url = format!("ws://127.0.0.1:{}/", server.line());
    let document = document(&[&url, "--send", "olá", "--messages", "1"]);
    let answer = "Servidor confirmou recebimento: olá";
    assert!(
        values(&document, "content").contains(&answer),
        "{document:#}"
    );
    assert_eq!(values(&document, "control-payload"), ["are you there"; 2]);
    assert_eq!(
        values(&document, "close-code"),
        ["1000 (normal closure)"; 2]
    );
    assert_eq!(values(&document, "accept-wrong"), [""; 0]);
}

/// A server that reads a head, answers these bytes and ends the connection. Returns its URL.
fn literal(answer: impl AsRef<[u8]> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(answer.as_ref()).unwrap();
    });
    format!("http://{address}/x?y=1")
}

#[test]
fn literal_bytes_are_explained_also_where_they_are_wrong() {
    let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n\
                  \u{feff}data: oi\r\nretry: soon\n\n";
    let found = document(&[
        "--transport",
        "sse",
        "--messages",
        "1",
        &literal(stream.as_bytes()),
    ]);
    assert_eq!(bytes(&found, "down"), stream.as_bytes());
    assert!(bytes(&found, "up").starts_with(b"GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_eq!(values(&found, "event-bad-retry"), ["soon"]);
    assert_eq!(values(&found, "content"), ["oi"]);
    for (answer, code, says) in [
        (&b"SSH-2.0-OpenSSH\r\n"[..], 1, "not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x28", 1, "use https or wss"),
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            1,
            "status code: 404",
        ),
        (b"", 1, ""),
    ] {
        let output = wire(&["--transport", "sse", &literal(answer)]);
        assert_eq!(output.status.code(), Some(code), "{answer:?}");
        assert!(
            text(&output.stdout).contains(says),
            "{says}: {}",
            text(&output.stdout)
        );
        assert!(
            text(&output.stderr).starts_with("error: the server "),
            "{output:?}"
        );
    }
}

/// An event stream of 1,000 messages, whose bytes come in chunks of this length.
fn chunked_events(length: usize) -> Vec<u8> {
    let event = |seq| {
        format!(
            "id: {seq}\ndata: {{\"seq\":{seq},\"from\":\"al\",\"text\":\"oi\",\
             \"intended_at_ns\":0,\"published_at_ns\":0}}\n\n"
        )
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let mut answer = head.as_bytes().to_vec();
    for event in (1..=1_000).map(event) {
        for chunk in event.as_bytes().chunks(length) {
            answer.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
            answer.extend([chunk, b"\r\n"].concat());
        }
    }
    answer
}

#[test]
fn a_thousand_messages_are_explained_also_in_chunks() {
    let ask = ["--transport", "sse", "--messages", "1000"];
    let url = literal(chunked_events(50));
    let found = document(&[&ask[..], &[&url]].concat());
    assert_eq!(found["messages"], 1_000);
    assert_eq!(values(&found, "not-explained"), [""; 0]);
    let texts = values(&found, "message-text");
    assert_eq!((texts.len(), texts[999]), (1_000, "oi"));
    // More parts than are explained are told, and not waited for.
    let url = literal(chunked_events(1));
    let output = wire(&[&ask[..], &[&url]].concat());
    let why = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{why}");
    assert!(
        why.contains("in more than 64000 parts") && why.contains("--messages sets fewer"),
        "{why}"
    );
}

#[test]
fn tls_is_below_what_is_shown() {
    let server = Server::start(&["--tls"]);
    let note = server.process.next_note().unwrap();
    let fingerprint = note.rsplit_once(' ').unwrap().1;
    let url = format!("wss://{}/echo", server.address);
    let output = wire(&[
        &url,
        "--fingerprint",
        fingerprint,
        "--send",
        "oi",
        "--messages",
        "1",
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listing = text(&output.stdout);
    assert!(listing.contains("the plaintext inside TLS"), "{listing}");
    assert!(listing.contains("unmasked: oi"), "{listing}");
}

#[test]
fn bad_input_is_refused_with_what_to_write() {
    for (words, code, says) in [
        (&["ftp://x"][..], 2, "not a URL of http, https, ws or wss"),
        (
            &["--transport", "sse", "ws://127.0.0.1:1"],
            2,
            "sse is asked over http",
        ),
        (&["http://u@127.0.0.1:1"], 2, "before the @"),
        (
            &["https://127.0.0.1:1"],
            2,
            "which certificate is to be trusted?",
        ),
        (&["--messages", "0"], 2, "--messages"),
        (&["--format", "xml"], 2, "text"),
        (&["http://127.0.0.1:1"], 1, "cannot reach 127.0.0.1:1"),
        (
            &["--messages", "900", "--time", "300ms"],
            1,
            "of 900 messages came within the time",
        ),
        (
            &["--messages", "1", "--pcap", "/no/such/folder/x"],
            1,
            "--pcap /no/such/folder/x",
        ),
    ] {
        let output = wire(words);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?}: {}",
            text(&output.stderr)
        );
        assert!(
            text(&output.stderr).contains(says),
            "{words:?}: {}",
            text(&output.stderr)
        );
    }
}
