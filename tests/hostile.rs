//! Bytes of any kind for each parser and for a server: a fixed number of streams for each property
//! of `fuzz/properties.rs`. `scripts/fuzz` tries the same properties for longer.

#[path = "fuzz/properties.rs"]
mod properties;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use properties::*;

/// Streams for each property: about a second in a debug build.
const CASES: u32 = 2_000;

/// Tries a property on streams of these pieces with random bytes between them. The streams are the
/// same in each run. Of fifty streams, at least one must be understood in part.
fn check(pieces: &'static [&'static [u8]], property: fn(&[u8], &[u8]) -> bool) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let known = prop::sample::select(pieces).prop_map(<[u8]>::to_vec);
    let piece = prop_oneof![4 => known, 1 => prop::collection::vec(any::<u8>(), 0..6)];
    let stream = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let sizes = prop::collection::vec(0..20_u8, 0..12);
    let understood = Cell::new(0);
    let outcome = TestRunner::new_with_rng(config, rng).run(&(stream, sizes), |(stream, sizes)| {
        understood.set(understood.get() + u32::from(property(&stream, &sizes)));
        Ok(())
    });
    outcome.unwrap();
    let understood = understood.get();
    assert!(
        understood >= CASES / 50,
        "{understood} of {CASES} streams are understood"
    );
}

#[test]
fn any_frames() {
    let pieces: &[&[u8]] = &[
        b"\x81\x05hello",
        b"\x01\x02oi",
        b"\x00\x01,",
        b"\x80\x03 e ",
        b"\x80\x00",
        b"\x89\x00",
        b"\x89\x02hi",
        b"\x8a\x00",
        b"\x88\x02\x03\xe8",
        b"\x88\x00",
        b"\x81\x7e\x00\x04long",
        b"\x81\x7f\0\0\0\0\0\0\0\x01x",
        b"\x81\x85",
        b"\x82\x01b",
        b"\xc1\x01z",
    ];
    check(pieces, websocket_frames);
}

const REQUESTS: &[&[u8]] = &[
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"/feeds/a/",
    b"/events",
    b"/chat",
    b"/healthz",
    b"poll",
    b"long-poll",
    b"sse",
    b"ws",
    b"raw",
    b"messages",
    b"?after=1",
    b"?after=0-k3x9",
    b"&hold_ms=1",
    b"&user=al",
    b"%20",
    b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    b"Host: x\r\n",
    b"\r\n",
    b"Connection: close\r\n",
    b"Connection: Upgrade\r\n",
    b"Upgrade: raw-tcp\r\n",
    b"Upgrade: websocket\r\n",
    b"Sec-WebSocket-Version: 13\r\n",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    b"Content-Length: 2\r\n",
    b"Content-Type: application/json\r\n",
    b"Origin: http://x\r\n",
    b"GET /feeds/a/poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /feeds/a/long-poll?hold_ms=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /feeds/a/sse HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n",
    b"{}",
];

#[test]
fn any_requests() {
    check(REQUESTS, plain_requests);
}

#[test]
fn any_requests_to_a_server() {
    check(REQUESTS, http_server);
}

#[test]
fn any_frames_to_a_server() {
    // The masks are 0, so that the payload stays readable here.
    let pieces: &[&[u8]] = &[
        b"\x81\x8d\0\0\0\0{\"text\":\"oi\"}",
        b"\x01\x84\0\0\0\0{\"te",
        b"\x00\x80\0\0\0\0",
        b"\x80\x89\0\0\0\0xt\":\"oi\"}",
        b"\x89\x82\0\0\0\0hi",
        b"\x8a\x80\0\0\0\0",
        b"\x88\x82\0\0\0\0\x03\xe8",
        b"\x88\x80\0\0\0\0",
        b"\x82\x81\0\0\0\0b",
        b"\x81\xfe\x00\x7e\0\0\0\0",
        b"\x81\xff\0\0\0\0\0\x0f\0\0\0\0\0\0",
        b"\x81\x05hello",
        b"\xc1\x80\0\0\0\0",
    ];
    check(pieces, websocket_server);
}

#[test]
fn any_events() {
    let pieces: &[&[u8]] = &[
        b"\xef\xbb\xbf",
        b"data",
        b"event",
        b"id",
        b"retry",
        b":",
        b" ",
        b"10",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"data: x\n\n",
        b"\xc3\xa9",
        b"\0",
    ];
    check(pieces, event_stream);
}

#[test]
fn any_chunks() {
    let pieces: &[&[u8]] = &[
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"0\r\nT: 1\r\n\r\n",
        b"a;x=y\r\n0123456789\r\n",
        b"ffffffffffffffff\r\n",
        b"\r\n",
        b"1",
        b"0",
        b"\n",
    ];
    check(pieces, chunked_body);
}

#[test]
fn any_answers() {
    let pieces: &[&[u8]] = &[
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\n",
        b"content-length: 18446744073709551615\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"\r\n",
        b"{}",
        b"2\r\n{}\r\n0\r\n\r\n",
    ];
    check(pieces, http_answers);
}

#[test]
fn any_raw_messages() {
    let pieces: &[&[u8]] = &[
        b"\0\0\0\x02{}",
        b"\0\0\0\0",
        b"\0\0\0\x0a{\"reset\":}",
        b"\0\0",
        b"\x01\0\0\0",
        b"{",
    ];
    check(pieces, raw_tcp_messages);
}

#[test]
fn any_body() {
    let pieces: &[&[u8]] = &[
        b"{\"from\":\"al\",\"text\":\"oi",
        b"\"}",
        b"{",
        b"}",
        b"\"from\":",
        b"\"text\":",
        b",",
        b"\"a\"",
        b"\"intended_at_ns\":",
        b"1",
        b"\\n",
        b"\\u000d",
        b"\\ud83c\\udf0d",
        b"\\",
        b"\xc3\xa9",
        b" ",
        b"[",
        b"\"",
    ];
    check(pieces, |bytes, _| {
        publish_body(bytes);
        let text = [b"{\"from\":\"al\",\"text\":\"", bytes, b"\"}"].concat();
        publish_body(&text)
    });
}
