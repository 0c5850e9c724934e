//! What is said of the header fields of HTTP.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::texts::WireNote as N;
use crate::wire::command;
use crate::wire::head::Head;
use crate::wire::span::Field;

/// Name, note, document and section of the known fields.
const KNOWN: &[(&str, N, &str, &str)] = &[
    ("accept", N::Accept, "RFC 9110", "12.5.1"),
    ("accept-encoding", N::AcceptEncoding, "RFC 9110", "12.5.3"),
    (
        "access-control-allow-origin",
        N::AllowOrigin,
        "WHATWG Fetch",
        "3.3",
    ),
    ("authorization", N::Authorization, "RFC 9110", "11.6.2"),
    ("cache-control", N::CacheControl, "RFC 9111", "5.2"),
    ("connection", N::Connection, "RFC 9110", "7.6.1"),
    ("content-encoding", N::ContentEncoding, "RFC 9110", "8.4"),
    ("content-length", N::ContentLength, "RFC 9110", "8.6"),
    ("content-type", N::ContentType, "RFC 9110", "8.3"),
    ("date", N::Date, "RFC 9110", "6.6.1"),
    ("host", N::Host, "RFC 9110", "7.2"),
    ("last-event-id", N::LastEventId, "WHATWG HTML", "9.2.4"),
    ("origin", N::Origin, "RFC 6454", "7"),
    (
        "sec-websocket-accept",
        N::WebSocketAccept,
        "RFC 6455",
        "11.3.3",
    ),
    (
        "sec-websocket-extensions",
        N::WebSocketExtensions,
        "RFC 6455",
        "11.3.2",
    ),
    ("sec-websocket-key", N::WebSocketKey, "RFC 6455", "11.3.1"),
    (
        "sec-websocket-protocol",
        N::WebSocketProtocol,
        "RFC 6455",
        "11.3.4",
    ),
    (
        "sec-websocket-version",
        N::WebSocketVersion,
        "RFC 6455",
        "11.3.5",
    ),
    ("transfer-encoding", N::TransferEncoding, "RFC 9112", "6.1"),
    ("upgrade", N::Upgrade, "RFC 9110", "7.8"),
    ("user-agent", N::UserAgent, "RFC 9110", "10.1.5"),
];

/// What is said of a field. `request` is the head that a response answers.
pub fn explain(name: &str, value: &str, request: Option<&Head>) -> Vec<Field> {
    let known = KNOWN
        .iter()
        .find(|known| known.0.eq_ignore_ascii_case(name));
    let text = command::shown(value.as_bytes());
    let field = match known {
        Some(&(_, note, document, section)) => Field::new(note, &*text).at(document, section),
        None if name.eq_ignore_ascii_case("x-accel-buffering") => Field::new(N::Buffering, &*text),
        None => Field::new(N::HeaderField, &*text).at("RFC 9110", "5"),
    };
    let mut field = field.named(name);
    let key = request.and_then(|request| request.get("sec-websocket-key"));
    match (field.note, key) {
        (N::WebSocketAccept, Some(key)) => {
            field.command = Some(command::accept(key));
            if value != derive_accept_key(key.as_bytes()) {
                field.note = N::AcceptWrong;
            }
            vec![field]
        }
        (N::WebSocketKey, _) => {
            let length = BASE64_STANDARD.decode(value).map_or(0, |key| key.len());
            let length = Field::new(N::KeyBytes, length.to_string());
            vec![field, length.by(command::key_length(value))]
        }
        _ => vec![field],
    }
}
