//! One HTTP exchange with curl.

use std::process::Command;

use serde_json::Value;

use super::PATIENCE;
use super::process::{Process, command};

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// Reads the head and leaves the body, which is endless in a stream.
    pub fn head(process: &Process) -> Self {
        let status_line = process.line();
        let status = status_line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .unwrap_or_else(|| panic!("no status in {status_line:?}"));
        let header = |line: String| {
            let (name, value) = line.split_once(':').expect("a header has a value");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let headers = std::iter::from_fn(|| Some(process.line()).filter(|line| !line.is_empty()));
        Answer {
            status,
            headers: headers.map(header).collect(),
            body: String::new(),
        }
    }

    /// Reads head and body; curl must succeed.
    pub fn whole(process: Process) -> Self {
        let mut answer = Answer::head(&process);
        answer.body = process.lines().join("\n");
        answer
    }

    /// The only value of a header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next().map_or("", |(_, value)| value);
        assert_eq!(values.next(), None, "{name} comes twice");
        value
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The numbers of the messages in the body.
    pub fn seqs(&self) -> Vec<u64> {
        let json = self.json();
        let messages = json["messages"].as_array().expect("a list of messages");
        let seq = |message: &Value| message["seq"].as_u64().expect("a number");
        messages.iter().map(seq).collect()
    }
}

/// curl with heads in its output, without buffering or a progress bar.
pub fn curl(url: &str) -> Command {
    let mut curl = command("curl");
    let patience = PATIENCE.as_secs().to_string();
    curl.args(["-q", "-N", "-sS", "-i", "--max-time", &patience, url]);
    curl
}

pub fn get(url: &str) -> Answer {
    Answer::whole(Process::start(curl(url)))
}

pub fn post(url: &str, content_type: &str, body: &str) -> Answer {
    let mut curl = curl(url);
    // By default curl waits for a "100 Continue" before some bodies.
    curl.args(["-H", "Expect:", "-H"])
        .arg(format!("Content-Type: {content_type}"))
        .args(["--data-raw", body]);
    Answer::whole(Process::start(curl))
}
