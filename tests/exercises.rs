//! `wslab demo --lab`: the clients and pages of the course's exercises work with its servers as
//! they are.

mod support;

use std::net::TcpListener;

use serde_json::Value;
use support::Server;
use support::browser::{Browser, Page};
use support::process::{Process, command, text, wslab};
use tempfile::TempDir;

/// A demonstration with the servers of the exercises on free ports, and their URLs.
struct Lab {
    demo: Server,
    websocket: String,
    events: String,
}

impl Lab {
    fn start() -> Self {
        let line = "demo --bind 127.0.0.1:0 --lab-ports 0,0 --no-open";
        let words: Vec<&str> = line.split(' ').collect();
        let demo = Server::of(Process::start(wslab(&words)));
        let mut lines = std::iter::from_fn(|| demo.process.next_line());
        let url = |line: String| {
            let url = line.split_once(": ").expect(&line).1;
            url.split(',').next().unwrap().to_owned()
        };
        let websocket = lines.find(|line| line.contains("ws://")).map(url).unwrap();
        let client = lines.next().unwrap();
        assert_eq!(client, format!("  python3 -m websockets {websocket}"));
        let events = lines.next().map(url).unwrap();
        let client = lines.next().unwrap();
        assert_eq!(client, format!("  curl -N {events}"));
        assert!(events.ends_with("/eventos"), "{events}");
        Lab {
            demo,
            websocket,
            events,
        }
    }
}

/// The exercise's client, with three texts.
const CLIENT: &str = "\
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1]) as ws:
        for text in ('Olá, servidor!', 'ação 🌍', 'x' * 5000):
            await ws.send(text)
            print(await asyncio.wait_for(ws.recv(), 20))
asyncio.run(main())
";

#[test]
fn the_exercises_client_gets_each_text_confirmed() {
    let lab = Lab::start();
    let mut python = command("/usr/bin/python3");
    python.args(["-I", "-X", "utf8", "-c", CLIENT, &lab.websocket]);
    let long = "x".repeat(5000);
    let expected = ["Olá, servidor!", "ação 🌍", &long];
    let expected = expected.map(|text| format!("Servidor confirmou recebimento: {text}"));
    assert_eq!(Process::start(python).lines(), expected);
}

/// The exercise's page: it shows the last event, counts them, and warns of heat.
const PAGE: &str = "<!DOCTYPE html><meta charset=utf-8><p id=last></p><script>
window.events = [];
const source = new EventSource('URL');
source.onmessage = event => {
  const data = JSON.parse(event.data);
  events.push(data);
  document.getElementById('last').textContent = data.mensagem + ' às ' + data.horario;
};
</script>";

#[test]
fn the_exercises_page_opened_from_a_file_gets_the_events() {
    let lab = Lab::start();
    let folder = TempDir::with_prefix("wslab-exercises-").unwrap();
    let file = folder.path().join("pagina.html");
    let page = PAGE.replace("URL", &format!("{}?sensores", lab.events));
    std::fs::write(&file, page).unwrap();
    let browser = Browser::open(&format!("file://{}", file.display()));
    browser.wait_for("second event", "return events.length", |count| {
        count.as_u64() >= Some(2)
    });
    let events = browser.run("return events");
    let events = events.as_array().unwrap();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["contador"], index + 1);
        let temperature = event["temperatura"].as_f64().unwrap();
        assert!((20.0..=40.0).contains(&temperature), "{event}");
        assert_eq!(event["alerta"].is_string(), temperature > 35.0, "{event}");
        assert!(event["umidade"].is_number() && event["pressao"].is_number());
        assert_eq!(event["horario"].as_str().unwrap().len(), 8, "{event}");
    }
    let shown = browser.run("return document.getElementById('last').textContent");
    assert!(shown.as_str().unwrap().contains(" às "), "{shown}");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn a_check_finds_nothing_wrong_with_the_servers_of_the_exercises() {
    let lab = Lab::start();
    for url in [&lab.websocket, &lab.events] {
        let output = wslab(&["check", url, "--format", "json"]).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{document:#}");
        assert_eq!(document["unknown"], 0, "{document:#}");
    }
    assert_eq!(lab.demo.get("/healthz").status, 200);
}

#[test]
fn a_port_that_is_taken_is_told_before_anything_starts() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let accepting = taken.try_clone().unwrap();
    std::thread::spawn(move || {
        accepting
            .incoming()
            .map_while(Result::ok)
            .collect::<Vec<_>>()
    });
    let port = taken.local_addr().unwrap().port();
    for ports in [format!("{port},0"), format!("0,{port}")] {
        let line = ["demo", "--bind", "127.0.0.1:0", "--lab-ports", &ports];
        let output = wslab(&line).output().unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let pid = format!(
            "(process {}) listens on 127.0.0.1:{port}",
            std::process::id()
        );
        assert!(
            told.contains(&pid) && told.contains("--lab-ports 8"),
            "{told}"
        );
    }
    let output = wslab(&["demo", "--lab-ports", "8765"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("write two ports"));
}

#[test]
fn a_page_that_comes_back_goes_on_with_its_count() {
    let lab = Lab::start();
    let mut curl = support::curl::curl(&lab.events);
    curl.args(["-H", "Last-Event-ID: 41"]);
    let stream = Process::start(curl);
    let mut lines = std::iter::from_fn(|| stream.next_line());
    let data = lines.find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    let data: Value = serde_json::from_str(&data.unwrap()).unwrap();
    assert_eq!(data["contador"], 42);
    assert!(data.get("temperatura").is_none());
}
