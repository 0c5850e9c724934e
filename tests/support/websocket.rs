//! WebSocket by hand: the handshake and frames as bytes.

use std::io::Read;
use std::net::TcpStream;

use super::Server;

/// The header fields that ask for a WebSocket: the example of RFC 6455, section 1.3.
pub const UPGRADE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// Opens a WebSocket and checks the response by the example of RFC 6455, section 1.3.
pub fn open_websocket(server: &Server, path: &str, extra: &str) -> (TcpStream, String) {
    let headers = format!("{UPGRADE}{extra}");
    let (stream, head) = server.open_until(path, &headers, "\r\n\r\n");
    let head = head.to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    let accept = "\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n";
    assert!(head.contains(accept), "{head}");
    (stream, head)
}

/// A masked frame with this first byte; the mask is the one of RFC 6455, section 5.7.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length @ ..0x1_0000 => {
            frame.push(0xfe);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0xff);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
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

/// Reads a close frame; returns its code.
pub fn close_code(stream: &mut TcpStream) -> u16 {
    let (opcode, payload) = read_frame(stream);
    assert_eq!(opcode, 0x88, "a close frame, not {payload:?}");
    assert!(payload.len() <= 125);
    u16::from_be_bytes([payload[0], payload[1]])
}
