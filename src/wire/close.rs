//! The payload of a close frame (RFC 6455, sections 5.5.1 and 7.4.1).

use crate::texts::WireNote as N;
use crate::wire::command::{self, hex, shown};
use crate::wire::content::{Content, unmasked};
use crate::wire::recording::Direction;
use crate::wire::source::Spans;
use crate::wire::span::{Field, Layer, Part};

/// Code and reason. `start` is the place of the payload.
pub fn explain(
    spans: &mut Spans,
    direction: Direction,
    start: usize,
    payload: &[u8],
    key: Option<[u8; 4]>,
) {
    let Some((&masked, reason)) = payload.split_first_chunk::<2>() else {
        let fields = vec![Field::new(N::BadClose, hex(payload)).at("RFC 6455", "5.5.1")];
        let range = start..start + payload.len();
        spans.push(direction, range, Layer::Protocol, Part::Frame, fields);
        return;
    };
    let plain: Vec<u8> = unmasked(&masked, key.unwrap_or_default()).collect();
    let code = u16::from_be_bytes([plain[0], plain[1]]);
    let command = match key {
        None => command::number(&hex(&masked)),
        Some(key) => command::unmask_number(masked, key),
    };
    let value = match name(code) {
        Some(name) => format!("{code} ({name})"),
        None => code.to_string(),
    };
    let field = Field::new(N::CloseCode, value).at("RFC 6455", "7.4.1");
    let fields = vec![field.by(command)];
    spans.push(
        direction,
        start..start + 2,
        Layer::Protocol,
        Part::Frame,
        fields,
    );
    let mut content = Content::new(direction);
    let key = key.map(|[a, b, c, d]| [c, d, a, b]);
    content.add(start + 2, reason, key);
    let field = Field::new(N::CloseReason, shown(content.bytes())).at("RFC 6455", "7.1.6");
    let all = 0..reason.len();
    content.push(spans, all, Layer::Protocol, Part::Frame, vec![field]);
}

fn name(code: u16) -> Option<&'static str> {
    Some(match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "invalid payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        _ => return None,
    })
}
