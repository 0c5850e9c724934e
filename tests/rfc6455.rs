//! The server's WebSocket against RFC 6455, clause by clause, as literal bytes.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::Server;
use support::websocket::{close_code, frame, open_websocket};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// Frames that a client sends, and the answers before the close.
type Conversation<'a> = (&'a [Vec<u8>], &'a [(u8, &'a [u8])]);

fn close_frame(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// All frames until the server ends the connection, as first byte and payload.
fn answers(mut stream: TcpStream) -> Vec<(u8, Vec<u8>)> {
    let (mut bytes, mut frames) = (Vec::new(), Vec::new());
    stream.read_to_end(&mut bytes).expect("an orderly end");
    let mut rest = &bytes[..];
    while let [first, length, after @ ..] = rest {
        assert!(*length < 126, "short answers only, and unmasked");
        let (payload, after) = after.split_at(usize::from(*length));
        frames.push((*first, payload.to_vec()));
        rest = after;
    }
    assert!(rest.is_empty(), "half a frame: {rest:x?}");
    frames
}

/// The frames that `/echo` answers to these bytes.
fn echoed(server: &Server, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut stream, _) = open_websocket(server, "/echo", "");
    stream.write_all(bytes).unwrap();
    answers(stream)
}

/// Checks that the only frame that the server sends is a close with this code.
fn assert_refused(server: &Server, bytes: &[u8], code: u16, why: &str) {
    let answers = echoed(server, bytes);
    let [(CLOSE, payload)] = &answers[..] else {
        panic!("{why}: {answers:x?} is not one close frame");
    };
    let told = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
    assert_eq!(told, Some(code), "{why}");
    assert!(payload.len() > 2, "{why}: and it says why");
}

#[test]
fn messages_come_in_any_number_of_frames_with_control_frames_between_them() {
    // Sections 5.4 and 5.5.
    let server = Server::start(&[]);
    let bye = close_frame(1000, b"");
    let closed = (CLOSE, vec![0x03, 0xe8]);
    let conversations: &[Conversation] = &[
        (&[frame(TEXT, b"")], &[(TEXT, b"")]),
        (
            &[frame(0x01, b"a"), frame(0x00, b"b"), frame(0x80, b"c")],
            &[(TEXT, b"abc")],
        ),
        (
            &[frame(0x02, b"\xff"), frame(0x80, b"\x00")],
            &[(BINARY, b"\xff\x00")],
        ),
        (
            &[frame(0x01, b""), frame(0x00, b""), frame(0x80, b"")],
            &[(TEXT, b"")],
        ),
        (
            &[
                frame(0x01, b"a"),
                frame(PING, b"1"),
                frame(PONG, b"?"),
                frame(0x80, b"b"),
            ],
            &[(PONG, b"1"), (TEXT, b"ab")],
        ),
        // Two messages, one after the other, are two.
        (
            &[
                frame(0x01, b"a"),
                frame(0x80, b"b"),
                frame(0x01, b"c"),
                frame(0x80, b"d"),
            ],
            &[(TEXT, b"ab"), (TEXT, b"cd")],
        ),
        // A character in three frames (section 5.6).
        (
            &[
                frame(0x01, b"\xe2"),
                frame(PING, b""),
                frame(0x00, b"\x82"),
                frame(0x80, b"\xac"),
            ],
            &[(PONG, b""), (TEXT, "€".as_bytes())],
        ),
    ];
    for (frames, expected) in conversations {
        let bytes = [&frames.concat()[..], &bye].concat();
        let mut expected: Vec<_> = expected.iter().map(|(f, p)| (*f, p.to_vec())).collect();
        expected.push(closed.clone());
        assert_eq!(echoed(&server, &bytes), expected);
        let (mut stream, _) = open_websocket(&server, "/echo", "");
        stream.set_nodelay(true).unwrap();
        bytes
            .chunks(1)
            .for_each(|byte| stream.write_all(byte).unwrap());
        assert_eq!(answers(stream), expected, "byte by byte");
    }
}

#[test]
fn a_ping_is_answered_with_what_it_held() {
    // Sections 5.5.2 and 5.5.3.
    let server = Server::start(&[]);
    let longest = [0xfe; 125];
    let bytes = [
        frame(PING, b""),
        frame(PONG, b"nobody asked"),
        frame(PING, &longest),
        close_frame(1000, b""),
    ];
    let expected = [
        (PONG, vec![]),
        (PONG, longest.to_vec()),
        (CLOSE, vec![0x03, 0xe8]),
    ];
    assert_eq!(echoed(&server, &bytes.concat()), expected);
}

#[test]
fn frames_that_break_the_rules_close_with_1002() {
    let server = Server::start(&[]);
    let refused = |bytes: &[u8], why: &str| assert_refused(&server, bytes, 1002, why);
    refused(b"\x81\x01x", "unmasked text (section 5.1)");
    refused(b"\x89\x00", "an unmasked ping");
    refused(b"\x88\x02\x03\xe8", "an unmasked close");
    for reserved in [0x40, 0x20, 0x10, 0x70] {
        for first in [TEXT, BINARY, PING, CLOSE] {
            refused(&frame(first | reserved, b""), "reserved bits (section 5.2)");
        }
    }
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        refused(
            &frame(0x80 | opcode, b""),
            "a reserved opcode (section 5.2)",
        );
    }
    refused(&frame(0x80, b"x"), "the end of no message (section 5.4)");
    refused(&frame(0x00, b"x"), "a part of no message");
    let interrupted = [frame(0x01, b"a"), frame(TEXT, b"b")].concat();
    refused(&interrupted, "a message within another");
    for opcode in [PING, PONG, CLOSE] {
        refused(
            &frame(opcode & 0x7f, b""),
            "a control frame in parts (section 5.5)",
        );
        refused(&frame(opcode, &[b'x'; 126]), "a control frame too long");
    }
}

#[test]
fn text_that_is_none_closes_with_1007() {
    // Section 8.1, with the sequences that RFC 3629 forbids.
    let server = Server::start(&[]);
    for bad in [
        &b"\xc3\x28"[..],    // a first byte alone
        b"\x80",             // a later byte alone
        b"a\xff",            // no byte of UTF-8
        b"\xc0\xaf",         // overlong
        b"\xed\xa0\x80",     // a surrogate
        b"\xf4\x90\x80\x80", // beyond U+10FFFF
        b"\xe2\x82",         // a character that never ends
    ] {
        assert_refused(&server, &frame(TEXT, bad), 1007, &format!("{bad:x?}"));
        let parts = [frame(0x01, b"fine so far "), frame(0x80, bad)].concat();
        assert_refused(
            &server,
            &parts,
            1007,
            &format!("{bad:x?}, in the second frame"),
        );
    }
    let cut = [frame(0x01, b"\xe2\x82"), frame(0x80, b"")].concat();
    assert_refused(
        &server,
        &cut,
        1007,
        "a character that never ends, in two frames",
    );
    let early = [frame(0x01, b"\xff"), frame(PING, b"")].concat();
    assert_refused(
        &server,
        &early,
        1007,
        "at once, rather than at the message's end",
    );
}

#[test]
fn a_close_is_answered_with_its_code_and_nothing_after_it_counts() {
    // Sections 5.5.1 and 7.4.
    let server = Server::start(&[]);
    let close = |code: u16, reason: &[u8]| {
        // Bytes behind a close frame are ignored.
        let late = [
            close_frame(code, reason),
            frame(TEXT, b"late"),
            frame(PING, b"late"),
        ];
        let answers = echoed(&server, &late.concat());
        let [(CLOSE, payload)] = &answers[..] else {
            panic!("{code}: {answers:x?} is not one close frame");
        };
        u16::from_be_bytes(*payload.first_chunk().expect("a code"))
    };
    let valid = [
        1000..=1003,
        1007..=1013,
        3000..=3000,
        3999..=4000,
        4999..=4999,
    ];
    for code in valid.into_iter().flatten() {
        assert_eq!(close(code, b""), code);
        assert_eq!(close(code, "bye, ã".as_bytes()), code);
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        assert_eq!(close(code, b""), 1002, "{code} must not be sent");
    }
    assert_eq!(close(1000, &[b'x'; 123]), 1000);
    assert_eq!(
        echoed(&server, &frame(CLOSE, b"")),
        [(CLOSE, vec![])],
        "without a code"
    );
    assert_refused(&server, &frame(CLOSE, b"\x03"), 1002, "half a code");
    assert_refused(
        &server,
        &close_frame(1000, b"\xff"),
        1007,
        "a reason that is no text",
    );
}

#[test]
fn who_talks_on_after_its_close_sees_the_answer_and_the_end() {
    let server = Server::start(&["--presence", "off"]);
    // A request with an Origin goes to the general engine.
    let own = format!("Origin: http://{}\r\n", server.address);
    for origin in ["", &own] {
        let (mut stream, _) = open_websocket(&server, "/feeds/a/ws", origin);
        let late = frame(TEXT, &[b'x'; 1_000]).repeat(200);
        let bytes = [close_frame(1000, b""), late].concat();
        // The server may close during this write.
        let _ = stream.write_all(&bytes);
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        assert!(ended.is_ok(), "{origin:?}: {ended:?}");
        assert_eq!(answer, [CLOSE, 2, 0x03, 0xe8]);
    }
}

#[test]
fn a_server_that_closes_reads_on_until_the_peer_has_closed_too() {
    // Section 7.1.1: frames under way do not reset the connection, and the server closes it.
    let server = Server::start(&["--presence", "off"]);
    let (mut stream, _) = open_websocket(&server, "/feeds/a/ws?user=al", "");
    stream.write_all(&frame(TEXT, b"no JSON")).unwrap();
    for _ in 0..100 {
        stream
            .write_all(&frame(TEXT, br#"{"text":"under way"}"#))
            .unwrap();
        stream.write_all(&frame(PING, b"")).unwrap();
    }
    stream.write_all(&close_frame(1000, b"")).unwrap();
    let answers = answers(stream);
    let [(CLOSE, payload)] = &answers[..] else {
        panic!("{answers:x?} is not one close frame");
    };
    assert_eq!(payload[..2], 1007_u16.to_be_bytes());
    assert!(
        server.history("a").is_empty(),
        "nothing after it is published"
    );
}

#[test]
fn a_message_of_any_length_is_told_1009_before_the_end() {
    let server = Server::start(&["--presence", "off"]);
    for length in [70_000_u64, 300_000, 3_000_000, 1 << 40, u64::MAX >> 1] {
        let (mut stream, _) = open_websocket(&server, "/echo", "");
        let head = [&[TEXT, 0xff], &length.to_be_bytes()[..], &[0; 4]].concat();
        stream.write_all(&head).unwrap();
        // The server may close during this write.
        let _ = stream.write_all(&vec![b'x'; length.min(3_000_000) as usize]);
        assert_eq!(close_code(&mut stream), 1009, "{length} bytes");
    }
    let (mut stream, _) = open_websocket(&server, "/echo", "");
    let part = frame(0x01, &[b'x'; 60_000]);
    stream.write_all(&part).unwrap();
    let more = frame(0x00, &[b'x'; 60_000]);
    (0..20).for_each(|_| drop(stream.write_all(&more)));
    assert_eq!(close_code(&mut stream), 1009, "in many frames");
}
