//! A WebSocket server that keeps the rules, but for the faults that it is told to have.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::server::{Faults, Head};

/// The most bytes of a message.
const LIMIT: usize = 1 << 20;

/// The clients of the chat.
#[derive(Default)]
pub struct Room {
    clients: Mutex<HashMap<u64, TcpStream>>,
    is_dead: Mutex<bool>,
}

struct Peer<'a> {
    stream: TcpStream,
    faults: &'a Faults,
    /// Bytes that came and were not read.
    rest: Vec<u8>,
    /// The client went in the middle of a frame.
    is_cut: bool,
}

/// Why a conversation ends.
enum End {
    /// Closed with a code.
    Code(u16),
    /// A close frame came, with this payload.
    Asked(Vec<u8>),
    /// The connection is gone, or is to be ended without a word.
    Gone,
}

/// Serves a handshake and what follows it. `room` is there for a chat.
pub fn serve(
    stream: TcpStream,
    head: &Head,
    rest: Vec<u8>,
    faults: &Faults,
    room: Option<&Arc<Room>>,
) {
    let mut peer = Peer {
        stream,
        faults,
        rest,
        is_cut: false,
    };
    if !peer.shake_hands(head) {
        return;
    }
    let id = rand::random();
    if let Some(room) = room {
        let copy = peer.stream.try_clone().unwrap();
        room.clients.lock().unwrap().insert(id, copy);
    }
    let end = peer.converse(room, id);
    if let Some(room) = room {
        room.clients.lock().unwrap().remove(&id);
        *room.is_dead.lock().unwrap() |= peer.is_cut && faults.has("drop-kills");
    }
    peer.end(end);
}

impl Peer<'_> {
    fn refuse(&mut self, status: &str, fields: &str) -> bool {
        let _ = write!(
            self.stream,
            "HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        false
    }

    fn shake_hands(&mut self, head: &Head) -> bool {
        let has = |name| self.faults.has(name);
        let connection = head.field("connection").to_lowercase();
        let is_upgrade = match has("connection-exact") {
            true => connection == "upgrade",
            false => connection.split(',').any(|word| word.trim() == "upgrade"),
        };
        if !is_upgrade || !head.field("upgrade").eq_ignore_ascii_case("websocket") {
            if has("plain-get-dropped") {
                return false;
            }
            return self.refuse("426 Upgrade Required", "Upgrade: websocket\r\n");
        }
        if head.method != "GET" && !has("post-taken") {
            return self.refuse("405 Method Not Allowed", "Allow: GET\r\n");
        }
        if head.field("sec-websocket-version") != "13" && !has("any-version") {
            let named = match has("version-unnamed") {
                true => "",
                false => "Sec-WebSocket-Version: 13\r\n",
            };
            return self.refuse("426 Upgrade Required", named);
        }
        let key = head.field("sec-websocket-key");
        if key.is_empty() && !has("keyless-taken")
            || key.len() < 24 && !key.is_empty() && !has("short-key-taken")
        {
            return self.refuse("400 Bad Request", "");
        }
        let accept = match has("accept-of-empty") {
            true => derive_accept_key(b""),
            false => derive_accept_key(key.as_bytes()),
        };
        let own = format!("http://{}", head.field("host"));
        let takes_all = has("any-page") || has("any-page-with-cookie");
        if !["", &own].contains(&head.field("origin")) && !takes_all {
            return self.refuse("403 Forbidden", "");
        }
        let mut fields = format!("Sec-WebSocket-Accept: {accept}\r\n");
        for (fault, field) in [
            ("no-upgrade-field", "Upgrade: websocket\r\n"),
            ("no-connection-field", "Connection: Upgrade\r\n"),
        ] {
            if !has(fault) {
                fields += field;
            }
        }
        for (fault, field) in [
            ("own-subprotocol", "Sec-WebSocket-Protocol: chat\r\n"),
            (
                "own-extension",
                "Sec-WebSocket-Extensions: permessage-deflate\r\n",
            ),
            (
                "any-page-with-cookie",
                "Set-Cookie: session=7; HttpOnly\r\n",
            ),
        ] {
            if has(fault) {
                fields += field;
            }
        }
        let answer = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
        self.stream.write_all(answer.as_bytes()).is_ok()
    }

    /// Reads so many bytes.
    fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.rest.len() < count {
            let mut bytes = [0; 64 << 10];
            match self.stream.read(&mut bytes) {
                Ok(count @ 1..) => self.rest.extend(&bytes[..count]),
                _ => {
                    self.is_cut = !self.rest.is_empty();
                    return None;
                }
            }
        }
        let rest = self.rest.split_off(count);
        Some(std::mem::replace(&mut self.rest, rest))
    }

    /// The next frame: first byte and payload.
    fn frame(&mut self) -> Result<(u8, Vec<u8>), End> {
        let has = |name| self.faults.has(name);
        let head = self.take(2).ok_or(End::Gone)?;
        let (first, second) = (head[0], head[1]);
        let (opcode, is_last) = (first & 0x0f, first & 0x80 != 0);
        let is_control = opcode >= 8;
        let breaks = [
            (second & 0x80 == 0, "unmasked-taken"),
            (first & 0x70 != 0, "reserved-bits-taken"),
            (matches!(opcode, 3..=7), "opcodes-taken"),
            (opcode > 10, "control-opcodes-taken"),
            (is_control && second & 0x7f > 125, "long-control-taken"),
            (is_control && !is_last, "control-in-parts-taken"),
        ];
        if breaks.iter().any(|(broken, fault)| *broken && !has(fault)) {
            return Err(End::Code(1002));
        }
        let length = match second & 0x7f {
            126 => {
                let bytes = self.take(2).ok_or(End::Gone)?;
                u64::from(u16::from_be_bytes([bytes[0], bytes[1]]))
            }
            127 if has("no-long-lengths") => return Err(End::Gone),
            127 => {
                let bytes = self.take(8).ok_or(End::Gone)?;
                u64::from_be_bytes(bytes.try_into().unwrap())
            }
            short => u64::from(short),
        };
        if length as usize > LIMIT {
            let code = End::Code(1009);
            return Err(if has("dies-of-large") {
                End::Gone
            } else {
                code
            });
        }
        let key = match second & 0x80 {
            0 => vec![0; 4],
            _ => self.take(4).ok_or(End::Gone)?,
        };
        let payload = self.take(length as usize).ok_or(End::Gone)?;
        if has("one-frame-a-read") {
            self.rest.clear();
        }
        let payload = payload.iter().zip(key.iter().cycle());
        Ok((first, payload.map(|(byte, key)| byte ^ key).collect()))
    }

    fn converse(&mut self, room: Option<&Arc<Room>>, id: u64) -> End {
        let faults = self.faults;
        let has = |name| faults.has(name);
        let mut partial: Option<(u8, Vec<u8>)> = None;
        loop {
            let (first, payload) = match self.frame() {
                Ok(frame) => frame,
                Err(end) => return end,
            };
            let (opcode, is_last) = (first & 0x0f, first & 0x80 != 0);
            match opcode {
                8 => return End::Asked(payload),
                9 => {
                    let pong = if has("pong-empty") { &[][..] } else { &payload };
                    if !has("no-pong") {
                        self.send(0x8a, pong);
                    }
                    if has("ping-forgets") {
                        partial = None;
                    }
                    continue;
                }
                10 if has("pong-ends") => return End::Gone,
                10 => continue,
                _ => {}
            }
            let (kind, begun) = match (opcode, partial.take()) {
                (0, Some(begun)) => begun,
                (0, None) if has("continuation-taken") || has("ping-forgets") => (1, Vec::new()),
                (1.., Some(_)) if has("interleaved-taken") => (opcode, Vec::new()),
                (0, None) | (_, Some(_)) => return End::Code(1002),
                (_, None) => (opcode, Vec::new()),
            };
            let whole = [begun, payload].concat();
            let bad = std::str::from_utf8(&whole).err();
            let is_hopeless = bad.is_some_and(|error| {
                error.error_len().is_some() || is_last || has("utf8-of-each-frame")
            });
            if kind == 1 && is_hopeless && !has("any-text") {
                return End::Code(1007);
            }
            if !is_last && !has("no-fragments") {
                partial = Some((kind, whole));
                continue;
            }
            if let Some(end) = self.answer(kind, &whole, room, id) {
                return end;
            }
        }
    }

    /// Answers a message.
    fn answer(&mut self, kind: u8, whole: &[u8], room: Option<&Arc<Room>>, id: u64) -> Option<End> {
        let has = |name| self.faults.has(name);
        if kind > 2 {
            return None;
        }
        if kind == 2 && has("binary-ends") {
            return Some(End::Gone);
        }
        if whole.is_empty() && has("empty-ends") {
            return Some(End::Gone);
        }
        let latin: Vec<u8>;
        let text = match kind == 1 && has("latin") {
            true => {
                let text = String::from_utf8_lossy(whole);
                let char = |c: char| {
                    if (c as u32) < 256 {
                        c as u32 as u8
                    } else {
                        b'?'
                    }
                };
                latin = text.chars().map(char).collect();
                &latin
            }
            false => whole,
        };
        let first = 0x80 | kind | if has("reserved-bits-sent") { 0x40 } else { 0 };
        let first = if has("opcode-sent") { 0x83 } else { first };
        let Some(room) = room else {
            self.send(first, text);
            return None;
        };
        if *room.is_dead.lock().unwrap() {
            return None;
        }
        let frame = self.encode(first, text);
        let blocks = has("blocking-broadcast");
        let clients = room.clients.lock().unwrap();
        for (other, client) in clients.iter() {
            if *other == id && has("author-left-out") {
                continue;
            }
            let mut client = client.try_clone().unwrap();
            let timeout = if blocks { 20_000 } else { 50 };
            client
                .set_write_timeout(Some(Duration::from_millis(timeout)))
                .unwrap();
            if client.write_all(&frame).is_err() {
                let _ = client.shutdown(Shutdown::Both);
            }
        }
        None
    }

    fn encode(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = if self.faults.has("masks") { 0x80 } else { 0 };
        let mut frame = vec![first];
        match payload.len() {
            length @ ..126 if !self.faults.has("long-lengths") => frame.push(mask | length as u8),
            length @ ..0x1_0000 => {
                frame.push(mask | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(mask | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        if mask != 0 {
            frame.extend([0; 4]);
        }
        frame.extend(payload);
        frame
    }

    fn send(&mut self, first: u8, payload: &[u8]) {
        let frame = self.encode(first, payload);
        let _ = self.stream.write_all(&frame);
    }

    fn end(&mut self, end: End) {
        let has = |name| self.faults.has(name);
        match end {
            End::Gone => {}
            End::Code(_) if has("no-close-frames") => {}
            End::Code(code) => self.send(0x88, &code.to_be_bytes()),
            End::Asked(_) if has("close-unanswered") => {}
            End::Asked(payload) => {
                let answer = self.close_answer(&payload);
                self.send(0x88, &answer);
                if has("talks-after-close") {
                    self.send(0x81, b"one more thing");
                }
            }
        }
        if has("tcp-stays") {
            std::thread::sleep(Duration::from_secs(20));
        }
        // What the client still sends must not reset the connection.
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(Duration::from_secs(1)));
        let mut bytes = [0; 64 << 10];
        while matches!(self.stream.read(&mut bytes), Ok(1..)) {}
    }

    fn close_answer(&self, payload: &[u8]) -> Vec<u8> {
        let has = |name| self.faults.has(name);
        let error = 1002_u16.to_be_bytes().to_vec();
        match payload {
            [] if has("close-1005") => 1005_u16.to_be_bytes().to_vec(),
            [] => Vec::new(),
            [_] if has("half-code-taken") => 1000_u16.to_be_bytes().to_vec(),
            [_] => error,
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                let is_own = (3000..5000).contains(&code);
                let is_valid = matches!(code, 1000..=1003 | 1007..=1014) || is_own;
                if is_own && has("own-codes-refused") || !is_valid && !has("bad-codes-taken") {
                    return error;
                }
                if std::str::from_utf8(reason).is_err() && !has("bad-reason-taken") {
                    return 1007_u16.to_be_bytes().to_vec();
                }
                let answered = if has("close-always-1001") && !is_own {
                    1011
                } else {
                    code
                };
                answered.to_be_bytes().to_vec()
            }
        }
    }
}
