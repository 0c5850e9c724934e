//! tshark, and whether it sees in a recording's packets what is said of its bytes.

use std::collections::BTreeMap;
use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tempfile::NamedTempFile;

use super::process::{command, text};

/// Between the values of one field, and between fields; no text has them.
const BETWEEN: [&str; 2] = ["\u{1}", "\u{2}"];

const FIELDS: [&str; 18] = [
    "tcp.srcport",
    "http.request.line",
    "http.response.line",
    "http.response.code",
    "http.request.method",
    "http.chunk_size",
    "media.type",
    "websocket.fin",
    "websocket.rsv",
    "websocket.opcode",
    "websocket.mask",
    "websocket.payload_length",
    "websocket.masking_key",
    "websocket.payload.text",
    "websocket.payload.ping",
    "websocket.payload.pong",
    "websocket.payload.close.status_code",
    "websocket.payload.close.reason",
];

/// Values by the name of their field, of all packets in one direction.
type Values = BTreeMap<&'static str, Vec<String>>;

/// What tshark reads in the packets that come from `port`; `server` is the server's port.
fn read(pcap: &[u8], server: u64, port: u64) -> Values {
    let mut file = NamedTempFile::with_prefix("wslab-packets-").unwrap();
    file.write_all(pcap).unwrap();
    let mut tshark = command("tshark");
    tshark.arg("-r").arg(file.path());
    tshark.args(["-d", &format!("tcp.port=={server},http")]);
    tshark.args(["-Y", &format!("tcp.srcport=={port}"), "-T", "fields"]);
    tshark.args(["-E", &format!("aggregator={}", BETWEEN[0])]);
    tshark.args(["-E", &format!("separator={}", BETWEEN[1])]);
    FIELDS.iter().for_each(|field| {
        tshark.args(["-e", field]);
    });
    let output = tshark
        .output()
        .expect("tshark is missing: run scripts/test, which installs it");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut values = Values::new();
    for line in text(&output.stdout).lines() {
        for (field, of_packet) in FIELDS.iter().zip(line.split(BETWEEN[1])) {
            let of_packet = of_packet
                .split(BETWEEN[0])
                .filter(|value| !value.is_empty());
            let all = values.entry(field).or_default();
            all.extend(of_packet.map(|value| value.trim_end_matches("\\r\\n").to_owned()));
        }
    }
    values
}

/// What a document says of one direction, under tshark's names.
struct Expected<'a> {
    bytes: Vec<u8>,
    spans: Vec<&'a Value>,
    values: Values,
}

impl<'a> Expected<'a> {
    fn of(document: &'a Value, direction: &str) -> Self {
        let bytes = BASE64_STANDARD
            .decode(document[direction].as_str().unwrap())
            .unwrap();
        let spans = document["spans"].as_array().unwrap().iter();
        let mut spans: Vec<&Value> = spans
            .filter(|span| span["direction"] == direction)
            .collect();
        spans.sort_by_key(|span| span["start"].as_u64());
        let mut expected = Expected {
            bytes,
            spans,
            values: FIELDS.iter().map(|field| (*field, Vec::new())).collect(),
        };
        expected.heads();
        expected.frames();
        expected
    }

    fn add(&mut self, field: &'static str, value: impl Into<String>) {
        self.values.get_mut(field).unwrap().push(value.into());
    }

    fn bytes_of(&self, span: &Value) -> &[u8] {
        let [start, length] = ["start", "length"].map(|key| span[key].as_u64().unwrap() as usize);
        &self.bytes[start..start + length]
    }

    fn heads(&mut self) {
        let mut events = Vec::new();
        for span in self.spans.clone() {
            let line = text(self.bytes_of(span)).trim_end().to_owned();
            match (note(span).as_str(), span["part"].as_str().unwrap()) {
                ("request-line", _) => self.add("http.request.method", value(span, "method")),
                ("status-line", _) => self.add("http.response.code", value(span, "status-code")),
                ("chunk-size" | "last-chunk", _) => {
                    let of = note(span);
                    self.add("http.chunk_size", value(span, &of));
                }
                ("end-of-head" | "empty-line", _) => {}
                (_, "request") => self.add("http.request.line", line),
                (_, "response") => self.add("http.response.line", line),
                (_, "event") => events.extend_from_slice(self.bytes_of(span)),
                _ => {}
            }
        }
        if !events.is_empty() {
            self.add("media.type", hex(&events));
        }
    }

    fn frames(&mut self) {
        let of_frames = |span: &&Value| span["part"] == "frame";
        let spans: Vec<&Value> = self.spans.iter().copied().filter(of_frames).collect();
        let frames = spans.chunk_by(|a, b| a["number"] == b["number"]);
        let mut message = Vec::new();
        for frame in frames {
            let opcode = value(frame[0], "opcode");
            let opcode = opcode.split(' ').next().unwrap().to_owned();
            let rsv = ["rsv1", "rsv2", "rsv3"].map(|name| value(frame[0], name));
            let rsv = rsv
                .iter()
                .fold(0, |sum, bit| sum * 2 + bit.parse::<u8>().unwrap());
            let fin = value(frame[0], "fin");
            let mask = frame[1]["fields"][0]["value"].as_str().unwrap().to_owned();
            let is_key = |span: &&&Value| note(span) == "masking-key";
            let key = frame
                .iter()
                .find(is_key)
                .map(|span| self.bytes_of(span).to_vec());
            self.add("websocket.fin", fin.clone());
            self.add("websocket.rsv", format!("0x{rsv:02x}"));
            self.add("websocket.opcode", opcode.clone());
            self.add("websocket.mask", mask);
            self.add("websocket.payload_length", value(frame[1], "length7"));
            if let Some(key) = &key {
                self.add("websocket.masking_key", hex(key));
            }
            let heads = [
                "fin",
                "masked-by-client",
                "not-masked-by-server",
                "masking-key",
            ];
            let heads = [&heads[..], &["length16", "length64"]].concat();
            let payload = frame.iter().filter(|span| !heads.contains(&&*note(span)));
            let payload: Vec<u8> = payload
                .flat_map(|span| self.bytes_of(span))
                .copied()
                .collect();
            let key = key.unwrap_or(vec![0; 4]);
            let plain = payload.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b);
            let plain: Vec<u8> = plain.collect();
            self.payload(&opcode, fin == "1", plain, &mut message);
        }
    }

    fn payload(&mut self, opcode: &str, fin: bool, plain: Vec<u8>, message: &mut Vec<u8>) {
        match opcode {
            "0" | "1" => {
                message.extend(plain);
                if fin {
                    let whole = std::mem::take(message);
                    self.add("websocket.payload.text", text(&whole));
                }
            }
            "8" => {
                if let Some((code, reason)) = plain.split_first_chunk() {
                    let code = u16::from_be_bytes(*code).to_string();
                    self.add("websocket.payload.close.status_code", code);
                    if !reason.is_empty() {
                        self.add("websocket.payload.close.reason", text(reason));
                    }
                }
            }
            "9" if !plain.is_empty() => self.add("websocket.payload.ping", hex(&plain)),
            "10" if !plain.is_empty() => self.add("websocket.payload.pong", hex(&plain)),
            _ => {}
        }
    }
}

/// The note of a span's first field.
fn note(span: &Value) -> String {
    span["fields"][0]["note"].as_str().unwrap().to_owned()
}

/// The value of a field of a span.
fn value(span: &Value, note: &str) -> String {
    let mut fields = span["fields"].as_array().unwrap().iter();
    let field = fields.find(|field| field["note"] == note);
    let field = field.unwrap_or_else(|| panic!("no {note} in {span}"));
    field["value"].as_str().unwrap().to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks that tshark names the same fields with the same values as a document does, for every
/// head, chunk and frame, and the same body of an event stream. Returns how many it compared.
/// A body that is cut off is not a body for tshark, so `document` must be of an ended stream.
pub fn assert_agrees(pcap: &[u8], document: &Value) -> usize {
    let port = |end: &str| match document["ends"][end].as_str() {
        Some(address) => address.rsplit_once(':').unwrap().1.parse().unwrap(),
        None if end == "client" => 50_000,
        None => 80,
    };
    let mut compared = 0;
    for (direction, end) in [("up", "client"), ("down", "server")] {
        let expected = Expected::of(document, direction).values;
        let mut found = read(pcap, port("server"), port(end));
        found.remove("tcp.srcport");
        for (field, found) in found {
            assert_eq!(found, expected[field], "{direction}: {field}");
            compared += found.len();
        }
    }
    compared
}
