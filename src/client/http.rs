//! The client's HTTP/1.1: request heads, whole responses, and chunked bodies that never end.
//!
//! Requests carry what the protocol demands and nothing else, or what a browser would send.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::client::error::ClientError;
use crate::error::unknown;

/// Header fields of one response, at the most.
const MAX_HEADERS: usize = 64;

/// Bytes of a response's head, at the most, all interim responses before it included.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// The header fields of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<Headers>)]
pub enum Headers {
    /// What the protocol demands.
    #[default]
    Minimal,
    /// What a browser adds: who it is, what it accepts, where it comes from, and a cookie.
    Browser,
}

/// What Chromium adds to a page's own requests, whatever they are for. Header size is half of the
/// argument between polling and push, so it is stated here to the byte: the sizes are typical, the
/// cookie is one session's.
const BROWSER_FIELDS: &str = "\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Safari/537.36\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=light\r\n";

/// What Chromium adds to `fetch` and `EventSource`.
const FETCH_FIELDS: &str = "\
    Connection: keep-alive\r\n\
    sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Dest: empty\r\n";

impl Headers {
    /// A request without a body to an origin, as `http://h:1`: `GET path`, plus whole header lines
    /// that each end with CR LF.
    pub fn get(self, origin: &str, path: &str, extra: &str) -> Vec<u8> {
        let (host, added) = (host(origin), self.added(origin, extra));
        // Each poll writes one, and joining takes less than formatting.
        let request = [
            "GET ",
            path,
            " HTTP/1.1\r\nHost: ",
            host,
            "\r\n",
            extra,
            &added,
            "\r\n",
        ];
        request.concat().into_bytes()
    }

    /// What a browser adds to the fields that a request has anyway.
    fn added(self, origin: &str, extra: &str) -> String {
        let has = |field: &str| extra.contains(field);
        match self {
            Headers::Minimal => String::new(),
            Headers::Browser if has("Upgrade: websocket") => {
                let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
                let cache = "Pragma: no-cache\r\nCache-Control: no-cache";
                format!("{cache}\r\nOrigin: {origin}\r\n{offer}\r\n{BROWSER_FIELDS}")
            }
            Headers::Browser => {
                let accept = if has("Accept: ") {
                    ""
                } else {
                    "Accept: */*\r\n"
                };
                let fetch = match has("Connection: ") {
                    true => FETCH_FIELDS.trim_start_matches("Connection: keep-alive\r\n"),
                    false => FETCH_FIELDS,
                };
                format!("{accept}Referer: {origin}/\r\n{fetch}{BROWSER_FIELDS}")
            }
        }
    }

    /// A JSON body for `path`, with whole header lines that each end with CR LF.
    pub fn post(self, origin: &str, path: &str, extra: &str, json: &[u8]) -> Vec<u8> {
        let (host, length) = (host(origin), json.len());
        let added = match self {
            Headers::Minimal => String::new(),
            Headers::Browser => format!("Origin: {origin}\r\n{}", self.added(origin, extra)),
        };
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{extra}{added}\r\n"
        )
        .into_bytes();
        request.extend_from_slice(json);
        request
    }
}

/// Host and port of an origin, as the `Host` field has them.
pub fn host(origin: &str) -> &str {
    origin.rsplit_once('/').map_or(origin, |(_, host)| host)
}

/// What stays as it is in a part of a URL (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name as a part of a URL.
pub fn encode(name: &str) -> String {
    utf8_percent_encode(name, UNRESERVED).to_string()
}

/// How the end of a body is told (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    Length(usize),
    Chunked,
    UntilClose,
}

/// The head of a response.
#[derive(Debug, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    pub framing: BodyFraming,
    /// The server will not take another request on this connection.
    pub closes: bool,
    /// `Sec-WebSocket-Accept`, if there is one.
    pub websocket_accept: Option<String>,
}

impl ResponseHead {
    /// Reads a head from the start of `bytes`, once it is whole; also tells its length.
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
            MAX_HEAD_BYTES => Err(ClientError::protocol("a head without end")),
            _ => Ok(None),
        }
    }

    /// Whether the real response is still to come (RFC 9110, section 15.2).
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
        let httparse::Status::Complete(length) = parsed.map_err(ClientError::protocol)? else {
            return Ok(None);
        };
        let mut head = ResponseHead {
            status: response.code.unwrap_or(0),
            framing: BodyFraming::UntilClose,
            closes: response.version == Some(0),
            websocket_accept: None,
        };
        for field in response.headers.iter() {
            head.take(field.name, field.value)?;
        }
        if matches!(head.status, 101 | 204 | 304) {
            head.framing = BodyFraming::Length(0);
        }
        head.closes |= head.framing == BodyFraming::UntilClose;
        Ok(Some((head, length)))
    }

    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), ClientError> {
        let text = || str::from_utf8(value).unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("content-length") {
            let bad = || ClientError::protocol("Content-Length");
            let text = text();
            // What Rust reads as a number may have a sign.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let length = text.parse().ok().filter(|_| digits).ok_or_else(bad)?;
            match self.framing {
                BodyFraming::Chunked => {}
                BodyFraming::Length(other) if other != length => return Err(bad()),
                _ => self.framing = BodyFraming::Length(length),
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if !text().eq_ignore_ascii_case("chunked") {
                return Err(ClientError::protocol("a Transfer-Encoding but chunked"));
            }
            self.framing = BodyFraming::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            self.closes |= text()
                .split(',')
                .any(|token| token.trim().eq_ignore_ascii_case("close"));
        } else if name.eq_ignore_ascii_case("sec-websocket-accept") {
            self.websocket_accept = Some(text().to_owned());
        }
        Ok(())
    }
}

/// A response with its whole body.
#[derive(Debug)]
pub struct Response<'a> {
    pub head: ResponseHead,
    pub body: Cow<'a, [u8]>,
}

impl<'a> Response<'a> {
    /// Reads a response from the start of `bytes`, once it is whole; also tells its length.
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
                return Err(ClientError::protocol("an answer of unknown length"));
            }
        })
    }
}

/// A decoder of the chunked transfer coding (RFC 9112, section 7.1) that takes input cut anywhere.
#[derive(Debug, Default)]
pub struct ChunkedDecoder(State);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the hexadecimal size, of which this much is known.
    Size {
        size: usize,
        digits: u8,
    },
    /// In what follows the size on its line.
    Extension {
        size: usize,
    },
    Data {
        left: usize,
    },
    /// In the line end after the data.
    DataEnd,
    /// In the trailer section; `blank` while its present line is empty.
    Trailer {
        blank: bool,
    },
    Ended,
}

impl Default for State {
    fn default() -> Self {
        State::Size { size: 0, digits: 0 }
    }
}

impl ChunkedDecoder {
    /// Whether the last chunk and its trailer have passed.
    pub fn ended(&self) -> bool {
        self.0 == State::Ended
    }

    /// Gives the data in `input` to `take`, piece by piece. Returns how many bytes it used: all of
    /// them unless the body ends before.
    pub fn decode(
        &mut self,
        input: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), ClientError>,
    ) -> Result<usize, ClientError> {
        let mut at = 0;
        while at < input.len() && !self.ended() {
            if let State::Data { left } = self.0 {
                let count = left.min(input.len() - at);
                take(&input[at..at + count])?;
                at += count;
                self.0 = match left - count {
                    0 => State::DataEnd,
                    left => State::Data { left },
                };
            } else {
                self.0 = self.0.after(input[at])?;
                at += 1;
            }
        }
        Ok(at)
    }
}

impl State {
    /// The state after one more byte that is not data.
    fn after(self, byte: u8) -> Result<State, ClientError> {
        let bad = || ClientError::protocol("a chunk's size");
        Ok(match (self, byte) {
            (State::Size { digits: 0, .. } | State::DataEnd, b'\r') => self,
            (State::Size { size, digits: 1.. } | State::Extension { size }, b'\n') => match size {
                0 => State::Trailer { blank: true },
                left => State::Data { left },
            },
            (State::Size { size, digits: 1.. }, b';' | b' ' | b'\t' | b'\r') => {
                State::Extension { size }
            }
            (State::Size { size, digits }, _) => {
                let digit = (byte as char).to_digit(16).ok_or_else(bad)? as usize;
                if digits == 15 {
                    return Err(bad());
                }
                let size = size * 16 + digit;
                let digits = digits + 1;
                State::Size { size, digits }
            }
            (State::Extension { .. }, _) => self,
            (State::DataEnd, b'\n') => State::default(),
            (State::DataEnd, _) => return Err(bad()),
            (State::Trailer { blank: true }, b'\n') => State::Ended,
            (State::Trailer { .. }, b'\n') => State::Trailer { blank: true },
            (State::Trailer { blank }, b'\r') => State::Trailer { blank },
            (State::Trailer { .. }, _) => State::Trailer { blank: false },
            (State::Data { .. } | State::Ended, _) => self,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_browsers_requests_are_longer_and_still_right() {
        for extra in ["", "Accept: text/event-stream\r\n", "Connection: close\r\n"] {
            let request = text(Headers::Browser.get("http://h:1", "/a", extra));
            assert!((500..900).contains(&request.len()), "{}", request.len());
            let mut fields = [httparse::EMPTY_HEADER; 32];
            let mut parsed = httparse::Request::new(&mut fields);
            assert!(parsed.parse(request.as_bytes()).unwrap().is_complete());
            let mut names: Vec<_> = parsed
                .headers
                .iter()
                .map(|field| field.name.to_lowercase())
                .collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "no field twice in {request}");
        }
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        let upgrade = text(Headers::Browser.get("http://h:1", "/a", upgrade));
        assert!(upgrade.contains("Origin: http://h:1\r\n") && !upgrade.contains("Sec-Fetch"));
        let post = text(Headers::Browser.post("http://h:1", "/a", "", b"{}"));
        assert!(post.ends_with("\r\n\r\n{}") && post.contains("User-Agent: Mozilla"));
    }

    #[test]
    fn requests_are_these_bytes() {
        assert_eq!(
            text(Headers::Minimal.get("http://h:1", "/a?b=1", "Connection: close\r\n")),
            "GET /a?b=1 HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(
            text(Headers::Minimal.post("http://h:1", "/a", "", b"{}")),
            "POST /a HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n\
             Content-Length: 2\r\n\r\n{}"
        );
    }

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
    fn chunks_may_be_cut_anywhere() {
        let bytes = b"5\r\nhello\r\n001\r\n!\r\n0\r\n\r\n";
        for cut in 0..bytes.len() {
            let (mut chunked, mut body) = (ChunkedDecoder::default(), Vec::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                let used = chunked.decode(part, |data| {
                    body.extend_from_slice(data);
                    Ok(())
                });
                assert_eq!(used.unwrap(), part.len(), "cut at {cut}");
            }
            assert_eq!(
                (&body[..], chunked.ended()),
                (&b"hello!"[..], true),
                "cut at {cut}"
            );
        }
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
    fn nonsense_is_refused() {
        let never = |_: &[u8]| panic!("no data here");
        for bad in ["x\r\n", "\r\n;", "1111111111111111\r\n"] {
            assert!(
                ChunkedDecoder::default()
                    .decode(bad.as_bytes(), never)
                    .is_err(),
                "{bad:?}"
            );
        }
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
