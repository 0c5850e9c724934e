//! The microscope: the bytes of a visitor's own connection, as the server's socket saw them.

mod support;

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use support::browser::{Browser, Page};
use support::curl::{get, post};
use support::looks::{assert_readable, show};
use support::process::command;
use support::websocket::{frame, open_websocket, read_frame};
use support::{Server, read_until, tshark, wait_until};
use wslab::transport::Transport;

const ID: &str = "00112233445566778899aabbccddeeff";

/// All bytes of one direction.
fn bytes(document: &Value, direction: &str) -> Vec<u8> {
    BASE64_STANDARD
        .decode(document[direction].as_str().unwrap())
        .unwrap()
}

fn capture(server: &Server, id: &str) -> Value {
    let answer = get(&server.at(&format!("/captures/{id}")));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The packets of a capture.
fn packets(server: &Server, id: &str) -> Vec<u8> {
    let mut curl = command("curl");
    curl.args(["-q", "-s", "--max-time", "20"]);
    curl.arg(server.at(&format!("/captures/{id}.pcap")));
    curl.output().unwrap().stdout
}

#[test]
fn a_capture_has_the_bytes_of_its_connection_in_both_engines() {
    let server = Server::start(&[]);
    // The second has a field that the fast engine leaves to the general one.
    for (id, field) in [
        (ID, ""),
        ("ffeeddccbbaa99887766554433221100", "Content-Length: 0\r\n"),
    ] {
        let mut stream = server.connect();
        // Earlier and later requests of the connection are none of it.
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        read_until(&mut stream, "}");
        let poll = format!("GET /feeds/lobby/poll?capture={id} HTTP/1.1\r\nHost: a\r\n{field}\r\n");
        let other = "GET /feeds/lobby/poll HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut answers = String::new();
        for request in [&poll, other, &poll] {
            stream.write_all(request.as_bytes()).unwrap();
            let answer = read_until(&mut stream, "}");
            if request != other {
                answers += &answer;
            }
        }
        drop(stream);
        wait_until("the connection has ended", || {
            capture(&server, id)["ended"] == true
        });
        let document = capture(&server, id);
        assert_eq!(
            String::from_utf8(bytes(&document, "up")).unwrap(),
            poll.repeat(2)
        );
        assert_eq!(
            String::from_utf8(bytes(&document, "down")).unwrap(),
            answers
        );
        assert_eq!(document["chunks"].as_array().unwrap().len(), 4);
        assert!(
            document["ends"]["server"] == json!(server.address),
            "{}",
            document["ends"]
        );
        assert!(tshark::assert_agrees(&packets(&server, id), &document) > 8);
    }
}

#[test]
fn a_capture_is_read_by_its_name_alone_and_a_bad_one_is_refused() {
    let server = Server::start(&["--token", "s3cret"]);
    let url = |path: &str| server.at(&format!("/captures/{path}"));
    for (path, status, says) in [
        (
            format!("{ID}?token=s3cret"),
            404,
            "there is no such capture",
        ),
        (
            format!("{ID}.pcap?token=s3cret"),
            404,
            "there is no such capture",
        ),
        ("x?token=s3cret".to_owned(), 400, "32 hexadecimal digits"),
        (format!("{ID}?token=s3cret&seen=x"), 400, "seen"),
        (ID.to_owned(), 401, "token"),
    ] {
        let answer = get(&url(&path));
        assert_eq!(
            (answer.status, answer.body.contains(says)),
            (status, true),
            "{answer:?}"
        );
    }
    let ping = post(&url(&format!("{ID}?token=s3cret")), "text/plain", "");
    assert_eq!(ping.status, 404, "{ping:?}");
    // A name that is none is ignored, as any other parameter.
    let poll = get(&server.at("/feeds/lobby/poll?token=s3cret&capture=1"));
    assert_eq!(poll.status, 200);
}

#[test]
fn plaintext_is_captured_where_tls_is() {
    let server = Server::start(&["--tls"]);
    let mut curl = command("curl");
    let url = |path: &str| format!("https://{}{path}", server.address);
    let poll = format!("/feeds/lobby/poll?capture={ID}");
    curl.args([
        "-q",
        "-s",
        "-k",
        "--http1.1",
        "--max-time",
        "20",
        "-A",
        "curl",
    ]);
    curl.args([&url(&poll), &url(&format!("/captures/{ID}"))]);
    let output = String::from_utf8(curl.output().unwrap().stdout).unwrap();
    let (_, document) = output.split_once("}").unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!(document["tls"], true);
    let up = String::from_utf8(bytes(&document, "up")).unwrap();
    assert!(up.starts_with(&format!("GET {poll} HTTP/1.1\r\n")), "{up}");
    assert!(bytes(&document, "down").starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// What the page shows: bytes of its spans, those that it was told of, and the state.
const SHOWN: &str = r"
    const links = [...document.querySelectorAll('#bytes a')];
    const hex = (way) => links.filter((a) => a.id.startsWith(way))
        .sort((a, b) => a.id.split('-')[1] - b.id.split('-')[1])
        .flatMap((a) => [...a.querySelectorAll('i')].map((i) => i.firstChild.textContent)).join('');
    return { up: hex('up'), down: hex('down'), state: document.querySelector('#state').textContent,
        error: document.querySelector('#error').textContent,
        capture: new URL(location.href).searchParams.get('capture') };";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The notes of all fields of a document.
fn notes(document: &Value) -> Vec<&str> {
    let spans = document["spans"].as_array().unwrap().iter();
    let fields = spans.flat_map(|span| span["fields"].as_array().unwrap());
    fields
        .map(|field| field["note"].as_str().unwrap())
        .collect()
}

#[test]
fn every_transport_of_a_browser_is_shown_to_the_last_byte() {
    let server = Server::start(&[]);
    let browser = Browser::open(&server.at("/microscope?feed=m"));
    for transport in Transport::CHOICES {
        let name = transport.name();
        let choose = format!("document.querySelector('#transport').value = '{name}'");
        browser.run(&choose);
        browser.click("#open button");
        let has_came = |value: &Value, part: &[u8]| {
            value["down"]
                .as_str()
                .unwrap_or_default()
                .contains(&hex(part))
        };
        browser.wait_for(name, SHOWN, |shown| has_came(shown, b"HTTP/1.1 "));
        browser.write("#text", "ol<b>á");
        browser.click("#send");
        browser.wait_for(name, SHOWN, |shown| has_came(shown, "ol<b>á".as_bytes()));
        if transport.polls() {
            browser.click("#close");
        } else {
            let sign: &[u8] = match transport {
                Transport::WebSocket => b"\x89\0",
                Transport::Sse => b":\n\n",
                _ => b"1\r\n\n\r\n",
            };
            browser.click("#ping");
            browser.wait_for(name, SHOWN, |shown| has_came(shown, sign));
            browser.click("#close");
            browser.wait_for(name, SHOWN, |shown| {
                shown["state"].as_str().unwrap().starts_with("Ended")
            });
        }
        let id = browser.run(SHOWN)["capture"].as_str().unwrap().to_owned();
        browser.wait_for("all bytes", SHOWN, |shown| {
            let document = capture(&server, &id);
            let all = ["up", "down"].map(|way| hex(&bytes(&document, way)));
            shown["up"] == json!(all[0]) && shown["down"] == json!(all[1])
        });
        let document = capture(&server, &id);
        let compared = tshark::assert_agrees(&packets(&server, &id), &document);
        assert!(compared > 10, "{name}: {compared}");
        let expected: &[&str] = match transport {
            Transport::WebSocket => &["masking-key", "unmasked-payload", "close-code", "opcode"],
            Transport::Sse => &["event-id", "event-comment", "chunk-size", "last-chunk"],
            Transport::Ndjson => &["line-end", "line-heartbeat", "last-chunk"],
            _ => &["content-length", "message-text", "envelope"],
        };
        let found = notes(&document);
        for note in expected {
            assert!(found.contains(note), "{name}: {note}");
        }
        assert_eq!(
            browser.run("return document.querySelectorAll('#bytes a b b').length"),
            0
        );
    }
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn fields_are_explained_by_pointer_keyboard_and_link() {
    let server = Server::start(&[]);
    let mut stream = server.open(&format!("/feeds/lobby/sse?capture={ID}"), "");
    read_until(&mut stream, "retry: ");
    let page = |rest: &str| server.at(&format!("/microscope?capture={ID}{rest}"));
    let browser = Browser::open(&page("&lang=pt#down-0"));
    let detail = "return document.querySelector('#detail').textContent";
    browser.wait_for("the status line", detail, |detail| {
        let detail = detail.as_str().unwrap();
        detail.contains("linha de status: HTTP/1.1 200 OK") && detail.contains("RFC 9112, seção 4")
    });
    let focus = "return document.activeElement.id";
    assert_eq!(browser.run(focus), "down-0");
    browser.press("\u{e014}");
    browser.wait_for("the next field", focus, |id| id != "down-0");
    assert!(
        browser
            .run("return location.hash")
            .as_str()
            .unwrap()
            .starts_with("#down-17")
    );
    // The timeline goes back to the request alone.
    browser.run(
        "const step = document.querySelector('#step');
        step.value = 2; step.dispatchEvent(new Event('input'));
        document.querySelector('#back').click()",
    );
    let later = "return document.querySelectorAll('#bytes a.later').length";
    browser.wait_for("later bytes", later, |count| count.as_u64() > Some(2));
    assert_eq!(browser.run("return document.documentElement.lang"), "pt-BR");
    // The page that names the capture is not part of it.
    assert_eq!(capture(&server, ID)["further_connections"], 0);
    let answer = get(&page(""));
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!answer.body.contains("<script>"));
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn looks_right_on_screens_and_on_paper() {
    let server = Server::start(&[]);
    let (mut socket, _) = open_websocket(&server, &format!("/feeds/lobby/ws?capture={ID}"), "");
    socket.write_all(&frame(0x81, br#"{"text":"oi"}"#)).unwrap();
    read_frame(&mut socket);
    let browser = Browser::open("about:blank");
    for (size, scheme, language) in [
        ((1280, 720), "light", "pt"),
        ((1280, 720), "dark", "en"),
        ((390, 844), "light", "en"),
        ((390, 844), "dark", "pt"),
    ] {
        show(&browser, size, scheme);
        browser.go(&server.at(&format!("/microscope?capture={ID}&lang={language}")));
        let bytes = "return document.querySelectorAll('#bytes i').length";
        browser.wait_for("bytes", bytes, |count| count.as_u64() > Some(200));
        let looks = format!("{language} {size:?} {scheme}");
        assert!(assert_readable(&browser, &looks) > 200, "{looks}");
    }
    // On paper all fields stand in a table, with its head on each page.
    browser.cdp("Emulation.setEmulatedMedia", json!({"media": "print"}));
    let paper = json!({"paperWidth": 8.27, "paperHeight": 11.69});
    let pdf = browser.cdp("Page.printToPDF", paper);
    let pdf = BASE64_STANDARD
        .decode(pdf["data"].as_str().unwrap())
        .unwrap();
    let pages = String::from_utf8_lossy(&pdf)
        .matches("/Type /Page\n")
        .count();
    assert!((2..=4).contains(&pages), "{pages}");
    let rows = browser.run("return document.querySelectorAll('#table tbody tr').length");
    assert!(rows.as_u64() > Some(10), "{rows}");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}
