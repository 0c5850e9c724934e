//! The programs of `examples/`, against the real server: in Chromium, and in Python.

mod support;

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use support::Server;
use support::browser::{Browser, Page};
use support::process::{Process, command};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

/// What a page of the examples lists.
const LIST: &str = "return [...document.querySelectorAll('li')].map((li) => li.textContent)";

/// A network between a client and a server that can be cut.
struct Network {
    /// `127.0.0.1:PORT`.
    address: String,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Network {
    fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let network = Network {
            address: listener.local_addr().unwrap().to_string(),
            is_cut: Arc::default(),
            open: Arc::default(),
        };
        let (server, is_cut) = (server.to_owned(), network.is_cut.clone());
        let open = network.open.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client?, TcpStream::connect(&server)?);
                let mut open = open.lock().unwrap();
                if is_cut.load(SeqCst) {
                    continue;
                }
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
                    thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
                open.extend([client, server]);
            }
            io::Result::Ok(())
        });
        network
    }

    fn cut(&self) {
        let mut open = self.open.lock().unwrap();
        self.is_cut.store(true, SeqCst);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.is_cut.store(false, SeqCst);
    }
}

/// The texts of a feed, in their order.
fn texts(server: &Server) -> Vec<String> {
    let messages = server.history("lobby").into_iter();
    let messages = messages.map(|json| serde_json::from_str::<Value>(&json).unwrap());
    let texts = messages.filter(|message| message.get("kind").is_none());
    let line = |message: Value| {
        let field = |name: &str| message[name].as_str().unwrap().to_owned();
        format!("{}: {}", field("from"), field("text"))
    };
    texts.map(line).collect()
}

/// Lines of a chat that are texts: joins and leaves depend on how long the network was cut.
fn said(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let is_text = |line: &String| !line.ends_with(": join") && !line.ends_with(": leave");
    lines.into_iter().filter(is_text).collect()
}

fn wait_for_state(browser: &Browser, expected: &str) {
    let script = "return document.querySelector('#state').textContent";
    browser.wait_for(expected, script, |state| {
        state
            .as_str()
            .is_some_and(|state| state.starts_with(expected))
    });
}

fn send(browser: &Browser, text: &str) {
    browser.write("input", text);
    browser.click("button");
}

/// Waits until the page lists these texts and no others.
fn wait_for_texts(browser: &Browser, expected: &[&str]) {
    browser.wait_for("these texts", LIST, |lines| {
        let lines = serde_json::from_value::<Vec<String>>(lines.clone()).unwrap();
        said(lines) == expected
    });
}

fn echoes(page: &str) {
    let browser = Browser::open(page);
    wait_for_state(&browser, "open");
    for text in ["oi", "<b>ação</b> 🌍"] {
        send(&browser, text);
        browser.wait_for("an echo with its time", LIST, |lines| {
            let newest = lines[0].as_str().unwrap_or_default();
            newest.starts_with(&format!("{text} (")) && newest.ends_with(" ms)")
        });
    }
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn the_echo_page_works_opened_from_disk() {
    let server = Server::start(&["--allow-origin", "null"]);
    echoes(&format!(
        "file://{FOLDER}/echo.html?server={}",
        server.url()
    ));
}

#[test]
fn the_echo_page_works_from_a_web_server() {
    let mut python = command("/usr/bin/python3");
    let serve = [
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
    ];
    python.args(serve).arg(FOLDER);
    let files = Process::start(python);
    let line = files.line();
    let (_, origin) = line.split_once('(').expect(&line);
    let origin = origin.trim_end_matches(") ...").trim_end_matches('/');
    let server = Server::start(&["--allow-origin", origin]);
    echoes(&format!("{origin}/echo.html?server={}", server.url()));
}

#[test]
fn the_chat_page_loses_nothing_when_the_network_is_cut() {
    let server = Server::start(&["--allow-origin", "null"]);
    server.publish("lobby", "bob", "before");
    let network = Network::to(&server.address);
    let page = format!(
        "file://{FOLDER}/chat.html?name=alice&server=http://{}",
        network.address
    );
    let browser = Browser::open(&page);
    wait_for_state(&browser, "open");
    send(&browser, "one");
    wait_for_texts(&browser, &["bob: before", "alice: one"]);
    network.cut();
    wait_for_state(&browser, "reconnecting");
    server.publish("lobby", "bob", "meanwhile");
    send(&browser, "two");
    send(&browser, "three");
    network.mend();
    let all = [
        "bob: before",
        "alice: one",
        "bob: meanwhile",
        "alice: two",
        "alice: three",
    ];
    wait_for_texts(&browser, &all);
    assert_eq!(texts(&server), all);
    // What the server refuses is told, and the next text goes out.
    send(&browser, " ");
    send(&browser, "four");
    wait_for_texts(
        &browser,
        &[&all[..], &["not sent:  ", "alice: four"]].concat(),
    );
}

#[test]
fn the_chat_page_begins_anew_with_a_restarted_server() {
    let flags = ["--allow-origin", "null"];
    let server = Server::start(&flags);
    let page = format!(
        "file://{FOLDER}/chat.html?name=alice&server={}",
        server.url()
    );
    let browser = Browser::open(&page);
    wait_for_state(&browser, "open");
    send(&browser, "one");
    wait_for_texts(&browser, &["alice: one"]);
    let server = server.restart(&flags);
    server.publish("lobby", "bob", "new");
    wait_for_texts(&browser, &["alice: one", "bob: new"]);
    send(&browser, "two");
    wait_for_texts(&browser, &["alice: one", "bob: new", "alice: two"]);
}

/// `chat.py` of alice.
fn chat_py(server: &str) -> Process {
    // Debian's Python, which its package python3-websockets belongs to.
    let mut python = command("/usr/bin/python3");
    let chat = format!("{FOLDER}/chat.py");
    python.args([
        "-I",
        "-X",
        "utf8",
        &chat,
        "alice",
        &format!("http://{server}"),
    ]);
    Process::start(python)
}

#[test]
fn the_python_chat_loses_nothing_when_the_network_is_cut() {
    let server = Server::start(&[]);
    server.publish("lobby", "bob", "before");
    let network = Network::to(&server.address);
    let mut chat = chat_py(&network.address);
    chat.write_line("one");
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "alice: one") {
        lines.push(chat.line());
    }
    network.cut();
    assert!(chat.next_note().unwrap().starts_with("reconnecting: "));
    server.publish("lobby", "bob", "meanwhile");
    chat.write_line("two ação");
    chat.write_line("three");
    network.mend();
    chat.close_input();
    let output = chat.finish();
    assert!(output.status.success(), "{output:?}");
    lines.extend(
        support::process::text(&output.stdout)
            .lines()
            .map(str::to_owned),
    );
    let all = [
        "bob: before",
        "alice: one",
        "bob: meanwhile",
        "alice: two ação",
        "alice: three",
    ];
    assert_eq!(said(lines), all);
    assert_eq!(texts(&server), all);
}
