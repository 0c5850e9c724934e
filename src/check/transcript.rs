//! What came of a stream, with times, and the events in it (WHATWG HTML, section 9.2.6).

use std::time::Duration;

use tokio::time::Instant;

use crate::check::token::Token;

/// An event, or a line of NDJSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenEvent {
    pub id: Option<String>,
    pub data: String,
}

/// The lines of a stream and what they are.
#[derive(Clone, Debug, Default)]
pub struct SeenStream {
    pub events: Vec<SeenEvent>,
    /// The first line that is no field of an event.
    pub unknown: Option<String>,
    /// The value of the first `retry` that is no number.
    pub bad_retry: Option<String>,
    pub retry: Option<String>,
    /// Data lines after the last blank line: an event that does not end.
    pub open_lines: usize,
    /// A byte order mark that is not the first thing of the stream.
    pub stray_mark: bool,
}

/// What came of a stream.
#[derive(Clone, Debug)]
pub struct Transcript {
    pub bytes: Vec<u8>,
    /// When bytes came, and how many there were then.
    pub marks: Vec<(Instant, usize)>,
    /// From the head to the end of the body; `None` while it goes on.
    pub ended_after: Option<Duration>,
    /// The body's chunks are malformed.
    pub bad_chunk: bool,
    pub started: Instant,
}

impl Transcript {
    pub fn begun() -> Self {
        Transcript {
            bytes: Vec::new(),
            marks: Vec::new(),
            ended_after: None,
            bad_chunk: false,
            started: Instant::now(),
        }
    }

    pub fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.marks.push((Instant::now(), self.bytes.len()));
    }

    /// When a message with the token came.
    pub fn arrival(&self, token: &Token) -> Option<Instant> {
        let end = token.end_in(&self.bytes)?;
        let came = self.marks.partition_point(|(_, length)| *length < end);
        self.marks.get(came).map(|(time, _)| *time)
    }

    /// The events of an event stream.
    pub fn event_stream(&self) -> SeenStream {
        let text = String::from_utf8_lossy(&self.bytes);
        let whole = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut seen = SeenStream {
            stray_mark: whole.contains("\n\u{feff}") || whole.starts_with('\u{feff}'),
            ..SeenStream::default()
        };
        let (mut event, mut id, mut has_data) = (SeenEvent::default(), None, false);
        for line in whole_lines(whole) {
            if line.is_empty() {
                if std::mem::take(&mut has_data) {
                    event.id.clone_from(&id);
                    seen.events.push(event);
                }
                event = SeenEvent::default();
                seen.open_lines = 0;
                continue;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "" | "event" => {}
                "data" => {
                    if has_data {
                        event.data.push('\n');
                    }
                    event.data.push_str(value);
                    has_data = true;
                    seen.open_lines += 1;
                }
                "id" => id = Some(value.to_owned()),
                "retry" => {
                    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                    let kept = if is_number {
                        &mut seen.retry
                    } else {
                        &mut seen.bad_retry
                    };
                    kept.get_or_insert(value.to_owned());
                }
                _ => drop(seen.unknown.get_or_insert(line.clone())),
            }
        }
        seen
    }

    /// The lines of NDJSON; an empty one is a heartbeat.
    pub fn ndjson(&self) -> SeenStream {
        let text = String::from_utf8_lossy(&self.bytes);
        let mut seen = SeenStream::default();
        for line in whole_lines(&text).iter().filter(|line| !line.is_empty()) {
            match serde_json::from_str::<serde_json::Value>(line) {
                Ok(_) => seen.events.push(SeenEvent {
                    id: None,
                    data: line.clone(),
                }),
                Err(_) => drop(seen.unknown.get_or_insert(line.clone())),
            }
        }
        seen.open_lines = usize::from(!text.is_empty() && !text.ends_with('\n'));
        seen
    }

    /// Whether the bytes are UTF-8, as far as they have come.
    pub fn is_utf8(&self) -> bool {
        match std::str::from_utf8(&self.bytes) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        }
    }
}

/// The lines that have ended, whatever ends them: LF, CR LF or CR.
fn whole_lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    lines.pop();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> SeenStream {
        let bytes = text.as_bytes().to_vec();
        let transcript = Transcript {
            bytes,
            ..Transcript::begun()
        };
        transcript.event_stream()
    }

    #[test]
    fn events_are_read_with_ids_whatever_ends_the_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ": x\nretry: 5\nid: 1\nevent: e\ndata: a\ndata: b\n\ndata:c\n\ndata: d\n";
            let seen = seen(&format!("\u{feff}{text}").replace('\n', end));
            let event = |data: &str| SeenEvent {
                id: Some("1".to_owned()),
                data: data.to_owned(),
            };
            assert_eq!(seen.events, [event("a\nb"), event("c")]);
            assert_eq!((seen.open_lines, seen.retry.as_deref()), (1, Some("5")));
            assert_eq!(
                (seen.unknown, seen.bad_retry, seen.stray_mark),
                (None, None, false)
            );
        }
    }

    #[test]
    fn lines_that_are_no_fields_are_told() {
        assert_eq!(seen("{\"a\":1}\n\n").unknown.as_deref(), Some("{\"a\":1}"));
        assert_eq!(seen("Data: x\n\n").unknown.as_deref(), Some("Data: x"));
        assert_eq!(seen("retry: 1s\n\n").bad_retry.as_deref(), Some("1s"));
        assert!(seen("data: x\n\n\u{feff}data: y\n\n").stray_mark);
    }
}
