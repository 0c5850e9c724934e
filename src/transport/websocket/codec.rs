//! Frames from and to a peer. tungstenite decodes and encodes them in memory, without a socket, so
//! that a silent peer costs little.

use std::io::{self, Read, Write};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame, WebSocket};

use crate::feed::{Batch, Framing};
use crate::service::limits::Limits;

/// Initial size of the read buffer: peers seldom write.
const READ_BUFFER_BYTES: usize = 128;

/// The head of a peer's control frame, mask included (RFC 6455, section 5.2).
const CONTROL_HEAD_BYTES: usize = 6;

/// A message up to this many times the limit is read to its end, so that it can be refused with a
/// close frame. After a longer one the connection is cut.
const READABLE_EXCESS: usize = 4;

/// The frames of one peer, both ways.
#[derive(Debug)]
pub struct FrameCodec {
    socket: Box<WebSocket<Pipe>>,
    state: State,
    /// Bytes that have come and are in no complete message yet.
    partial_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// All bytes were decoded.
    Hungry,
    Fed,
    /// The bytes were not a valid frame.
    Broken,
}

impl FrameCodec {
    /// The server's end of a connection that has just been upgraded.
    pub fn new(limits: Limits) -> Self {
        let limit = limits.max_message_bytes * READABLE_EXCESS;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        let socket = WebSocket::from_raw_socket(Pipe::default(), Role::Server, Some(config));
        FrameCodec {
            socket: Box::new(socket),
            state: State::Hungry,
            partial_bytes: 0,
        }
    }

    /// Takes bytes from the peer. After a protocol error they are ignored.
    pub fn feed(&mut self, bytes: Vec<u8>) {
        if self.state == State::Broken {
            return;
        }
        self.state = State::Fed;
        self.partial_bytes += bytes.len();
        let came = &mut self.socket.get_mut().came;
        match came.is_empty() {
            true => *came = bytes,
            false => came.extend_from_slice(&bytes),
        }
    }

    /// The next complete frame, or the error that ends the stream. Its reply is in the output after
    /// the next call.
    pub fn next_frame(&mut self) -> Option<Result<Frame, Error>> {
        if !self.are_fed() {
            return None;
        }
        let frame = match self.socket.read() {
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => None,
            frame => Some(frame),
        };
        match &frame {
            Some(Ok(Frame::Text(_) | Frame::Binary(_))) => {
                self.partial_bytes = self.socket.get_ref().unread_bytes();
            }
            Some(Ok(Frame::Ping(data) | Frame::Pong(data))) => {
                let control_bytes = CONTROL_HEAD_BYTES + data.len();
                self.partial_bytes = self.partial_bytes.saturating_sub(control_bytes);
            }
            _ => {}
        }
        self.state = match frame {
            None => State::Hungry,
            Some(Ok(_)) => State::Fed,
            Some(Err(_)) => State::Broken,
        };
        frame
    }

    /// Whether a frame may be there to be read.
    pub fn are_fed(&self) -> bool {
        self.state == State::Fed
    }

    /// Bytes that are held of messages that have come in part, or are not decoded yet; give or take
    /// [`READ_BUFFER_BYTES`].
    pub fn partial_bytes(&self) -> usize {
        self.partial_bytes
    }

    /// Whether decoding has failed for good.
    pub fn are_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Appends a frame to the output.
    pub fn send(&mut self, frame: Frame) -> Result<(), Error> {
        self.socket.send(frame)
    }

    /// Takes all output.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.socket.get_mut().goes)
    }
}

#[derive(Debug, Default)]
struct Pipe {
    came: Vec<u8>,
    read: usize,
    goes: Vec<u8>,
}

impl Pipe {
    fn unread_bytes(&self) -> usize {
        self.came.len() - self.read
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.came[self.read..]).read(buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.read += count;
        if self.read == self.came.len() {
            (self.came, self.read) = (Vec::new(), 0);
        }
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.goes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text frame (RFC 6455, section 5.2).
fn frame(json: &[u8]) -> Bytes {
    let head = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    let length = json.len() as u64;
    let mut frame = Vec::with_capacity(head.len(length) + json.len());
    head.format(length, &mut frame).expect("memory takes it");
    frame.extend_from_slice(json);
    frame.into()
}

/// A batch in one piece: one frame per message.
pub fn encode(batch: &Batch) -> Bytes {
    let reset = |missed| frame(format!(r#"{{"reset":{}}}"#, batch.reset(missed)).as_bytes());
    batch.framed(Framing::Frame, |message| frame(&message.json), reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_of_bytes_cut_anywhere_and_pings_are_answered() {
        // Masks of 0 leave a payload as it is.
        let stream = b"\x01\x82\0\0\0\0oi\x89\x81\0\0\0\0?\x80\x81\0\0\0\0!\x88\x80\0\0\0\0";
        for cut in 0..stream.len() {
            let mut frames = FrameCodec::new(Limits::default());
            let mut seen = Vec::new();
            assert!(frames.next_frame().is_none());
            for part in [&stream[..cut], &stream[cut..]] {
                frames.feed(part.to_vec());
                while let Some(frame) = frames.next_frame() {
                    match frame {
                        Ok(frame) => seen.push(frame),
                        Err(error) => {
                            assert!(matches!(error, Error::ConnectionClosed), "{error}");
                            break;
                        }
                    }
                }
            }
            let [ping, text, close] = &seen[..] else {
                panic!("cut at {cut}: {seen:?}")
            };
            assert!(ping.is_ping() && close.is_close());
            assert_eq!(text.to_text().unwrap(), "oi!");
            assert_eq!(frames.take_output(), b"\x8a\x01?\x88\x00");
        }
    }
}
