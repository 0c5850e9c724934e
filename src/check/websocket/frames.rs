//! Frames of WebSocket (RFC 6455, section 5.2), right and wrong ones.

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;

/// The bit of the last frame of a message.
pub const FIN: u8 = 0x80;
/// The bits that only extensions use.
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// The most bytes of a control frame's payload (section 5.5).
pub const MAX_CONTROL_BYTES: usize = 125;

/// A payload beyond it is no answer to anything that is sent here.
const MAX_PAYLOAD_BYTES: u64 = 64 << 20;

/// The head of a client's frame without its mask. `first` has FIN, the reserved bits and the
/// opcode.
fn head(first: u8, length: u64, masked: u8) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..126 => head.push(masked | length as u8),
        126..0x1_0000 => {
            head.push(masked | 126);
            head.extend((length as u16).to_be_bytes());
        }
        _ => {
            head.push(masked | 127);
            head.extend(length.to_be_bytes());
        }
    }
    head
}

/// A client's frame, masked with a random key.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let key: [u8; 4] = rand::random();
    let mut frame = head(first, payload.len() as u64, MASKED);
    frame.extend(key);
    let bytes = payload.iter().zip(key.iter().cycle());
    frame.extend(bytes.map(|(byte, key)| byte ^ key));
    frame
}

/// A frame without a mask, which no client may send.
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&head(first, payload.len() as u64, 0), payload].concat()
}

/// The head of a frame whose payload never comes.
pub fn announced(first: u8, length: u64) -> Vec<u8> {
    [&head(first, length, MASKED)[..], &[0; 4]].concat()
}

/// The payload of a close frame.
pub fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), reason].concat()
}

/// A frame that came from the server, and whether it keeps the rules.
#[derive(Debug)]
pub struct ServerFrame {
    pub is_last: bool,
    pub opcode: u8,
    /// Unmasked, if it was masked.
    pub payload: Vec<u8>,
    pub was_masked: bool,
    pub reserved_bits: u8,
    /// The length is written in as few bytes as it takes.
    pub is_minimal: bool,
}

impl ServerFrame {
    pub fn is_control(&self) -> bool {
        self.opcode >= CLOSE
    }

    /// The frame at the start of `bytes` and its length, once it is whole.
    pub fn parse(bytes: &[u8]) -> Option<(ServerFrame, usize)> {
        let (&[first, second], mut rest) = bytes.split_first_chunk::<2>()?;
        let (length, is_minimal) = match second & !MASKED {
            126 => {
                let (length, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                let length = u64::from(u16::from_be_bytes(*length));
                (length, length >= 126)
            }
            127 => {
                let (length, after) = rest.split_first_chunk::<8>()?;
                rest = after;
                let length = u64::from_be_bytes(*length);
                (length, length >= 0x1_0000)
            }
            short => (u64::from(short), true),
        };
        let was_masked = second & MASKED != 0;
        let key = match was_masked {
            true => {
                let (key, after) = rest.split_first_chunk::<4>()?;
                rest = after;
                *key
            }
            false => [0; 4],
        };
        let length = usize::try_from(length.min(MAX_PAYLOAD_BYTES)).ok()?;
        let payload = rest.get(..length)?;
        let unmasked = payload.iter().zip(key.iter().cycle());
        let frame = ServerFrame {
            is_last: first & FIN != 0,
            opcode: first & 0x0f,
            payload: unmasked.map(|(byte, key)| byte ^ key).collect(),
            was_masked,
            reserved_bits: first & RESERVED,
            is_minimal,
        };
        Some((frame, bytes.len() - rest.len() + length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_they_are_written_at_every_length_and_cut() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            for (frame, is_masked) in [
                (masked(FIN | TEXT, &payload), true),
                (unmasked(FIN | TEXT, &payload), false),
            ] {
                assert!(ServerFrame::parse(&frame[..frame.len() - 1]).is_none());
                let both = [&frame[..], b"next"].concat();
                let (read, used) = ServerFrame::parse(&both).unwrap();
                assert_eq!((used, read.was_masked), (frame.len(), is_masked));
                assert!(read.is_last && read.is_minimal && read.payload == payload);
                assert_eq!((read.opcode, read.reserved_bits), (TEXT, 0));
            }
        }
    }

    #[test]
    fn lengths_with_bytes_to_spare_are_seen() {
        let (frame, used) = ServerFrame::parse(b"\x81\x7e\x00\x01x").unwrap();
        assert_eq!((frame.is_minimal, used), (false, 5));
        let (frame, _) = ServerFrame::parse(b"\x81\x7f\0\0\0\0\0\0\0\x01x").unwrap();
        assert!(!frame.is_minimal);
    }
}
