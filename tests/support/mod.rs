//! What the tests share: the real server as a process, and HTTP by hand.
#![allow(dead_code)] // Each test binary uses its part.

pub mod websocket;

pub mod results;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest that any test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The header line of a request with a JSON body.
pub const JSON: &str = "Content-Type: application/json\r\n";

/// A `wslab serve` on a free port; it ends with this value.
pub struct Server {
    child: Child,
    log: Option<JoinHandle<String>>,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    pub fn start(flags: &[&str]) -> Self {
        Server::start_at("127.0.0.1:0", flags)
    }

    /// Kills it, and starts another that knows nothing on the same port.
    pub fn restart(self, flags: &[&str]) -> Self {
        let address = self.address.clone();
        drop(self);
        Server::start_at(&address, flags)
    }

    /// Starts one at an address where none is any more.
    pub fn start_at(address: &str, flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wslab"))
            .args(["serve", "--bind", address])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || std::io::read_to_string(log).unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http")
            .and_then(|url| url.trim_start_matches('s').strip_prefix("://"))
            .expect(&line)
            .to_owned();
        Server {
            child,
            log: Some(log),
            address,
        }
    }

    /// One that was started otherwise.
    pub fn of(child: Child, address: String) -> Self {
        Server {
            child,
            log: None,
            address,
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to end as a service manager does.
    pub fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Memory that it holds now.
    pub fn rss_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kib.parse::<u64>().unwrap() << 10
    }

    /// Waits for its end; returns its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        wait_until("the server ends", || {
            matches!(self.child.try_wait(), Ok(Some(_)))
        });
        self.child.wait().unwrap().code()
    }

    /// All that it told on standard error, once it has ended.
    pub fn log(&mut self) -> String {
        self.ended();
        self.log.take().unwrap().join().unwrap()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// One exchange on a connection of its own: status, head and body.
    pub fn exchange(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect(&answer);
        Answer {
            status: head[9..12].parse().unwrap(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.exchange("GET", path, "", "")
    }

    /// Publishes, and returns the sequence number.
    pub fn publish(&self, feed: &str, from: &str, text: &str) -> u64 {
        let body = serde_json::json!({ "from": from, "text": text }).to_string();
        let path = format!("/feeds/{feed}/messages");
        let answer = self.exchange("POST", &path, JSON, &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        json["seq"].as_u64().unwrap()
    }

    /// The epoch of this server's cursors.
    pub fn epoch(&self) -> String {
        let body = self.get("/feeds/a/poll").body;
        let json: serde_json::Value = serde_json::from_str(&body).expect(&body);
        json["epoch"].as_str().expect("an epoch").to_owned()
    }

    /// The JSON of every message of a feed, as its history holds it.
    pub fn history(&self, feed: &str) -> Vec<String> {
        let body = self.get(&format!("/feeds/{feed}/messages?limit=1000")).body;
        messages(&body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = self.log.take().map(JoinHandle::join);
        eprint!("{}", log.and_then(Result::ok).unwrap_or_default());
    }
}

/// The value of a line of `/metrics`, such as `wslab_writes_total{transport="sse"}`.
pub fn metric(text: &str, name: &str) -> u64 {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.expect(text).parse().expect(text)
}

/// What a server answered.
pub struct Answer {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
}

/// The raw JSON of each message in the body of a poll.
pub fn messages(body: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        messages: Vec<&'a serde_json::value::RawValue>,
    }
    let body: Body<'_> = serde_json::from_str(body).expect(body);
    body.messages
        .iter()
        .map(|message| message.get().to_owned())
        .collect()
}

/// Sends a request; returns the head of its answer, in lower case.
pub fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    read_until(stream, "\r\n\r\n").to_lowercase()
}

/// Reads until `text` has come, and returns all up to its end.
pub fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(text.as_bytes()) {
        stream.read_exact(&mut byte).unwrap_or_else(|error| {
            panic!(
                "{error} while waiting for {text:?} after {:?}",
                String::from_utf8_lossy(&seen)
            )
        });
        seen.push(byte[0]);
    }
    String::from_utf8(seen).unwrap()
}

/// Waits until `done`, for as long as patience lasts.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
