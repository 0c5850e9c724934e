//! The bytes of connections, explained: every byte is in one span, however reads and writes cut
//! them; every command derives its value; and tshark names the same fields.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;

use support::process::{command, text};
use support::tshark;
use wslab::texts::{Locale, WireNote};
use wslab::wire::Direction::{self, Down, Up};
use wslab::wire::document::document;
use wslab::wire::pcap::pcap;
use wslab::wire::{Annotated, Layer, Part, Recording, Span, annotate};

/// What one read or write moved.
type Move = (Direction, Vec<u8>);

fn up(bytes: impl AsRef<[u8]>) -> Move {
    (Up, bytes.as_ref().to_vec())
}

fn down(bytes: impl AsRef<[u8]>) -> Move {
    (Down, bytes.as_ref().to_vec())
}

fn recording(moves: &[Move]) -> Recording {
    let mut recording = Recording::default();
    recording.began_at_ns = 1_900_000_000_000_000_000;
    for (number, (direction, bytes)) in moves.iter().enumerate() {
        recording.push(*direction, number as u64 * 1_000_000, bytes);
    }
    recording
}

const MESSAGE: &str =
    r#"{"seq":42,"from":"al","text":"oi ã","intended_at_ns":1,"published_at_ns":2}"#;

/// A frame, masked with RFC 6455's example key if it is from the client.
fn frame(first: u8, payload: &[u8], direction: Direction) -> Vec<u8> {
    let mask = u8::from(direction == Up) << 7;
    let mut frame = vec![first];
    match payload.len() {
        0..126 => frame.push(mask | payload.len() as u8),
        126..65_536 => {
            frame.push(mask | 126);
            frame.extend((payload.len() as u16).to_be_bytes());
        }
        _ => {
            frame.push(mask | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    let key = [0x37, 0xfa, 0x21, 0x3d];
    match direction {
        Down => frame.extend(payload),
        Up => {
            frame.extend(key);
            frame.extend(payload.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b));
        }
    }
    frame
}

/// The handshake of RFC 6455, section 1.3.
fn handshake() -> [Move; 2] {
    [
        up(
            "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Origin: http://example.com\r\nSec-WebSocket-Version: 13\r\n\r\n",
        ),
        down(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
              Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        ),
    ]
}

fn websocket() -> Vec<Move> {
    let mut moves = handshake().to_vec();
    moves.extend([
        up(frame(0x81, b"Hello", Up)),
        down(frame(0x81, MESSAGE.as_bytes(), Down)),
        down(frame(0x89, b"still there?", Down)),
        up(frame(0x8a, b"still there?", Up)),
        up(frame(0x01, &MESSAGE.as_bytes()[..30], Up)),
        up(frame(0x80, &MESSAGE.as_bytes()[30..], Up)),
        down(frame(0x82, &[7; 300], Down)),
        down(frame(0x82, &vec![8; 70_000], Down)),
        up(frame(0x88, b"\x03\xe8bye", Up)),
        down(frame(0x88, b"\x03\xe8", Down)),
    ]);
    moves
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

fn sse() -> Vec<Move> {
    let event = format!("id: 42-k3x9\ndata: {MESSAGE}\n\n");
    let (first, second) = event.split_at(40);
    vec![
        up("GET /feeds/lobby/sse HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 41\r\n\r\n"),
        down(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
              transfer-encoding: chunked\r\n\r\n",
        ),
        down(chunk("retry: 2000\n\n")),
        down(chunk(&event)),
        down(chunk(first) + &chunk(second)),
        down(chunk(":\n\n")),
        down(chunk("event: reset\ndata: {\"missed\":3}\n\n")),
        down("0\r\n\r\n"),
    ]
}

fn ndjson() -> Vec<Move> {
    vec![
        up("GET /feeds/lobby/stream HTTP/1.1\r\nHost: a\r\n\r\n"),
        down(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\
              transfer-encoding: chunked\r\n\r\n",
        ),
        down(chunk(&format!("{MESSAGE}\n"))),
        down(chunk("\n")),
        down(chunk(&format!("{MESSAGE}\n{MESSAGE}\n"))),
        down("0\r\n\r\n"),
    ]
}

fn polls() -> Vec<Move> {
    let answer = |messages: &str| {
        let body = format!(r#"{{"messages":[{messages}],"last":42,"epoch":"k3x9"}}"#);
        let length = body.len();
        down(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ))
    };
    vec![
        up("GET /feeds/lobby/poll?after=41 HTTP/1.1\r\nHost: a\r\n\r\n"),
        answer(MESSAGE),
        up("GET /feeds/lobby/poll?after=42 HTTP/1.1\r\nHost: a\r\n\r\n"),
        answer(""),
        up("POST /feeds/lobby/messages HTTP/1.1\r\nHost: a\r\n\
            Content-Type: application/json\r\nContent-Length: 30\r\n\r\n\
            {\"from\":\"al\",\"text\":\"it's ok\"}"),
        down(
            "HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\
              content-type: application/json\r\n\r\n{\"seq\":43}",
        ),
    ]
}

fn all() -> [Vec<Move>; 4] {
    [websocket(), sse(), ndjson(), polls()]
}

/// Checks that every byte of both directions is in exactly one span.
fn assert_all_bytes(recording: &Recording, annotated: &Annotated) {
    for direction in [Up, Down] {
        let of = annotated.spans.iter();
        let mut spans: Vec<&Span> = of.filter(|span| span.direction == direction).collect();
        spans.sort_by_key(|span| span.start);
        let mut at = 0;
        for span in spans {
            assert_eq!(span.start, at, "{direction:?}: {span:?}");
            assert!(span.length > 0 && !span.fields.is_empty(), "{span:?}");
            at = span.end();
        }
        assert_eq!(at, recording.bytes(direction).len(), "{direction:?}");
    }
}

/// The spans of a direction, without their times.
fn untimed(annotated: &Annotated) -> Vec<Span> {
    let spans = annotated.spans.iter().cloned();
    let mut spans: Vec<Span> = spans.map(|span| Span { at_ns: 0, ..span }).collect();
    spans.sort_by_key(|span| (span.direction, span.start));
    spans
}

/// The first span with this note, and its value.
fn value(annotated: &Annotated, note: WireNote) -> &str {
    let mut fields = annotated.spans.iter().flat_map(|span| &span.fields);
    let found = fields.find(|field| field.note == note);
    &found.unwrap_or_else(|| panic!("no {note:?}")).value
}

#[test]
fn the_example_of_the_rfc_is_explained_field_by_field() {
    let mut moves = handshake().to_vec();
    // RFC 6455, section 5.7: a single masked text, "Hello".
    moves.push(up(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
    let annotated = annotate(&recording(&moves));
    for (note, expected) in [
        (WireNote::Method, "GET"),
        (WireNote::StatusCode, "101"),
        (WireNote::WebSocketAccept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        (WireNote::KeyBytes, "16"),
        (WireNote::Fin, "1"),
        (WireNote::Rsv1, "0"),
        (WireNote::Rsv2, "0"),
        (WireNote::Rsv3, "0"),
        (WireNote::Opcode, "1 (text)"),
        (WireNote::MaskedByClient, "1"),
        (WireNote::Length7, "5"),
        (WireNote::MaskingKey, "37fa213d"),
        (WireNote::UnmaskedPayload, "Hello"),
    ] {
        assert_eq!(value(&annotated, note), expected, "{note:?}");
    }
    let [.., first, second, key, payload] = &annotated.spans[..] else {
        panic!("too few")
    };
    let lengths = [first, second, key, payload].map(|span| span.length);
    assert_eq!(lengths, [1, 1, 4, 5]);
    assert_eq!(
        (payload.layer, payload.part, payload.number),
        (Layer::Payload, Part::Frame, 1)
    );
    moves[1].1 = text(&moves[1].1).replace("s3p", "S3p").into();
    let wrong = annotate(&recording(&moves));
    value(&wrong, WireNote::AcceptWrong);
}

#[test]
fn layers_are_those_of_the_byte_ledger() {
    for (moves, messages, texts, envelopes) in [
        (sse(), 2, 2, 2 * (MESSAGE.len() - 5)),
        (ndjson(), 3, 3, 3 * (MESSAGE.len() - 5)),
    ] {
        let recording = recording(&moves);
        let annotated = annotate(&recording);
        let reset = if texts == 2 {
            r#"{"missed":3}"#.len()
        } else {
            0
        };
        assert_eq!(
            annotated.bytes(Layer::Payload, Down),
            texts * "oi ã".len() + reset
        );
        assert_eq!(annotated.bytes(Layer::Envelope, Down), envelopes);
        let sum: usize = Layer::ALL
            .map(|layer| annotated.bytes(layer, Down))
            .iter()
            .sum();
        assert_eq!(sum, recording.bytes(Down).len());
        assert_eq!(annotated.messages(), messages + usize::from(texts == 2));
    }
    let annotated = annotate(&recording(&websocket()));
    assert_eq!(annotated.messages(), 3);
    assert_eq!(annotated.down.pings, [b"still there?"]);
    assert!(annotated.up.has_closed && annotated.down.has_closed);
    let annotated = annotate(&recording(&polls()));
    assert_eq!(annotated.answers.len(), 3);
    assert!(
        annotated
            .answers
            .iter()
            .all(|answer| answer.body.is_complete)
    );
}

#[test]
fn malformed_bytes_are_named() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let [request, _] = handshake();
    for (moves, note) in [
        (vec![up("\x16\x03\x01\x02\0\x01")], WireNote::TlsRecord),
        (vec![up("SSH-2.0-x\r\n")], WireNote::BadRequestLine),
        (vec![up("GET / HTTP/1.1\r\nHost")], WireNote::Incomplete),
        (
            vec![up("GET / HTTP/1.1\r\nHost : a\r\n\r\n")],
            WireNote::BadHeaderLine,
        ),
        (
            vec![up("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n")],
            WireNote::FoldedLine,
        ),
        (
            vec![up("GET / HTTP/1.1\nHost: a\n\n")],
            WireNote::BadLineEnd,
        ),
        (
            vec![down("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\noi")],
            WireNote::BadLength,
        ),
        (
            vec![down(format!("{chunked}0x3\r\nabc"))],
            WireNote::BadChunkSize,
        ),
        (
            vec![down(format!("{chunked}3\r\nabcd\r\n"))],
            WireNote::BadChunkEnd,
        ),
        (
            vec![down(format!("{chunked}3;a=b\r\nabc\r\n"))],
            WireNote::ChunkExtension,
        ),
        (
            vec![down(format!("{chunked}0\r\nA: b\r\n\r\n"))],
            WireNote::Trailer,
        ),
        (
            [handshake().to_vec(), vec![up(b"\x81\x01a")]].concat(),
            WireNote::MaskMissing,
        ),
        (
            [handshake().to_vec(), vec![down(b"\x81\x81\0\0\0\0a")]].concat(),
            WireNote::MaskForbidden,
        ),
        (
            [handshake().to_vec(), vec![down(b"\x83\0")]].concat(),
            WireNote::OpcodeReserved,
        ),
        (
            [handshake().to_vec(), vec![down(b"\x09\0")]].concat(),
            WireNote::BadControl,
        ),
        (
            [handshake().to_vec(), vec![down(b"\x88\x01x")]].concat(),
            WireNote::BadClose,
        ),
        (
            [handshake().to_vec(), vec![down(b"\x81\x01\xff")]].concat(),
            WireNote::BadUtf8,
        ),
        (
            [handshake().to_vec(), vec![down(b"\x81\x7e\0\x01a")]].concat(),
            WireNote::LengthNotShortest,
        ),
        (
            vec![request, down(b"\x15\x03\x01\0\x02")],
            WireNote::TlsRecord,
        ),
    ] {
        let recording = recording(&moves);
        let annotated = annotate(&recording);
        assert_all_bytes(&recording, &annotated);
        value(&annotated, note);
    }
}

/// The same bytes, cut anew: each move in pieces of these lengths.
fn cut(moves: &[Move], lengths: &[usize]) -> Vec<Move> {
    let mut lengths = lengths.iter().cycle();
    let mut pieces = Vec::new();
    for (direction, bytes) in moves {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(rest.len().min(*lengths.next().unwrap()));
            pieces.push((*direction, piece.to_vec()));
            rest = left;
        }
    }
    pieces
}

fn cases(cases: u32) -> Config {
    Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    }
}

#[test]
fn the_borders_of_reads_and_writes_change_nothing() {
    let config = cases(40);
    proptest!(config, |(which in 0..4usize, lengths in vec(1..4000usize, 1..8))| {
        let moves = &all()[which];
        let (whole, pieces) = (recording(moves), recording(&cut(moves, &lengths)));
        let (expected, found) = (annotate(&whole), annotate(&pieces));
        assert_all_bytes(&whole, &expected);
        assert_all_bytes(&pieces, &found);
        prop_assert_eq!(untimed(&found), untimed(&expected));
        let complaints = [WireNote::BadRequestLine, WireNote::NotExplained, WireNote::Incomplete];
        for span in &found.spans {
            prop_assert!(span.fields.iter().all(|field| !complaints.contains(&field.note)));
        }
    });
}

#[test]
fn bytes_of_any_kind_are_explained_without_a_panic() {
    let config = cases(300);
    let noise = vec(any::<u8>(), 0..200);
    proptest!(config, |(
        which in 0..4usize, cuts in vec(0.0..1.0f64, 2),
        changed in vec((0.0..1.0f64, any::<u8>()), 0..6),
        noise in noise, is_pure in any::<bool>(), direction in any::<bool>(),
    )| {
        let mut moves = all()[which].clone();
        if is_pure {
            moves = vec![(if direction { Up } else { Down }, noise.clone())];
        }
        for ((_, bytes), cut) in moves.iter_mut().rev().zip(cuts) {
            bytes.truncate((bytes.len() as f64 * cut) as usize);
        }
        for (place, byte) in changed {
            let at = (moves.len() as f64 * place) as usize;
            let bytes = &mut moves[at].1;
            if !bytes.is_empty() {
                let at = (bytes.len() as f64 * place * 7.0) as usize % bytes.len();
                bytes[at] = byte;
            }
        }
        moves.push((Up, noise.clone()));
        moves.push((Down, noise));
        let recording = recording(&moves);
        assert_all_bytes(&recording, &annotate(&recording));
    });
}

#[test]
fn a_flood_of_small_fields_has_a_bound() {
    let [request, answer] = handshake();
    let recording = recording(&[request, answer, down([0x8a, 0].repeat(30_000))]);
    let annotated = annotate(&recording);
    assert_all_bytes(&recording, &annotated);
    assert!(annotated.spans.len() < 5_000);
    value(&annotated, WireNote::NotExplained);
}

#[test]
fn every_command_prints_its_value() {
    let (mut script, mut expected) = (String::new(), Vec::new());
    for moves in all() {
        let annotated = annotate(&recording(&moves));
        for field in annotated.spans.iter().flat_map(|span| &span.fields) {
            if let Some(command) = &field.command {
                script += &format!("{{ {command}; }} | tr -d '\\n'; echo\n");
                expected.push((command.clone(), field.value.clone()));
            }
        }
    }
    assert!(expected.len() > 80, "{}", expected.len());
    let output = command("sh").args(["-c", &script]).output().unwrap();
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), expected.len());
    for (printed, (command, value)) in printed.lines().zip(expected) {
        let value = value.trim_end_matches('…');
        let is_it = value == printed || value.starts_with(&format!("{printed} ("));
        assert!(
            is_it,
            "{command}\nprints {printed}, and the value is {value}"
        );
    }
}

#[test]
fn every_note_has_words_in_both_languages() {
    use strum::IntoEnumIterator;
    for note in WireNote::iter() {
        for locale in [Locale::En, Locale::Pt] {
            assert!(!note.title(locale).is_empty(), "{note:?}");
            assert!(!note.sentence(locale).is_empty(), "{note:?} {locale:?}");
        }
        assert_ne!(
            note.sentence(Locale::En),
            note.sentence(Locale::Pt),
            "{note:?}"
        );
    }
}

#[test]
fn tshark_names_the_same_fields() {
    let compared = all().map(|moves| {
        let recording = recording(&moves);
        let annotated = annotate(&recording);
        let document = serde_json::from_slice(&document(&recording, &annotated)).unwrap();
        tshark::assert_agrees(&pcap(&recording), &document)
    });
    assert!(
        compared[0] > 70 && compared.iter().all(|values| *values > 8),
        "{compared:?}"
    );
}
