//! The client's reader of event streams (WHATWG HTML, section 9.2.6).

use std::borrow::Cow;
use std::time::Duration;

use crate::client::error::ClientError;

/// An item of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum EventStreamItem<'a> {
    /// An event's type, `message` without an `event:` line, and its data.
    Event(&'a str, &'a str),
    Comment(&'a str),
    /// How long to wait before reconnecting.
    Retry(Duration),
}

/// Longest line and longest data of one event, in bytes.
const MAX_EVENT_BYTES: usize = 16 << 20;

/// A reader of event streams (WHATWG HTML, section 9.2.6) that takes input cut anywhere.
#[derive(Debug, Default)]
pub struct EventStreamParser {
    /// The beginning of a line that is not complete yet.
    line: Vec<u8>,
    data: String,
    kind: String,
    /// The last line ended with CR, to which an LF that follows belongs.
    after_cr: bool,
    /// The first line, which may begin with a byte order mark, has passed.
    begun: bool,
}

impl EventStreamParser {
    /// Reads `bytes` and gives every completed item to `deliver`.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        deliver: &mut impl FnMut(EventStreamItem<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        if !bytes.is_empty() && std::mem::take(&mut self.after_cr) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr::memchr2(b'\r', b'\n', bytes) {
            let rest = &bytes[end + 1..];
            if self.line.is_empty() {
                self.take_line(&bytes[..end], deliver)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                self.take_line(&line, deliver)?;
            }
            let cr = bytes[end] == b'\r';
            self.after_cr = cr && rest.is_empty();
            bytes = if cr {
                rest.strip_prefix(b"\n").unwrap_or(rest)
            } else {
                rest
            };
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() + self.data.len() > MAX_EVENT_BYTES {
            return Err(ClientError::wrong("an event without end"));
        }
        Ok(())
    }

    fn take_line(
        &mut self,
        mut line: &[u8],
        deliver: &mut impl FnMut(EventStreamItem<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch(deliver);
        }
        let line =
            str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                self.data.reserve(value.len() + 1);
                self.data.push_str(value);
                self.data.push('\n');
            }
            "event" => value.clone_into(&mut self.kind),
            "" => return deliver(EventStreamItem::Comment(&line[1..])),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // An empty value, or one over the range, is ignored.
                if let Ok(pause_ms) = value.parse() {
                    return deliver(EventStreamItem::Retry(Duration::from_millis(pause_ms)));
                }
            }
            // Ids are ignored: the cursor is the `seq` of a message.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(
        &mut self,
        deliver: &mut impl FnMut(EventStreamItem<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let kind = std::mem::take(&mut self.kind);
        // Freed afterwards: an idle client owns no buffer, and the next data go where another
        // client's were just now, which the processor's cache still holds.
        let data = std::mem::take(&mut self.data);
        let Some(data) = data.strip_suffix('\n') else {
            return Ok(());
        };
        let kind = if kind.is_empty() { "message" } else { &kind };
        deliver(EventStreamItem::Event(kind, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events as "type: data", comments as ":comment", pauses as "retry 10ms".
    fn read(parts: &[&[u8]]) -> Vec<String> {
        let (mut events, mut seen) = (EventStreamParser::default(), Vec::new());
        for part in parts {
            let mut see = |item: EventStreamItem<'_>| {
                seen.push(match item {
                    EventStreamItem::Event(kind, data) => format!("{kind}: {data}"),
                    EventStreamItem::Comment(comment) => format!(":{comment}"),
                    EventStreamItem::Retry(pause) => format!("retry {pause:?}"),
                });
                Ok(())
            };
            events.feed(part, &mut see).unwrap();
        }
        seen
    }

    /// Streams, and what WHATWG HTML, section 9.2.6, makes of them.
    const STREAMS: &[(&[u8], &[&str])] = &[
        // Line ends: LF, CR LF and CR, mixed; a blank line dispatches, whatever ends it.
        (b"data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\r\n\n", &[
            "message: a", "message: b", "message: c", "message: d",
        ]),
        (b"data: a\n\r\ndata: b\r\n\rdata: c\n\r", &["message: a", "message: b", "message: c"]),
        (b"data: a\r\n data: no field\r\n\r\n", &["message: a"]),
        // A byte order mark before all else is none of the stream's; elsewhere it is.
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", &["message: a"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", &[]),
        (b"\xef\xbbdata: a\n\n", &[]),
        // Comments, which do not touch the event they stand in.
        (b":\n: one\n:two:2\ndata: a\n:three\ndata: b\n\n", &[
            ":", ": one", ":two:2", ":three", "message: a\nb",
        ]),
        // Data: one space after the colon is not of it, all lines of one event are one.
        (b"data:a\ndata: b\ndata:  c\n\n", &["message: a\nb\n c"]),
        (b"data\n\ndata\ndata\n\ndata:\n\n", &["message: ", "message: \n", "message: "]),
        (b"data: a:b: c\n\n", &["message: a:b: c"]),
        // Types, which hold for one event; without data there is none.
        (b"event: reset\ndata: a\n\ndata: b\n\n", &["reset: a", "message: b"]),
        (b"event: lost\n\nevent\ndata: a\n\nevent: x\nevent: y\ndata: b\n\n", &[
            "message: a", "y: b",
        ]),
        // Fields are named exactly; others are ignored, as is all that ids may hold.
        (b"Data: a\n data: b\ndata : c\nunknown\n\nid: 1\0\nid: 2\nid\ndata: d\n\n", &[
            "message: d",
        ]),
        // Pauses are digits alone, and take effect at once.
        (b"retry: 10\nretry:007\ndata: a\nretry: 1s\nretry: -1\nretry: +1\nretry: 1.5\nretry:  1\n\
           retry:\nretry\nretry: 99999999999999999999\n\n", &[
            "retry 10ms", "retry 7ms", "message: a",
        ]),
        // UTF-8 in parts; what is none is replaced, and ends no line.
        ("data: \u{e9} \u{1f30d}\u{2028}\u{85}x\n\n".as_bytes(), &[
            "message: \u{e9} \u{1f30d}\u{2028}\u{85}x",
        ]),
        (b"data: \xc3(\xf0\x9f\ndata: \xff\n\n", &["message: \u{fffd}(\u{fffd}\n\u{fffd}"]),
        (b"data: a\0b\n\n", &["message: a\0b"]),
        // What the end of the stream cuts off is never dispatched.
        (b"data: a\n\ndata: b\n", &["message: a"]),
        (b"data: a", &[]),
        (b"\n\n\r\r\n", &[]),
    ];

    #[test]
    fn streams_are_read_as_the_standard_says_wherever_they_are_cut() {
        for (stream, expected) in STREAMS {
            let text = String::from_utf8_lossy(stream);
            for cut in 0..=stream.len() {
                let (a, b) = stream.split_at(cut);
                assert_eq!(read(&[a, b]), *expected, "{text:?} cut at {cut}");
                assert_eq!(read(&[a, b"", b]), *expected, "{text:?} cut at {cut}");
            }
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();
            assert_eq!(read(&bytes), *expected, "{text:?} byte by byte");
        }
    }
}
