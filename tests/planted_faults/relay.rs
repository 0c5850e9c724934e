//! A relay between subscribers and a real server that spoils the frames of WebSockets.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// What becomes of the frame with number i, from 0: the frames to pass on in its place. `None` cuts
/// the connection. `held` is kept from one frame to the next.
pub type Fault = fn(i: usize, frame: Vec<u8>, held: &mut Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>>;

/// Starts a relay to a server that lives as long as the test; returns its address.
pub fn start(server: &str, fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = server.to_owned();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&server).unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            thread::spawn(move || relay(client, server, fault));
        }
    });
    address
}

fn relay(mut client: TcpStream, mut server: TcpStream, fault: Fault) -> Option<()> {
    let mut first = [0; 4 << 10];
    let count = client.read(&mut first).ok()?;
    server.write_all(&first[..count]).ok()?;
    let (mut up, mut to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut up, &mut to_server);
        to_server.shutdown(Shutdown::Write)
    });
    let is_websocket = String::from_utf8_lossy(&first[..count]).contains("/ws?");
    if is_websocket {
        frames(&mut client, &mut server, fault);
        let _ = server.shutdown(Shutdown::Both);
    } else {
        let _ = std::io::copy(&mut server, &mut client);
    }
    client.shutdown(Shutdown::Both).ok()
}

/// Passes the head of the answer on as it is, and each frame as the fault has it.
fn frames(client: &mut TcpStream, server: &mut TcpStream, fault: Fault) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(byte(server)?);
    }
    client.write_all(&head).ok()?;
    let mut held = Vec::new();
    for number in 0.. {
        let mut frame = vec![byte(server)?, byte(server)?];
        let mut length = usize::from(frame[1]);
        if length == 126 {
            frame.extend([byte(server)?, byte(server)?]);
            length = usize::from(u16::from_be_bytes([frame[2], frame[3]]));
        }
        let begin = frame.len();
        frame.resize(begin + length, 0);
        server.read_exact(&mut frame[begin..]).ok()?;
        for frame in fault(number, frame, &mut held)? {
            client.write_all(&frame).ok()?;
        }
    }
    None
}

fn byte(stream: &mut TcpStream) -> Option<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte).ok()?;
    Some(byte[0])
}
