//! Firefox ESR, driven over the WebDriver BiDi that it serves itself (W3C).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs;
use std::net::TcpStream;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use super::PATIENCE;
use super::browser::{Home, Page};
use super::process::{Process, command};

const FIREFOX: &str = "/usr/bin/firefox-esr";

/// Preferences against traffic in the background.
const PREFERENCES: &str = r#"
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.safebrowsing.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.server", "data:,");
"#;

/// A browser with one window; it ends with this value.
pub struct Firefox {
    firefox: Process,
    _home: Home,
    session: RefCell<Session>,
    window: Value,
}

/// The connection that commands go over.
struct Session {
    socket: WebSocket<TcpStream>,
    commands: u64,
    /// Entries of the console, until they are asked for.
    log: VecDeque<Value>,
}

impl Firefox {
    /// Opens a page in a browser with an empty profile.
    pub fn open(page: &str) -> Self {
        let home = Home(TempDir::with_prefix("wslab-firefox-").expect("a folder for the browser"));
        fs::write(home.0.path().join("user.js"), PREFERENCES).expect("a profile");
        let mut firefox = command(FIREFOX);
        firefox
            .args(["--headless", "--no-remote", "--remote-debugging-port=0"])
            .args(["--profile".as_ref(), home.0.path().as_os_str()])
            .env("HOME", home.0.path())
            .env("TMPDIR", home.0.path());
        let firefox = Process::start(firefox);
        let url = std::iter::from_fn(|| firefox.next_note())
            .find_map(|note| {
                Some(
                    note.strip_prefix("WebDriver BiDi listening on ")?
                        .to_owned(),
                )
            })
            .expect("Firefox tells where it listens");
        let mut session = Session::begin(&url);
        let contexts = session.ask("browsingContext.getTree", json!({}));
        let window = contexts["contexts"][0]["context"].clone();
        let browser = Firefox {
            firefox,
            _home: home,
            session: RefCell::new(session),
            window,
        };
        browser.go(page);
        browser
    }

    pub fn go(&self, page: &str) {
        let page = json!({ "context": self.window, "url": page, "wait": "complete" });
        self.ask("browsingContext.navigate", page);
    }

    /// Errors in the page's console since the last call.
    pub fn errors(&self) -> Vec<Value> {
        // What the page said before is in the log by the time it answers.
        self.run("return true");
        let mut entries: Vec<_> = self.session.borrow_mut().log.drain(..).collect();
        entries.retain(|entry| entry["level"] == "error");
        entries
    }

    fn ask(&self, method: &str, parameters: Value) -> Value {
        self.session.borrow_mut().ask(method, parameters)
    }
}

impl Page for Firefox {
    fn run(&self, script: &str) -> Value {
        let function = format!("async () => JSON.stringify(await (() => {{ {script} }})())");
        let call = json!({
            "functionDeclaration": function,
            "target": { "context": self.window },
            "awaitPromise": true,
        });
        let returned = self.ask("script.callFunction", call);
        let Some(json) = returned["result"]["value"].as_str() else {
            assert_eq!(returned["result"]["type"], "undefined", "{returned:#}");
            return Value::Null;
        };
        serde_json::from_str(json).expect(json)
    }
}

impl Session {
    fn begin(url: &str) -> Self {
        let (_, address) = url.split_once("://").expect(url);
        let stream = TcpStream::connect(address).expect("Firefox accepts connections");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = client(format!("{url}/session"), stream).expect("a WebSocket");
        let mut session = Session {
            socket,
            commands: 0,
            log: VecDeque::new(),
        };
        session.ask("session.new", json!({ "capabilities": {} }));
        session.ask("session.subscribe", json!({ "events": ["log.entryAdded"] }));
        session
    }

    /// One command; returns its result.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.commands += 1;
        let command = json!({ "id": self.commands, "method": method, "params": parameters });
        let sent = self.socket.send(Message::text(command.to_string()));
        sent.expect("a command is sent");
        loop {
            let message = self.socket.read().expect("an answer");
            let Message::Text(text) = message else {
                continue;
            };
            let mut said: Value = serde_json::from_str(&text).expect("JSON");
            if said["method"] == "log.entryAdded" {
                self.log.push_back(said["params"].take());
            } else if said["id"] == self.commands {
                assert_eq!(said["type"], "success", "{method}: {said:#}");
                return said["result"].take();
            }
        }
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        self.firefox.end();
    }
}
