//! WebSocket by hand: the handshake and frames as literal bytes.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{Server, read_until};

/// What asks for a WebSocket, by the example of RFC 6455, section 1.3.
pub const UPGRADE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// Opens a WebSocket by the example of RFC 6455, section 1.3, and checks the answer.
pub fn open_websocket(server: &Server, path: &str, extra: &str) -> (TcpStream, String) {
    let mut stream = server.connect();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {}\r\n{UPGRADE}{extra}\r\n",
        server.address
    )
    .unwrap();
    let head = read_until(&mut stream, "\r\n\r\n").to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(
        head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"),
        "{head}"
    );
    (stream, head)
}

/// A masked frame; the mask is the one of RFC 6455, section 5.7.
pub fn masked(head: &[u8], payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = head.to_vec();
    frame.extend_from_slice(&mask);
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

/// One frame from the server: its first byte and its payload.
pub fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            u16::from_be_bytes(length) as usize
        }
        short @ 0..126 => short as usize,
        other => panic!("a length byte of {other}"),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).unwrap();
    (head[0], payload)
}

pub fn close_code(stream: &mut TcpStream) -> u16 {
    let (opcode, payload) = read_frame(stream);
    assert_eq!(opcode, 0x88, "a close frame, not {payload:?}");
    assert!(payload.len() <= 125);
    u16::from_be_bytes([payload[0], payload[1]])
}
