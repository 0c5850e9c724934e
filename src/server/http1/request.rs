//! Plain requests of readers: understood straight from their bytes, without hyper and the router,
//! which would take longer than all else that is done for a poll.
//!
//! A request is plain that asks for a transport's feed and nothing else: no escapes, known
//! parameters, each once, no body. Nearly all readers' are, but for a browser's WebSocket, which
//! brings its page's origin. Whatever is written otherwise, or wrongly, goes the general way,
//! through hyper and the router, and means the same there.

use std::mem::MaybeUninit;
use std::str::{FromStr, from_utf8};
use std::sync::Arc;

use tracing::{Level, enabled};

use crate::feed::{Feed, check_name};
use crate::server::http1::conn::LOG;
use crate::service::state::{AppState, LOBBY};
use crate::transport::polling::PollQuery;
use crate::transport::{Transport, websocket};

/// Header fields of a plain request, at the most.
const MAX_FIELDS: usize = 32;

/// What a plain request asks for.
#[derive(Debug)]
pub struct FastRequest {
    pub transport: Transport,
    pub log: Arc<Feed>,
    pub query: PollQuery,
    pub hold_ms: Option<u64>,
    pub fields: RequestFields,
    /// Where it was asked for, without the query, if that is to be told.
    pub path: Option<Box<str>>,
}

/// What its header fields say.
#[derive(Debug, Default)]
pub struct RequestFields {
    /// The client does not want to ask again on this connection.
    pub closes: bool,
    pub last_event_id: Option<String>,
    /// The key of a WebSocket's opening handshake (RFC 6455, section 4.1).
    pub websocket_key: Option<String>,
    /// Whether the subprotocol `chat` is offered.
    pub offers_chat: bool,
}

/// What stands at the start of a connection's bytes.
#[derive(Debug)]
pub enum ParsedHead {
    /// A request's head in part.
    Partial,
    /// A plain request, of so many bytes.
    Fast(FastRequest, usize),
    /// Anything else.
    Other,
}

impl ParsedHead {
    pub fn of(bytes: &[u8], max_head_bytes: usize, state: &AppState) -> Self {
        let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut []);
        match request.parse_with_uninit_headers(bytes, &mut fields) {
            Ok(httparse::Status::Partial) if bytes.len() < max_head_bytes => ParsedHead::Partial,
            Ok(httparse::Status::Complete(length)) if length <= max_head_bytes => {
                FastRequest::of(&request, state)
                    .map_or(ParsedHead::Other, |plain| ParsedHead::Fast(plain, length))
            }
            _ => ParsedHead::Other,
        }
    }
}

impl FastRequest {
    fn of(request: &httparse::Request<'_, '_>, state: &AppState) -> Option<Self> {
        if (request.method, request.version) != (Some("GET"), Some(1)) {
            return None;
        }
        let target = RequestTarget::parse(request.path?)?;
        let mut seen = SeenFields::default();
        for field in request.headers.iter() {
            seen.take(field.name, field.value)?;
        }
        let fields = seen.fields_for(target.transport)?;
        Some(FastRequest {
            transport: target.transport,
            log: state.feeds.get(target.feed).ok()?,
            query: target.query,
            hold_ms: target.hold_ms,
            fields,
            path: enabled!(target: LOG, Level::DEBUG).then(|| target.path.into()),
        })
    }
}

/// What stands in a request's first line.
#[derive(Debug)]
struct RequestTarget<'a> {
    path: &'a str,
    transport: Transport,
    feed: &'a str,
    query: PollQuery,
    hold_ms: Option<u64>,
}

impl<'a> RequestTarget<'a> {
    fn parse(target: &'a str) -> Option<Self> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let (transport, feed) = place(path)?;
        let mut target = RequestTarget {
            path,
            transport,
            feed,
            query: PollQuery::default(),
            hold_ms: None,
        };
        for parameter in query.into_iter().flat_map(|query| query.split('&')) {
            let (name, value) = parameter.split_once('=')?;
            if !is_unreserved(value) {
                return None;
            }
            match name {
                "after" => once(&mut target.query.after, value)?,
                "user" if transport != Transport::BASELINE => {
                    check_name(value).ok()?;
                    once(&mut target.query.user, value)?;
                }
                "interval_ms" if transport.polls() => once(&mut target.query.interval_ms, value)?,
                "hold_ms" if transport == Transport::LongPolling => {
                    once(&mut target.hold_ms, value)?;
                }
                _ => return None,
            }
        }
        Some(target)
    }
}

/// The transport and the feed that a path is of.
fn place(path: &str) -> Option<(Transport, &str)> {
    let (feed, endpoint) = match path {
        "/events" => (LOBBY, "sse"),
        "/chat" => (LOBBY, "ws"),
        _ => path.strip_prefix("/feeds/")?.split_once('/')?,
    };
    let of_it = |transport: &Transport| transport.endpoint() == endpoint;
    let transport = Transport::ALL.into_iter().find(of_it)?;
    (!feed.is_empty() && is_unreserved(feed)).then_some((transport, feed))
}

/// Whether these characters mean themselves everywhere in a URL (RFC 3986, section 2.3).
fn is_unreserved(text: &str) -> bool {
    let is = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().all(is)
}

/// Takes a parameter that must not have been there before.
fn once<T: FromStr>(parameter: &mut Option<T>, value: &str) -> Option<()> {
    parameter
        .replace(value.parse().ok()?)
        .is_none()
        .then_some(())
}

/// The header fields that have been seen.
#[derive(Debug, Default)]
struct SeenFields<'a> {
    fields: RequestFields,
    hosts: usize,
    /// Of `Connection: upgrade`.
    upgrades: bool,
    /// What the connection is to become then.
    protocol: Option<&'a str>,
    /// Of `Sec-WebSocket-Version: 13`.
    version: bool,
}

impl<'a> SeenFields<'a> {
    /// Takes a field; none if the request is not plain with it.
    fn take(&mut self, name: &str, value: &'a [u8]) -> Option<()> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let fields = &mut self.fields;
        if is("host") {
            self.hosts += 1;
            // What may not stand in a host is refused the general way.
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(byte);
            (!value.is_empty() && value.iter().all(plain)).then_some(())
        } else if is("connection") {
            for option in from_utf8(value).ok()?.split(',') {
                let option = option.trim();
                fields.closes |= option.eq_ignore_ascii_case("close");
                self.upgrades |= option.eq_ignore_ascii_case("upgrade");
            }
            Some(())
        } else if is("upgrade") {
            let protocol = from_utf8(value).ok()?;
            self.protocol.replace(protocol).is_none().then_some(())
        } else if is("last-event-id") {
            once(&mut fields.last_event_id, from_utf8(value).ok()?)
        } else if is("sec-websocket-key") {
            once(&mut fields.websocket_key, from_utf8(value).ok()?)?;
            websocket::is_key(value).then_some(())
        } else if is("sec-websocket-version") {
            self.version = true;
            (value == b"13").then_some(())
        } else if is("sec-websocket-protocol") {
            let mut offers = from_utf8(value).ok()?.split(',');
            fields.offers_chat |= offers.any(|offer| offer.trim() == "chat");
            Some(())
        } else {
            // Those of a body, of one who waits for a word, and of a page that may be foreign.
            let other = ["content-length", "transfer-encoding", "expect", "origin"];
            (!other.into_iter().any(is)).then_some(())
        }
    }

    /// The fields, if they are those of a plain request for `transport`.
    fn fields_for(self, transport: Transport) -> Option<RequestFields> {
        let shakes = self.version && self.fields.websocket_key.is_some();
        let becomes = |wanted: &str| {
            let agreed = self
                .protocol
                .is_some_and(|own| own.eq_ignore_ascii_case(wanted));
            let whole = shakes || transport != Transport::WebSocket;
            agreed && self.upgrades && whole && !self.fields.closes
        };
        // To who may stay as it is, an offer to become something else means nothing.
        let fits = self.hosts == 1 && transport.upgrade().is_none_or(becomes);
        fits.then_some(self.fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Feeds, Retention};
    use crate::service::state::Limits;

    const MAX_HEAD_BYTES: usize = 512;

    fn state() -> AppState {
        AppState::new(Feeds::new(Retention::default(), 2), Limits::default())
    }

    fn begin(bytes: &str) -> ParsedHead {
        ParsedHead::of(bytes.as_bytes(), MAX_HEAD_BYTES, &state())
    }

    /// What is asked for, if it is asked for plainly.
    fn plain(target: &str, fields: &str) -> Option<FastRequest> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x:1\r\n{fields}\r\n");
        match begin(&format!("{request}GET ")) {
            ParsedHead::Fast(plain, length) => {
                assert_eq!(length, request.len());
                Some(plain)
            }
            ParsedHead::Other => None,
            ParsedHead::Partial => panic!("{request} is whole"),
        }
    }

    #[test]
    fn a_plain_request_says_what_its_parameters_do() {
        let target = "/feeds/a/long-poll?after=4-k3x9&hold_ms=50&user=al&interval_ms=9";
        let long = plain(target, "Connection: keep-alive, Close\r\n").unwrap();
        assert_eq!(long.transport, Transport::LongPolling);
        assert_eq!(long.query.after, "4-k3x9".parse().ok());
        assert_eq!(long.query.user.as_deref(), Some("al"));
        assert_eq!((long.query.interval_ms, long.hold_ms), (Some(9), Some(50)));
        assert!(long.fields.closes);

        let short = plain("/feeds/a/poll", "").unwrap();
        assert_eq!(short.transport, Transport::ShortPolling);
        assert!(short.query.after.is_none() && !short.fields.closes);

        let events = plain("/events?after=3", "last-event-id: x y\r\n").unwrap();
        assert_eq!(events.transport, Transport::Sse);
        assert_eq!(events.fields.last_event_id.as_deref(), Some("x y"));

        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
        let rest = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, chat\r\n";
        let chat = plain("/chat?user=al", &format!("{upgrade}{key}{rest}")).unwrap();
        assert_eq!(chat.transport, Transport::WebSocket);
        assert!(chat.fields.offers_chat);
        assert!(plain("/chat", &format!("{upgrade}{rest}")).is_none());
        assert!(plain("/chat", &format!("{upgrade}{key}")).is_none());
        assert!(plain("/chat", &format!("{key}{rest}")).is_none());
        assert!(plain("/chat", &format!("{upgrade}{key}{key}{rest}")).is_none());
        let short = format!("{upgrade}{rest}Sec-WebSocket-Key: dGhl\r\n");
        assert!(plain("/chat", &short).is_none());
    }

    #[test]
    fn all_else_goes_the_general_way() {
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
            "/feeds/a/poll?user=",
            "/feeds/a/poll?after=%31",
            "/feeds/a/poll?after=x",
            "/feeds/a/sse?after=x",
            "/feeds/a/poll?after=1&after=2",
            "/feeds/a/poll?",
            "/feeds/a/poll?token=t",
            "/feeds/a/poll?hold_ms=1",
            "/feeds/a/sse?interval_ms=1",
            "/feeds/a/raw?user=al",
            "/feeds/a/ws",
            "/feeds/a/raw",
        ] {
            assert!(plain(target, "").is_none(), "{target}");
        }
        for field in [
            "Host: x",
            "Origin: http://x",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Last-Event-ID: 1\r\nLast-Event-ID: 1",
        ] {
            let asked = plain("/feeds/a/sse", &format!("{field}\r\n"));
            assert!(asked.is_none(), "{field}");
        }
        for bytes in [
            "GET /feeds/a/poll HTTP/1.1\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.1\r\nHost:\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.0\r\nHost: x\r\n\r\n",
            "HEAD /feeds/a/poll HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /feeds/a/poll HTTP/1.1\r\nHost : x\r\n\r\n",
            "\x16\x03\x01",
        ] {
            assert!(matches!(begin(bytes), ParsedHead::Other), "{bytes:?}");
        }
    }

    #[test]
    fn a_head_is_waited_for_as_long_as_it_may_be() {
        let head = "GET /feeds/a/poll HTTP/1.1\r\nHost: x\r\nA: ";
        for cut in 0..head.len() {
            assert!(matches!(begin(&head[..cut]), ParsedHead::Partial), "{cut}");
        }
        let long = |bytes: usize| format!("{head}{}", "b".repeat(bytes - head.len()));
        assert!(matches!(
            begin(&long(MAX_HEAD_BYTES - 1)),
            ParsedHead::Partial
        ));
        assert!(matches!(begin(&long(MAX_HEAD_BYTES)), ParsedHead::Other));
        let whole = |bytes| long(bytes - 4) + "\r\n\r\n";
        assert!(matches!(
            begin(&whole(MAX_HEAD_BYTES)),
            ParsedHead::Fast(..)
        ));
        assert!(matches!(
            begin(&whole(MAX_HEAD_BYTES + 1)),
            ParsedHead::Other
        ));
    }

    #[test]
    fn feeds_that_cannot_be_had_are_refused_the_general_way() {
        let state = state();
        let ask = |feed: &str| {
            let request = format!("GET /feeds/{feed}/poll HTTP/1.1\r\nHost: x\r\n\r\n");
            ParsedHead::of(request.as_bytes(), MAX_HEAD_BYTES, &state)
        };
        let held = [ask("a"), ask("b")];
        assert!(held.iter().all(|one| matches!(one, ParsedHead::Fast(..))));
        assert!(matches!(ask("c"), ParsedHead::Other));
        assert!(matches!(ask(&"x".repeat(65)), ParsedHead::Other));
    }
}
