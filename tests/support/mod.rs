//! What the tests share: the real server as a process, and HTTP by hand.
#![allow(dead_code)] // Each test binary uses its part.

pub mod browser;
pub mod certificate;
pub mod curl;
pub mod firefox;
pub mod looks;
pub mod process;
pub mod race;
pub mod relay;
pub mod results;
pub mod tshark;
pub mod websocket;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use process::{Process, signal, wslab};

/// The longest that a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The header line of a request with a JSON body.
pub const JSON: &str = "Content-Type: application/json\r\n";

/// A `wslab serve` on a free port; it ends with this value.
pub struct Server {
    pub process: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    pub fn start(flags: &[&str]) -> Self {
        Server::start_at("127.0.0.1:0", flags)
    }

    /// Kills it, and starts another one with an empty history on the same port.
    pub fn restart(self, flags: &[&str]) -> Self {
        let address = self.address.clone();
        drop(self);
        Server::start_at(&address, flags)
    }

    /// Starts one at an address that is free.
    pub fn start_at(address: &str, flags: &[&str]) -> Self {
        let serve = [&["serve", "--bind", address], flags].concat();
        Server::of(Process::start(wslab(&serve)))
    }

    /// The server of a process that prints first where it listens.
    pub fn of(process: Process) -> Self {
        let line = process.line();
        let url = line.strip_prefix("listening on http").expect(&line);
        let (_, address) = url.split_once("://").expect(&line);
        let address = address.to_owned();
        Server { process, address }
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        signal(self.process.id(), "-TERM");
    }

    /// Resident memory, in bytes.
    pub fn rss_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kib.parse::<u64>().unwrap() << 10
    }

    /// All that it wrote to standard error, after its end.
    pub fn log(&mut self) -> String {
        self.process.ended();
        self.process.rest_of_notes()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of a path.
    pub fn at(&self, path: &str) -> String {
        self.url() + path
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Connects from one of this machine's addresses.
    pub fn connect_from(&self, address: [u8; 4]) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
        let server: SocketAddr = self.address.parse().unwrap();
        socket.connect(&server.into()).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a GET on a connection of its own.
    pub fn open(&self, path: &str, headers: &str) -> TcpStream {
        let mut stream = self.connect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// Sends a GET and reads the response up to the end of `until`.
    pub fn open_until(&self, path: &str, headers: &str, until: &str) -> (TcpStream, String) {
        let mut stream = self.open(path, headers);
        let seen = read_until(&mut stream, until);
        (stream, seen)
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

/// The value of a line of `/metrics`, such as `wslab_writes_total{transport="sse"}`.
pub fn metric(text: &str, name: &str) -> u64 {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.expect(text).parse().expect(text)
}

/// A response.
pub struct Answer {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// Checks the status, and that the head or the body holds each of these texts.
    #[track_caller]
    pub fn assert(&self, status: u16, texts: &[&str]) {
        assert_eq!(self.status, status, "{}{}", self.head, self.body);
        for text in texts {
            let found = self.head.contains(text) || self.body.contains(text);
            assert!(found, "{text:?} is not in {}{}", self.head, self.body);
        }
    }
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

/// Lets one test of a binary go on at a time: trials that run beside each other doubt each other.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Waits until `done`, at most [`PATIENCE`].
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
