//! Event streams and polls that keep the rules, but for the faults that they are told to have. The
//! addresses are those of wslab's feeds.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Faults, Head};

/// The longest hold of a long poll.
const HOLD: Duration = Duration::from_secs(25);

/// Messages; the sequence number of the first is 1.
#[derive(Default)]
pub struct Feed {
    texts: Mutex<Vec<String>>,
    grown: Condvar,
}

impl Feed {
    fn publish(&self, text: &str) {
        self.texts.lock().unwrap().push(text.to_owned());
        self.grown.notify_all();
    }

    fn last(&self) -> usize {
        self.texts.lock().unwrap().len()
    }

    /// The messages after a number, at once or as soon as there are some.
    fn after(&self, seq: usize, hold: Duration) -> Vec<(usize, String)> {
        let texts = self.texts.lock().unwrap();
        let is_old = |texts: &mut Vec<String>| texts.len() <= seq;
        let (texts, _) = self.grown.wait_timeout_while(texts, hold, is_old).unwrap();
        let numbered = texts.iter().cloned().enumerate().skip(seq);
        numbered.map(|(index, text)| (index + 1, text)).collect()
    }
}

/// Serves one request. Returns what came behind it, for the next one.
pub fn serve(
    stream: &mut TcpStream,
    head: &Head,
    behind: Vec<u8>,
    faults: &Faults,
    feed: &Feed,
) -> Option<Vec<u8>> {
    let path = head.path.split('?').next().unwrap_or_default();
    match (&*head.method, path) {
        ("POST", "/feeds/x/messages") => {
            let length = head.field("content-length").parse().ok()?;
            let mut body = behind;
            while body.len() < length {
                let mut more = vec![0; length - body.len()];
                let count = std::io::Read::read(stream, &mut more).ok()?;
                body.extend(&more[..count]);
            }
            let json: Value = serde_json::from_slice(&body).ok()?;
            feed.publish(json["text"].as_str()?);
            let answer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
            None
        }
        (_, "/feeds/x/sse") => {
            let _ = events(stream, head, faults, feed);
            None
        }
        (_, "/feeds/x/poll") => poll(stream, head, faults, feed, Duration::ZERO).then_some(behind),
        (_, "/feeds/x/long-poll") => {
            let asked = head.parameter("hold_ms").and_then(|ms| ms.parse().ok());
            let hold = asked.map_or(HOLD, Duration::from_millis);
            let hold = if faults.has("no-hold") {
                Duration::ZERO
            } else {
                hold
            };
            poll(stream, head, faults, feed, hold).then_some(behind)
        }
        _ => {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            None
        }
    }
}

/// The fields that all answers share.
fn common(faults: &Faults) -> String {
    let mut fields = String::new();
    for (fault, field) in [
        ("no-cors", "Access-Control-Allow-Origin: *\r\n"),
        ("cached", "Cache-Control: no-store\r\n"),
    ] {
        if !faults.has(fault) {
            fields += field;
        }
    }
    fields
}

/// Writes a chunk.
fn chunk(stream: &mut TcpStream, bytes: &[u8], faults: &Faults) -> std::io::Result<()> {
    let bytes = match faults.has("lines-of-cr") {
        true => String::from_utf8_lossy(bytes)
            .replace('\n', "\r")
            .into_bytes(),
        false => bytes.to_vec(),
    };
    if faults.has("length") {
        return stream.write_all(&bytes);
    }
    let length = bytes.len();
    let length = match faults.has("bad-chunks") {
        true => format!("length {length}"),
        false => format!("{length:x}"),
    };
    stream.write_all(&[length.as_bytes(), b"\r\n", &bytes, b"\r\n"].concat())
}

fn events(
    stream: &mut TcpStream,
    head: &Head,
    faults: &Faults,
    feed: &Feed,
) -> std::io::Result<()> {
    let has = |name| faults.has(name);
    let last_id = head.field("last-event-id");
    let resumes = last_id.parse::<usize>().ok();
    if has("unknown-id-refused") && !last_id.is_empty() && resumes.is_none() {
        return stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    }
    let status = if has("status-201") {
        "201 Created"
    } else {
        "200 OK"
    };
    let kind = match (has("type-plain"), has("charset-latin")) {
        (true, _) => "text/plain",
        (_, true) => "text/event-stream; charset=iso-8859-1",
        _ => "text/event-stream",
    };
    let mut fields = format!("Content-Type: {kind}\r\n{}", common(faults));
    if has("compressed") && head.field("accept-encoding").contains("gzip") {
        fields += "Content-Encoding: gzip\r\n";
    }
    if has("length") {
        fields += "Content-Length: 2000\r\n";
    } else {
        fields += "Transfer-Encoding: chunked\r\n";
    }
    let end = if has("lf-heads") { "\n" } else { "\r\n" };
    let head = format!("HTTP/1.1 {status}\r\n{fields}\r\n").replace("\r\n", end);
    stream.write_all(head.as_bytes())?;
    let retry = if has("retry-words") {
        "2 seconds"
    } else {
        "2000"
    };
    chunk(stream, format!("retry: {retry}\n\n").as_bytes(), faults)?;
    let mut seq = match resumes {
        Some(id) if has("resume-repeats") => id - 1,
        Some(_) if has("resume-loses") => feed.last(),
        Some(id) => id,
        None => feed.last(),
    };
    let mut kept = Vec::new();
    loop {
        let messages = feed.after(seq, Duration::from_millis(700));
        let is_silent = messages.is_empty();
        for (number, text) in messages {
            seq = number;
            kept.extend(event(number, &text, faults));
        }
        if is_silent && !has("no-heartbeat") {
            kept.extend(b":\n\n");
        }
        if !kept.is_empty() && (!has("buffers") || kept.len() > 4_000) {
            chunk(stream, &std::mem::take(&mut kept), faults)?;
        }
        if has("ends") && !is_silent {
            return stream.write_all(b"0\r\n\r\n");
        }
    }
}

fn event(number: usize, text: &str, faults: &Faults) -> Vec<u8> {
    let has = |name| faults.has(name);
    let id = if has("same-ids") { 1 } else { number };
    let data = if has("capitals") { "Data" } else { "data" };
    let mark = if has("marks") { "\u{feff}" } else { "" };
    let end = if has("no-blank-line") { "\n" } else { "\n\n" };
    let id = if has("no-ids") {
        String::new()
    } else {
        format!("id: {id}\n")
    };
    let mut event = format!("{mark}{id}{data}: {text} \u{e9}{end}").into_bytes();
    if has("latin") {
        let at = event.iter().position(|byte| *byte == 0xc3).unwrap();
        event.splice(at..at + 2, [0xe9]);
    }
    event
}

/// Answers a poll; returns whether the connection goes on.
fn poll(stream: &mut TcpStream, head: &Head, faults: &Faults, feed: &Feed, hold: Duration) -> bool {
    let has = |name| faults.has(name);
    let after = head.parameter("after").and_then(|seq| seq.parse().ok());
    let after = after.unwrap_or_else(|| feed.last());
    if has("slow") {
        std::thread::sleep(Duration::from_millis(1_300));
    }
    let messages = match has("no-wake") {
        true => {
            std::thread::sleep(hold);
            feed.after(after, Duration::ZERO)
        }
        false => feed.after(after, hold),
    };
    let last = messages.last().map_or(after, |(number, _)| *number);
    let told = if has("cursor-stays") { after } else { last };
    let messages: Vec<Value> = messages
        .into_iter()
        .map(|(seq, text)| json!({ "seq": seq, "from": "a", "text": text }))
        .collect();
    let messages = if has("loses") { Vec::new() } else { messages };
    let mut body = json!({ "messages": messages, "last": told, "note": "é" }).to_string();
    if has("no-json") {
        body = body.replace('"', "'");
    }
    let length = match (has("length-short"), has("length-long")) {
        (true, _) => body.chars().count(),
        (_, true) => body.len() + 5,
        _ => body.len(),
    };
    let kind = match has("typeless") {
        true => "",
        false => "Content-Type: application/json\r\n",
    };
    let status = if has("status-500") {
        "500 Internal Server Error"
    } else {
        "200 OK"
    };
    let common = common(faults);
    let answer =
        format!("HTTP/1.1 {status}\r\n{kind}{common}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).is_ok() && !has("hangs-up")
}
