//! Responses: their heads, whole ones, and whether they are what was asked for.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use super::chunked::ChunkedDecoder;
use crate::client::error::ClientError;

/// The most header fields of one response.
const MAX_HEADERS: usize = 64;

/// The longest head of a response in bytes, all interim responses before it included.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// Where a body ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    Length(usize),
    Chunked,
    UntilClose,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub status: u16,
    /// The media type of the body; with status 101, what the connection becomes.
    pub kind: &'static str,
}

impl Wanted {
    /// A body of this media type, with status 200.
    pub const fn body(kind: &'static str) -> Self {
        Wanted { status: 200, kind }
    }

    /// A connection of this protocol (RFC 9110, section 7.8).
    pub const fn upgrade(kind: &'static str) -> Self {
        Wanted { status: 101, kind }
    }
}

pub const JSON: &str = "application/json";
pub const EVENT_STREAM: &str = "text/event-stream";
pub const NDJSON: &str = "application/x-ndjson";
/// The Prometheus exposition formats.
pub const OPEN_METRICS: &str = "application/openmetrics-text";

/// The media types that this client reads: heads that have them allocate nothing.
const MEDIA_TYPES: [&str; 4] = [JSON, EVENT_STREAM, NDJSON, OPEN_METRICS];

/// Fields that few answers have, which are kept as they came.
const KEPT_FIELDS: [&str; 7] = [
    "content-encoding",
    "location",
    "retry-after",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "upgrade",
];

/// The head of a response.
#[derive(Debug, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    pub framing: BodyFraming,
    /// The server will not take another request on this connection.
    pub closes: bool,
    /// The connection becomes what `Upgrade` says.
    upgrades: bool,
    /// Of the body; empty if the head does not say.
    media_type: Cow<'static, str>,
    /// Those of [`KEPT_FIELDS`] that there are.
    fields: Vec<(&'static str, String)>,
}

impl ResponseHead {
    /// The head at the start of `bytes` and its length, once it is whole.
    pub fn parse(bytes: &[u8]) -> Result<Option<(ResponseHead, usize)>, ClientError> {
        let within = &bytes[..bytes.len().min(MAX_HEAD_BYTES)];
        let mut used = 0;
        while let Some((head, length)) = ResponseHead::parse_one(&within[used..])? {
            used += length;
            if !head.is_interim() {
                return Ok(Some((head, used)));
            }
        }
        match within.len() {
            MAX_HEAD_BYTES => Err(ClientError::wrong("a head without end")),
            _ => Ok(None),
        }
    }

    /// Whether the final response is still to come (RFC 9110, section 15.2).
    fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    fn parse_one(bytes: &[u8]) -> Result<Option<(ResponseHead, usize)>, ClientError> {
        let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            bytes,
            &mut fields,
        );
        let no_http = |error| ClientError::wrong(format!("no HTTP/1.1: {error}"));
        let httparse::Status::Complete(length) = parsed.map_err(no_http)? else {
            return Ok(None);
        };
        let mut head = ResponseHead {
            status: response.code.unwrap_or(0),
            framing: BodyFraming::UntilClose,
            closes: response.version == Some(0),
            upgrades: false,
            media_type: Cow::Borrowed(""),
            fields: Vec::new(),
        };
        for field in response.headers.iter() {
            head.take(field.name, field.value)?;
        }
        head.check_unasked()?;
        if matches!(head.status, 101 | 204 | 304) {
            head.framing = BodyFraming::Length(0);
        }
        head.closes |= head.framing == BodyFraming::UntilClose;
        Ok(Some((head, length)))
    }

    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), ClientError> {
        let text = || str::from_utf8(value).unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("content-length") {
            let bad = || ClientError::wrong("Content-Length");
            let text = text();
            // `parse` alone would accept a sign.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let length = text.parse().ok().filter(|_| digits).ok_or_else(bad)?;
            match self.framing {
                BodyFraming::Chunked => {}
                BodyFraming::Length(other) if other != length => return Err(bad()),
                _ => self.framing = BodyFraming::Length(length),
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if !text().eq_ignore_ascii_case("chunked") {
                let why = format!("transfer-encoding {} was not asked for", text());
                return Err(ClientError::wrong(why));
            }
            self.framing = BodyFraming::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            for token in text().split(',') {
                self.closes |= token.trim().eq_ignore_ascii_case("close");
                self.upgrades |= token.trim().eq_ignore_ascii_case("upgrade");
            }
        } else if name.eq_ignore_ascii_case("content-type") {
            self.media_type = media_type(text());
        } else if let Some(kept) = KEPT_FIELDS
            .iter()
            .find(|kept| name.eq_ignore_ascii_case(kept))
        {
            self.fields.push((kept, text().to_owned()));
        }
        Ok(())
    }

    /// The value of one of [`KEPT_FIELDS`].
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(kept, _)| *kept == name);
        found.map(|(_, value)| &**value)
    }

    /// Content codings, and extensions and subprotocols of WebSocket, are never asked for, and
    /// what has them cannot be read.
    fn check_unasked(&self) -> Result<(), ClientError> {
        let unasked = |(name, value): &&(&str, String)| match self.status {
            101 => name.starts_with("sec-websocket-") && *name != "sec-websocket-accept",
            200..=299 => *name == "content-encoding" && !value.eq_ignore_ascii_case("identity"),
            _ => false,
        };
        match self.fields.iter().find(unasked) {
            None => Ok(()),
            Some((name, value)) => {
                let why = format!("{name} {value} was not asked for");
                Err(ClientError::wrong(why))
            }
        }
    }

    /// Fails unless the answer is what was asked for. `body` is its body, which says why a request
    /// was refused, as far as it has arrived.
    pub fn check(&self, wanted: Wanted, body: &[u8]) -> Result<(), ClientError> {
        let Wanted { status, kind } = wanted;
        if self.status != status {
            return Err(self.refusal(status, body));
        }
        let (field, value) = match (status, self.upgrades) {
            (101, true) => ("upgrade", self.field("upgrade").unwrap_or_default()),
            (101, false) => ("connection", "that is not upgraded"),
            _ => ("content-type", &*self.media_type),
        };
        if value.eq_ignore_ascii_case(kind) {
            return Ok(());
        }
        let value = if value.is_empty() { "none" } else { value };
        Err(ClientError::wrong(format!(
            "{field} {value} instead of {kind}"
        )))
    }

    fn refusal(&self, wanted: u16, body: &[u8]) -> ClientError {
        let status = self.status;
        match (status, self.field("location")) {
            (300..=399, Some(location)) => ClientError::Redirected {
                status,
                location: location.to_owned(),
            },
            (400..=599, _) => ClientError::Refused {
                status,
                advice: advice(body).unwrap_or_else(|| "it does not say why".to_owned()),
            },
            _ => ClientError::wrong(format!("status {status} instead of {wanted}")),
        }
    }
}

/// A media type without its parameters. One with another charset than UTF-8 keeps them.
fn media_type(text: &str) -> Cow<'static, str> {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let parameters = parameters.to_ascii_lowercase();
    let unreadable = parameters.contains("charset=") && !parameters.contains("utf-8");
    let essence = if unreadable { text } else { essence.trim() };
    let mut known = MEDIA_TYPES.iter();
    match known.find(|known| essence.eq_ignore_ascii_case(known)) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(essence.to_owned()),
    }
}

/// What the body of a refusal tells its reader: `{"error":"…"}`.
fn advice(body: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(json["error"].as_str()?.to_owned())
}

/// A response with its whole body.
#[derive(Debug)]
pub struct Response<'a> {
    pub head: ResponseHead,
    pub body: Cow<'a, [u8]>,
}

impl<'a> Response<'a> {
    /// The response at the start of `bytes` and its length, once it is whole.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Response<'a>, usize)>, ClientError> {
        let Some((head, start)) = ResponseHead::parse(bytes)? else {
            return Ok(None);
        };
        let rest = &bytes[start..];
        Ok(match head.framing {
            BodyFraming::Length(length) => rest.get(..length).map(|body| {
                let body = Cow::Borrowed(body);
                (Response { head, body }, start + length)
            }),
            BodyFraming::Chunked => {
                let (mut chunked, mut body) = (ChunkedDecoder::default(), Vec::new());
                let used = chunked.decode(rest, |data| {
                    body.extend_from_slice(data);
                    Ok(())
                })?;
                let body = Cow::Owned(body);
                chunked
                    .ended()
                    .then_some((Response { head, body }, start + used))
            }
            BodyFraming::UntilClose => {
                return Err(ClientError::wrong("an answer of unknown length"));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_only_at_its_last_byte() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nConnection: Keep-Alive, Close\r\n\r\nbodyNEXT";
        for cut in 0..bytes.len() - 4 {
            assert!(
                Response::parse(&bytes[..cut]).unwrap().is_none(),
                "cut at {cut}"
            );
        }
        let (response, used) = Response::parse(bytes).unwrap().unwrap();
        assert_eq!((&*response.body, used), (&b"body"[..], bytes.len() - 4));
        assert_eq!((response.head.status, response.head.closes), (200, true));
    }

    #[test]
    fn a_chunked_response_is_whole_after_its_trailer() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                      4;x=y\r\nbody\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\nNEXT";
        for cut in 0..bytes.len() - 4 {
            assert!(
                Response::parse(&bytes[..cut]).unwrap().is_none(),
                "cut at {cut}"
            );
        }
        let (response, used) = Response::parse(bytes).unwrap().unwrap();
        assert_eq!(
            (&*response.body, used),
            (&b"body0123456789"[..], bytes.len() - 4)
        );
    }

    #[test]
    fn interim_responses_are_passed_over() {
        let bytes =
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        let (head, length) = ResponseHead::parse(bytes).unwrap().unwrap();
        assert_eq!((head.status, length), (204, bytes.len()));
        assert!(ResponseHead::parse(&bytes[..40]).unwrap().is_none());
        let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000_000);
        assert!(ResponseHead::parse(&endless).is_err(), "but not for ever");
    }

    #[test]
    fn bad_heads_are_refused() {
        for field in [
            "Content-Length: -1",
            "Content-Length: +1",
            "Content-Length: 1\r\nContent-Length: 2",
            "Transfer-Encoding: gzip, chunked",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n");
            assert!(ResponseHead::parse(head.as_bytes()).is_err(), "{field}");
        }
        assert!(ResponseHead::parse(b"SSH-2.0-OpenSSH\r\n").is_err());
    }
}
