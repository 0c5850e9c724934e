//! Pages in browsers; Chromium, driven by chromedriver over W3C WebDriver.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Process, command};
use super::{PATIENCE, curl};

const CHROMIUM: &str = "/usr/bin/chromium";

/// Pause between two looks at a page.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Chromium without a display and without background traffic. The pipe to chromedriver ends it when
/// chromedriver ends.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--remote-debugging-pipe",
    "--window-size=1400,900",
];

/// A page in a browser of any maker.
pub trait Page {
    /// Runs a script in the page; returns what it returns.
    fn run(&self, script: &str) -> Value;

    /// Runs a script in the page until its result fulfils `good`.
    fn wait_for(&self, what: &str, script: &str, good: impl Fn(&Value) -> bool) {
        let started = Instant::now();
        loop {
            let value = self.run(script);
            if good(&value) {
                return;
            }
            let late = started.elapsed() > PATIENCE;
            assert!(!late, "no {what} after {PATIENCE:?}: {value:#}");
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// Chromium; it ends with this value.
pub struct Browser {
    driver: Process,
    home: Home,
    /// URL of the WebDriver session; of chromedriver until there is one.
    session: String,
}

impl Browser {
    /// Opens a page in a browser with an empty profile.
    pub fn open(page: &str) -> Self {
        let home = Home(TempDir::with_prefix("wslab-chromium-").expect("a folder for the browser"));
        let mut chromedriver = command("/usr/bin/chromedriver");
        chromedriver
            .arg("--port=0")
            .env("HOME", home.0.path())
            .env("TMPDIR", home.0.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME");
        let driver = Process::start(chromedriver);
        let port = std::iter::from_fn(|| driver.next_line())
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver tells its port");
        let mut browser = Browser {
            driver,
            home,
            session: format!("http://127.0.0.1:{port}"),
        };
        browser.begin();
        browser.go(page);
        browser
    }

    pub fn go(&self, page: &str) {
        self.ask("url", json!({ "url": page }));
    }

    /// The window or tab that commands go to.
    pub fn window(&self) -> Value {
        let answer = reply(&curl::get(&format!("{}/window", self.session)));
        json!({ "handle": answer })
    }

    /// Opens a page in a new `tab`, which hides the others of its window, or in a new `window`,
    /// which hides none. Commands go there from now on.
    pub fn open_in_new(&self, kind: &str, page: &str) -> Value {
        let window = self.ask("window/new", json!({ "type": kind }));
        self.switch_to(&window);
        self.go(page);
        window
    }

    /// Sends commands to another window or tab, which shows that tab.
    pub fn switch_to(&self, window: &Value) {
        self.ask("window", window.clone());
    }

    /// Hides its window.
    pub fn minimize(&self) {
        self.ask("window/minimize", json!({}));
    }

    /// Shows a minimized window.
    pub fn restore(&self) {
        self.ask("window/rect", json!({"width": 1400, "height": 900}));
    }

    /// Closes its window. Commands need another one then.
    pub fn close(&self) {
        let mut close = curl::curl(&format!("{}/window", self.session));
        close.args(["-X", "DELETE"]);
        reply(&curl::Answer::whole(Process::start(close)));
    }

    /// A command of the Chrome DevTools protocol; returns its result.
    pub fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.ask(
            "goog/cdp/execute",
            json!({"cmd": command, "params": parameters}),
        )
    }

    /// Presses a key, in the element that has the focus.
    pub fn press(&self, key: &str) {
        let actions = ["keyDown", "keyUp"].map(|action| json!({"type": action, "value": key}));
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.ask("actions", json!({ "actions": [keyboard] }));
    }

    /// Ends the process of its window's page. Commands need another window then.
    pub fn crash(&self) {
        let url = format!("{}/goog/cdp/execute", self.session);
        let body = json!({"cmd": "Page.crash", "params": {}}).to_string();
        let answer = curl::post(&url, "application/json", &body);
        assert!(answer.body.contains("tab crashed"), "{answer:?}");
    }

    fn begin(&mut self) {
        assert!(
            Path::new(CHROMIUM).exists(),
            "{CHROMIUM} is missing: run scripts/test, which installs it"
        );
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", self.home.0.path().display()));
        let answer = self.ask(
            "session",
            json!({"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": {"binary": CHROMIUM, "args": flags},
                "goog:loggingPrefs": {"browser": "ALL"},
            }}}),
        );
        let id = answer["sessionId"].as_str().expect("a session has an id");
        self.session = format!("{}/session/{id}", self.session);
    }

    /// One command; returns its `value`.
    fn ask(&self, what: &str, body: Value) -> Value {
        let url = format!("{}/{what}", self.session);
        reply(&curl::post(&url, "application/json", &body.to_string()))
    }

    /// Replaces the text of a field by typing.
    pub fn write(&self, selector: &str, text: &str) {
        let field = self.element(selector);
        self.ask(&format!("{field}/clear"), json!({}));
        self.ask(&format!("{field}/value"), json!({ "text": text }));
    }

    pub fn click(&self, selector: &str) {
        self.ask(&format!("{}/click", self.element(selector)), json!({}));
    }

    /// The address of the one element that a CSS selector names.
    fn element(&self, selector: &str) -> String {
        let answer = self.ask(
            "element",
            json!({"using": "css selector", "value": selector}),
        );
        let mut ids = answer.as_object().expect("a reference").values();
        let id = ids.next().and_then(Value::as_str).expect("an id");
        format!("element/{id}")
    }

    /// Errors in the page's console.
    pub fn errors(&self) -> Vec<Value> {
        let log = self.ask("se/log", json!({"type": "browser"}));
        let mut entries = log.as_array().expect("a list of entries").clone();
        entries.retain(|entry| entry["level"] == "SEVERE");
        entries
    }
}

impl Page for Browser {
    fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", json!({"script": script, "args": []}))
    }
}

/// The `value` of a reply.
fn reply(answer: &curl::Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["value"].take()
}

impl Drop for Browser {
    /// Nothing here may panic, because the test may be panicking already.
    fn drop(&mut self) {
        let mut quit = command("curl");
        quit.args(["-q", "-s", "--max-time", "5", "-X", "DELETE", &self.session]);
        let _ = quit.output();
        self.driver.end();
    }
}

/// A folder for all that a browser writes. Its drop also ends every process that was started with
/// it.
pub struct Home(pub TempDir);

impl Drop for Home {
    fn drop(&mut self) {
        let started = Instant::now();
        loop {
            let left = processes_that_name(self.0.path());
            if left.is_empty() || started.elapsed() > PATIENCE {
                break;
            }
            for pid in left {
                let _ = kill_process(pid, Signal::KILL);
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// The processes with this folder in their command lines.
fn processes_that_name(directory: &Path) -> Vec<Pid> {
    let name = directory.to_string_lossy();
    let pid_if_named = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let arguments = fs::read(entry.path().join("cmdline")).ok()?;
        let named = String::from_utf8_lossy(&arguments).contains(&*name);
        Pid::from_raw(pid).filter(|_| named)
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(pid_if_named).collect()
}
