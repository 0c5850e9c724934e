//! Parsing the requests that the fast engine understands.
//!
//! These are GETs of a transport and POSTs of a message, in HTTP/1.1, without escapes, parameters
//! without values, repeated fields, chunked bodies and `Expect`. Nearly all clients send such
//! requests. All others go to the general engine, where they mean the same.

use std::mem::MaybeUninit;

use axum::http::{Method, Version};

use crate::server::host::check_host;
use crate::transport::Transport;
use crate::transport::ask::{Fields, Params};

/// Header fields of a request, at most.
const MAX_FIELDS: usize = 32;

/// Bounds of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    pub max_head_bytes: usize,
    pub max_body_bytes: usize,
}

/// What stands at the start of a connection's bytes.
#[derive(Debug)]
pub enum ParsedHead<'a> {
    /// A part of a head.
    Partial,
    /// A head and a part of its body, without that part; the length of both in bytes.
    PartialBody(FastRequest<'a>, usize),
    /// A request, and its length in bytes.
    Fast(FastRequest<'a>, usize),
    /// Anything else.
    Other,
}

/// A request that the fast engine understands.
#[derive(Debug)]
pub struct FastRequest<'a> {
    pub endpoint: Endpoint,
    /// The feed's name.
    pub feed: &'a str,
    /// The path without the query.
    pub path: &'a str,
    pub params: Params<'a>,
    pub fields: Fields<'a>,
    pub body: &'a [u8],
    /// What has come from the beginning of the request on.
    pub raw: &'a [u8],
}

/// The endpoints that the fast engine serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Transport(Transport),
    /// `POST /feeds/{feed}/messages`
    Publish,
}

impl Endpoint {
    pub fn method(self) -> Method {
        match self {
            Endpoint::Transport(_) => Method::GET,
            Endpoint::Publish => Method::POST,
        }
    }
}

impl<'a> ParsedHead<'a> {
    pub fn parse(bytes: &'a [u8], limits: RequestLimits) -> Self {
        let mut headers = [const { MaybeUninit::uninit() }; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut []);
        match request.parse_with_uninit_headers(bytes, &mut headers) {
            Ok(httparse::Status::Partial) if bytes.len() < limits.max_head_bytes => {
                ParsedHead::Partial
            }
            Ok(httparse::Status::Complete(length)) if length <= limits.max_head_bytes => {
                match FastRequest::parse(&request) {
                    Some(request) => request.with_body(bytes, length, limits.max_body_bytes),
                    None => ParsedHead::Other,
                }
            }
            _ => ParsedHead::Other,
        }
    }
}

impl<'a> FastRequest<'a> {
    fn parse(request: &httparse::Request<'_, 'a>) -> Option<Self> {
        let (method, target) = (request.method?, request.path?);
        if request.version != Some(1) {
            return None;
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let (endpoint, feed) = endpoint(method, path)?;
        let fields = fields(request.headers, endpoint)?;
        Some(FastRequest {
            endpoint,
            feed: Some(feed).filter(|feed| !feed.is_empty() && is_unreserved(feed))?,
            path,
            params: params(query)?,
            fields,
            body: &[],
            raw: &[],
        })
    }

    /// The request with the body that follows its head.
    fn with_body(mut self, bytes: &'a [u8], head: usize, max_body_bytes: usize) -> ParsedHead<'a> {
        let length = match (self.endpoint, self.fields.content_length) {
            (Endpoint::Transport(_), None) => 0,
            (Endpoint::Publish, Some(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                match text.parse() {
                    Ok(length) if length <= max_body_bytes => length,
                    _ => return ParsedHead::Other,
                }
            }
            _ => return ParsedHead::Other,
        };
        self.raw = bytes;
        match bytes.get(head..head + length) {
            Some(body) => {
                self.body = body;
                ParsedHead::Fast(self, head + length)
            }
            None => ParsedHead::PartialBody(self, head + length),
        }
    }
}

/// The endpoint and the feed that a path names.
fn endpoint<'a>(method: &str, path: &'a str) -> Option<(Endpoint, &'a str)> {
    match method {
        "GET" => {
            let (transport, feed) = Transport::at(path)?;
            Some((Endpoint::Transport(transport), feed))
        }
        "POST" => {
            let feed = path.strip_prefix("/feeds/")?.strip_suffix("/messages")?;
            Some((Endpoint::Publish, feed))
        }
        _ => None,
    }
}

fn params(query: Option<&str>) -> Option<Params<'_>> {
    let mut params = Params::default();
    for param in query.into_iter().flat_map(|query| query.split('&')) {
        let (name, value) = param.split_once('=')?;
        if !is_unreserved(name) || !is_unreserved(value) {
            return None;
        }
        params.set(name, value).ok()?;
    }
    Some(params)
}

/// Whether these characters mean themselves everywhere in a URL (RFC 3986, section 2.3).
pub fn is_unreserved(text: &str) -> bool {
    let is = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().all(is)
}

fn fields<'a>(headers: &[httparse::Header<'a>], endpoint: Endpoint) -> Option<Fields<'a>> {
    let mut fields = Fields::default();
    for header in headers {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("transfer-encoding") || is("expect") {
            return None;
        }
        fields.take(header.name, header.value);
    }
    let is_host = |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("host");
    let hosts = headers.iter().filter(is_host).map(|header| header.value);
    check_host(hosts, Version::HTTP_11).ok()?;
    let upgrades = match endpoint {
        Endpoint::Transport(transport) => transport.descriptor().upgrade.is_some(),
        Endpoint::Publish => false,
    };
    let other = fields.repeated || upgrades && fields.closes;
    (!other).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: RequestLimits = RequestLimits {
        max_head_bytes: 512,
        max_body_bytes: 64,
    };

    fn parse(bytes: &str) -> ParsedHead<'_> {
        ParsedHead::parse(bytes.as_bytes(), LIMITS)
    }

    /// Calls `check` with the request, if the fast engine understands it.
    fn fast(target: &str, fields: &str, check: impl FnOnce(FastRequest<'_>)) -> bool {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x:1\r\n{fields}\r\n");
        match parse(&format!("{request}GET ")) {
            ParsedHead::Fast(fast, length) => {
                assert_eq!(length, request.len());
                check(fast);
                true
            }
            ParsedHead::Other => false,
            ParsedHead::Partial | ParsedHead::PartialBody(..) => panic!("{request} is complete"),
        }
    }

    #[test]
    fn a_request_has_its_parameters_and_fields() {
        let target = "/feeds/a/long-poll?after=4-k3x9&hold_ms=50&user=al&interval_ms=9&token=t";
        assert!(fast(
            target,
            "Connection: keep-alive, Close\r\n",
            |request| {
                let transport = Transport::LongPolling;
                assert_eq!(request.endpoint, Endpoint::Transport(transport));
                let params = request.params;
                assert_eq!((params.after, params.user), (Some("4-k3x9"), Some("al")));
                assert_eq!(
                    (params.interval_ms, params.hold_ms),
                    (Some("9"), Some("50"))
                );
                assert!(request.fields.closes && params.token == Some("t"));
            }
        ));
        assert!(fast("/feeds/a/poll", "", |request| {
            assert!(request.params.after.is_none() && !request.fields.closes);
        }));
        let fields = "last-event-id: x y\r\nOrigin: http://x:1\r\nauthorization: Bearer t\r\n";
        assert!(fast("/events?after=3", fields, |request| {
            assert_eq!(request.feed, "lobby");
            assert_eq!(request.fields.last_event_id, Some("x y"));
            assert_eq!(request.fields.origin, Some("http://x:1"));
            assert_eq!(request.fields.authorization, Some("Bearer t"));
        }));
        let fields = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
            Sec-WebSocket-Protocol: a, chat\r\n";
        assert!(fast("/chat?user=al", fields, |request| {
            assert!(request.fields.offers_chat);
            assert_eq!(request.fields.check_upgrade("websocket"), Ok(()));
        }));
    }

    #[test]
    fn other_requests_go_to_the_general_engine() {
        for target in [
            "/",
            "/feeds/a/messages",
            "/feeds/a/poll/x",
            "/feeds//poll",
            "/feeds/a%20b/poll",
            "/feeds/a:b/poll",
            "/feeds/\u{e3}/poll",
            "http://x/feeds/a/poll",
            "/feeds/a/poll?user=a+b",
            "/feeds/a/poll?after=%31",
            "/feeds/a/poll?after=1&after=2",
            "/feeds/a/poll?",
            "/feeds/a/poll?after",
        ] {
            assert!(!fast(target, "", |_| ()), "{target}");
        }
        for field in [
            "Host: x",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Last-Event-ID: 1\r\nLast-Event-ID: 1",
            "Origin: http://x:1\r\nOrigin: http://x:1",
        ] {
            let understood = fast("/feeds/a/sse", &format!("{field}\r\n"), |_| ());
            assert!(!understood, "{field}");
        }
        let closes = "Connection: upgrade, close\r\nUpgrade: websocket\r\n";
        assert!(!fast("/chat", closes, |_| ()));
        for bytes in [
            "GET /feeds/a/poll HTTP/1.1\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.1\r\nHost:\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.0\r\nHost: x\r\n\r\n",
            "HEAD /feeds/a/poll HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.1\r\nHost : x\r\n\r\n",
            "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
            "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 65\r\n\r\n",
            "POST /feeds/a/poll HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
            "\x16\x03\x01",
        ] {
            assert!(matches!(parse(bytes), ParsedHead::Other), "{bytes:?}");
        }
    }

    #[test]
    fn a_body_is_awaited() {
        let head = "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n";
        for body in ["", "a", "abc"] {
            let bytes = format!("{head}{body}");
            let ParsedHead::PartialBody(_, length) = parse(&bytes) else {
                panic!("{body} is a part")
            };
            assert_eq!(length, head.len() + 4);
        }
        let bytes = format!("{head}abcdGET ");
        let ParsedHead::Fast(request, length) = parse(&bytes) else {
            panic!("it is complete")
        };
        assert_eq!(
            (request.endpoint, request.body),
            (Endpoint::Publish, &b"abcd"[..])
        );
        assert_eq!(length, head.len() + 4);
    }

    #[test]
    fn a_head_is_awaited_up_to_its_limit() {
        let max = LIMITS.max_head_bytes;
        let head = "GET /feeds/a/poll HTTP/1.1\r\nHost: x\r\nA: ";
        for cut in 0..head.len() {
            assert!(matches!(parse(&head[..cut]), ParsedHead::Partial), "{cut}");
        }
        let long = |bytes: usize| format!("{head}{}", "b".repeat(bytes - head.len()));
        assert!(matches!(parse(&long(max - 1)), ParsedHead::Partial));
        assert!(matches!(parse(&long(max)), ParsedHead::Other));
        let whole = |bytes| long(bytes - 4) + "\r\n\r\n";
        assert!(matches!(parse(&whole(max)), ParsedHead::Fast(..)));
        assert!(matches!(parse(&whole(max + 1)), ParsedHead::Other));
    }
}
