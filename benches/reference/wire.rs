//! What the minimal server reads and writes: requests, responses, and the framings of a message.

use memchr::memmem;

/// The epoch of answers and event ids; four characters, like wslab's.
pub const EPOCH: &str = "refs";

/// The head of an event stream, as wslab writes it, except for the date.
pub const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    cache-control: no-store\r\nx-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\
    date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";

/// How a stream carries its messages.
#[derive(Clone, Copy)]
pub enum Framing {
    /// One event in one chunk.
    Sse,
    WebSocket,
}

/// A message in each of its forms.
pub struct Message {
    pub json: Vec<u8>,
    event: Vec<u8>,
    frame: Vec<u8>,
}

impl Message {
    pub fn new(seq: usize, json: Vec<u8>) -> Self {
        let head = format!("id: {seq}-{EPOCH}\ndata: ");
        let length = head.len() + json.len() + b"\n\n".len();
        let size = format!("{length:x}\r\n");
        Message {
            event: [size.as_bytes(), head.as_bytes(), &json, b"\n\n\r\n"].concat(),
            frame: frame(TEXT, &json),
            json,
        }
    }

    pub fn framed(&self, framing: Framing) -> &[u8] {
        match framing {
            Framing::Sse => &self.event,
            Framing::WebSocket => &self.frame,
        }
    }
}

// Opcodes of frames (RFC 6455, section 11.8).
const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A server's frame (RFC 6455, section 5.2) with up to 65,535 bytes.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        length @ ..126 => frame.push(length as u8),
        length => {
            frame.push(126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// A whole frame of a client at the start of some bytes.
pub struct ClientFrame {
    pub opcode: u8,
    /// Without its mask.
    pub payload: Vec<u8>,
    pub length: usize,
}

impl ClientFrame {
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, length) = match bytes {
            [_, 0xfe, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            [_, 0xff, long @ ..] => (10, u64::from_be_bytes(*long.first_chunk()?) as usize),
            [_, length, ..] => (2, usize::from(length & 0x7f)),
            _ => return None,
        };
        let (mask, rest) = bytes.get(head..)?.split_first_chunk::<4>()?;
        let masked = rest.get(..length)?;
        Some(ClientFrame {
            opcode: bytes[0] & 0x0f,
            payload: masked
                .iter()
                .zip(mask.iter().cycle())
                .map(|(a, b)| a ^ b)
                .collect(),
            length: head + mask.len() + length,
        })
    }
}

/// A whole request at the start of some bytes.
pub struct Request<'a> {
    /// The first line.
    line: &'a [u8],
    head: &'a [u8],
    pub body: &'a [u8],
    pub length: usize,
}

impl<'a> Request<'a> {
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let end = memmem::find(bytes, b"\r\n\r\n")? + 4;
        let head = &bytes[..end];
        let mut request = Request {
            line: &head[..memchr::memchr(b'\r', head)?],
            head,
            body: &[],
            length: end,
        };
        if request.is("POST ") {
            let field = request.field("Content-Length: ");
            let length: usize = std::str::from_utf8(field).ok()?.parse().ok()?;
            request.length = end + length;
            request.body = bytes.get(end..request.length)?;
        }
        Some(request)
    }

    pub fn is(&self, method: &str) -> bool {
        self.line.starts_with(method.as_bytes())
    }

    pub fn has(&self, part: &str) -> bool {
        memmem::find(self.line, part.as_bytes()).is_some()
    }

    /// The number behind `name` in the request line; 0 if there is none.
    pub fn number(&self, name: &str) -> usize {
        let digits = match memmem::find(self.line, name.as_bytes()) {
            Some(at) => &self.line[at + name.len()..],
            None => &[],
        };
        let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
    }

    pub fn field(&self, name: &str) -> &'a [u8] {
        let Some(at) = memmem::find(self.head, name.as_bytes()) else {
            return &[];
        };
        let value = &self.head[at + name.len()..];
        let end = memchr::memchr(b'\r', value).unwrap_or(value.len());
        &value[..end]
    }
}

pub const JSON: &str = "application/json";
pub const OPEN_METRICS: &str = "application/openmetrics-text";

/// The bytes of wslab's responses, except for the date.
pub fn response(status: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncache-control: no-store\r\n\
         content-length: {length}\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
