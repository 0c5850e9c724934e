//! A small server of feeds that lies to its subscribers in one way, over every transport.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// How long a long poll is held.
const HOLD: Duration = Duration::from_millis(500);

/// A message as a subscriber is told of it.
#[derive(Clone)]
pub struct Told {
    pub seq: u64,
    pub text: String,
    pub intended_at_ns: u64,
    pub published_at_ns: u64,
    pub epoch: &'static str,
}

/// What subscriber number n of a feed is told when its message number i arrives, both from 0. The
/// honest messages of the feed up to that one are given.
pub type Lie = fn(n: usize, i: usize, feed: &[Told]) -> Vec<Told>;

/// The truth.
pub fn honest(_: usize, i: usize, feed: &[Told]) -> Vec<Told> {
    vec![feed[i].clone()]
}

#[derive(Default)]
struct Feed {
    messages: Vec<Told>,
    subscribers: usize,
}

struct State {
    lie: Lie,
    feeds: Mutex<HashMap<String, Feed>>,
    published: Condvar,
}

/// Starts a server that lives as long as the test; returns its URL.
pub fn start(lie: Lie) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let state = Arc::new(State {
        lie,
        feeds: Mutex::default(),
        published: Condvar::new(),
    });
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = state.clone();
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || serve(&state, stream));
        }
    });
    url
}

/// A subscriber's place in a feed.
struct Place {
    feed: String,
    number: usize,
    next: usize,
}

/// Answers requests until the client leaves.
fn serve(state: &State, mut stream: TcpStream) -> Option<()> {
    let (mut bytes, mut place) = (Vec::new(), None);
    loop {
        let (head, body) = request(&mut stream, &mut bytes)?;
        let path = head.split(' ').nth(1)?.to_owned();
        // Such a poll makes the feed. It has no subscriber's number.
        let makes_feed = path.ends_with("hold_ms=0");
        let path = path.split('?').next()?;
        let Some((feed, endpoint)) = path
            .strip_prefix("/feeds/")
            .and_then(|path| path.split_once('/'))
        else {
            answer(&mut stream, "200 OK", &json!({"status": "ok"}).to_string())?;
            continue;
        };
        if head.starts_with("POST") {
            let seq = state.publish(feed, &body);
            answer(
                &mut stream,
                "201 Created",
                &json!({ "seq": seq }).to_string(),
            )?;
            continue;
        }
        if makes_feed {
            let page = json!({ "messages": [], "last": 0, "epoch": "k3x9" });
            answer(&mut stream, "200 OK", &page.to_string())?;
            continue;
        }
        let place = place.get_or_insert_with(|| state.subscribe(feed));
        match endpoint {
            "poll" | "long-poll" => {
                let told = state.told(place, endpoint == "long-poll").ok()?;
                let (last, epoch) = told
                    .last()
                    .map_or((0, "k3x9"), |last| (last.seq, last.epoch));
                let messages: Vec<Value> = told.iter().map(Told::json).collect();
                let page = json!({ "messages": messages, "last": last, "epoch": epoch });
                answer(&mut stream, "200 OK", &page.to_string())?;
            }
            _ => stream_all(state, &mut stream, place, endpoint, &head)?,
        }
    }
}

/// A request's head and body. `bytes` keeps what follows.
fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = field(&head, "content-length").map_or(0, |n| n.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let mut used: Vec<u8> = bytes.drain(..end + 4 + length).collect();
                return Some((head, used.split_off(end + 4)));
            }
        }
        let mut more = [0; 16 << 10];
        let count = stream.read(&mut more).ok().filter(|count| *count > 0)?;
        bytes.extend(&more[..count]);
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut values = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    values.next().map(|(_, value)| value)
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) -> Option<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()
}

/// Writes messages as they come, in the form of a streaming transport.
fn stream_all(
    state: &State,
    stream: &mut TcpStream,
    place: &mut Place,
    endpoint: &str,
    head: &str,
) -> Option<()> {
    let accept = field(head, "sec-websocket-key").map(|key| derive_accept_key(key.as_bytes()));
    let fields = match endpoint {
        "sse" => "200 OK\r\nContent-Type: text/event-stream".to_owned(),
        "stream" => "200 OK\r\nContent-Type: application/x-ndjson".to_owned(),
        "ws" => format!(
            "101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}",
            accept?
        ),
        _ => "101 Switching Protocols\r\nUpgrade: raw-tcp\r\nConnection: Upgrade".to_owned(),
    };
    stream
        .write_all(format!("HTTP/1.1 {fields}\r\n\r\n").as_bytes())
        .ok()?;
    // A client without an epoch is told of the server's first.
    let mut epoch = "";
    loop {
        for told in state.told(place, true).ok()? {
            if std::mem::replace(&mut epoch, told.epoch) != told.epoch {
                let reset = json!({ "missed": 0, "last": told.seq, "epoch": epoch });
                let reset = match endpoint {
                    "sse" => format!("event: reset\ndata: {reset}\n\n").into_bytes(),
                    _ => framed(endpoint, &format!(r#"{{"reset":{reset}}}"#)),
                };
                stream.write_all(&reset).ok()?;
            }
            stream
                .write_all(&framed(endpoint, &told.json().to_string()))
                .ok()?;
        }
    }
}

fn framed(endpoint: &str, json: &str) -> Vec<u8> {
    match endpoint {
        "sse" => format!("data: {json}\n\n").into_bytes(),
        "stream" => format!("{json}\n").into_bytes(),
        "ws" => [
            &[0x81, 126][..],
            &(json.len() as u16).to_be_bytes(),
            json.as_bytes(),
        ]
        .concat(),
        _ => [&(json.len() as u32).to_be_bytes(), json.as_bytes()].concat(),
    }
}

impl Told {
    fn json(&self) -> Value {
        json!({
            "seq": self.seq,
            "from": "sensor-1",
            "text": self.text,
            "intended_at_ns": self.intended_at_ns,
            "published_at_ns": self.published_at_ns,
        })
    }
}

impl State {
    fn publish(&self, feed: &str, body: &[u8]) -> u64 {
        let body: Value = serde_json::from_slice(body).unwrap();
        let now = clock_gettime(ClockId::Monotonic);
        let mut feeds = self.feeds.lock().unwrap();
        let feed = feeds.entry(feed.to_owned()).or_default();
        let seq = feed.messages.len() as u64 + 1;
        feed.messages.push(Told {
            seq,
            text: body["text"].as_str().unwrap().to_owned(),
            intended_at_ns: body["intended_at_ns"].as_u64().unwrap(),
            published_at_ns: now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64,
            epoch: "k3x9",
        });
        self.published.notify_all();
        seq
    }

    fn subscribe(&self, feed: &str) -> Place {
        let mut feeds = self.feeds.lock().unwrap();
        let entry = feeds.entry(feed.to_owned()).or_default();
        entry.subscribers += 1;
        Place {
            feed: feed.to_owned(),
            number: entry.subscribers - 1,
            next: 0,
        }
    }

    /// What a subscriber is told next. With `wait`, waits for something for a while.
    fn told(&self, place: &mut Place, wait: bool) -> Result<Vec<Told>, ()> {
        let mut feeds = self.feeds.lock().unwrap();
        let mut told = Vec::new();
        loop {
            let messages = &feeds[&place.feed].messages;
            while place.next < messages.len() {
                told.extend((self.lie)(place.number, place.next, messages));
                place.next += 1;
            }
            if !told.is_empty() || !wait {
                return Ok(told);
            }
            let (again, timeout) = self.published.wait_timeout(feeds, HOLD).map_err(drop)?;
            if timeout.timed_out() {
                return Ok(told);
            }
            feeds = again;
        }
    }
}
