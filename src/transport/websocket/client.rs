//! The client's end of WebSocket: reads frames from the shared buffer; tungstenite parses their
//! heads.

use std::convert::Infallible;
use std::io::Cursor;

use rand::Rng;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::{ClientError, Parsed};
use crate::client::http::Wanted;
use crate::client::outbox::{Outbox, Outgoing};
use crate::client::subscription::Subscription;
use crate::runtime::clock;

/// Longest message that a client takes, in bytes.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// Longest payload of a control frame, in bytes (RFC 6455, section 5.5).
const MAX_CONTROL_BYTES: usize = 125;

/// Head of a control frame from a server, which does not mask (RFC 6455, section 5.2).
const CONTROL_HEAD_BYTES: usize = 2;

/// Upgrades, then reads and, in a chat, writes until the connection ends.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let mut connection = Box::pin(upgrade(subscription)).await?;
    subscription.ready();
    let outbox = subscription
        .author
        .as_ref()
        .map(|(_, outbox)| outbox.clone());
    let mut frames = FrameReader::default();
    loop {
        let mut deliver = |text: &[u8]| subscription.hear_json(text);
        let signal = connection.read(|bytes| frames.read(bytes, &mut deliver));
        let event = match &outbox {
            None => ClientEvent::Signal(signal.await?),
            // Boxed, so that a client that only reads needs no room for it.
            Some(outbox) => Box::pin(first(signal, outbox)).await?,
        };
        Box::pin(act(subscription, &mut connection, event)).await?;
    }
}

/// What a client must act upon.
enum ClientEvent {
    Signal(Signal),
    /// A message is due to be published.
    Due(Outgoing),
}

/// A signal or a message to publish, whichever comes first.
async fn first(
    signal: impl Future<Output = Result<Signal, ClientError>>,
    outbox: &Outbox,
) -> Result<ClientEvent, ClientError> {
    tokio::select! {
        // First, so that nothing is written to a connection that is known to have ended.
        biased;
        signal = signal => Ok(ClientEvent::Signal(signal?)),
        message = outbox.next() => Ok(ClientEvent::Due(message)),
    }
}

async fn act(
    subscription: &Subscription,
    connection: &mut Connection,
    event: ClientEvent,
) -> Result<(), ClientError> {
    match event {
        ClientEvent::Signal(Signal::Ping(payload)) => {
            let pong = frame(OpCode::Control(Control::Pong), &payload);
            let ping_bytes = CONTROL_HEAD_BYTES + payload.len();
            subscription.recorder.heartbeat(ping_bytes + pong.len());
            connection.write_all(&pong).await
        }
        ClientEvent::Signal(Signal::Close(why)) => {
            let reply = frame(OpCode::Control(Control::Close), &[]);
            connection.write_all(&reply).await?;
            Err(why.map_or(ClientError::Closed, ClientError::ClosedFor))
        }
        ClientEvent::Due(message) => publish(subscription, connection, message).await,
    }
}

/// The header lines of an opening handshake (RFC 6455, section 4.1), each with CR LF.
pub fn upgrade_lines(key: &str) -> String {
    format!(
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {key}\r\n"
    )
}

async fn upgrade(subscription: &mut Subscription) -> Result<Connection, ClientError> {
    let key = generate_key();
    let request = subscription.request("ws", PollTiming::default(), &upgrade_lines(&key));
    let (connection, head) = subscription
        .open(&request, Wanted::upgrade("websocket"))
        .await?;
    let accept = derive_accept_key(key.as_bytes());
    if head.field("sec-websocket-accept") != Some(&accept) {
        return Err(ClientError::wrong(
            "sec-websocket-accept is not the answer to the key",
        ));
    }
    Ok(connection)
}

async fn publish(
    subscription: &Subscription,
    connection: &mut Connection,
    message: Outgoing,
) -> Result<(), ClientError> {
    let json = subscription.target.dialect.publish_body(None, &message);
    let frame = frame(OpCode::Data(Data::Text), json.as_bytes());
    let recorder = &subscription.recorder;
    recorder.json(json.len(), message.text.len());
    recorder.published(message.number, message.intended_at_ns, clock::now_ns());
    subscription.wrote(message.number);
    connection.write_all(&frame).await
}

/// A whole frame from a client, which masks with a random key (RFC 6455, section 5.3).
pub fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mask: [u8; 4] = rand::rng().random();
    let head = FrameHeader {
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    };
    let mut bytes = Vec::with_capacity(payload.len() + 14);
    head.format(payload.len() as u64, &mut bytes)
        .expect("a Vec takes all");
    bytes.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

/// A control frame that must be acted upon.
#[derive(Debug, PartialEq, Eq)]
pub enum Signal {
    Ping(Vec<u8>),
    /// With the code and the reason, if any.
    Close(Option<String>),
}

/// Code and reason of a close frame (RFC 6455, section 5.5.1).
fn close_reason(payload: &[u8]) -> Option<String> {
    let (code, reason) = payload.split_first_chunk()?;
    let (code, reason) = (u16::from_be_bytes(*code), String::from_utf8_lossy(reason));
    Some(format!("{code} {reason}").trim_end().to_owned())
}

/// A decoder of a server's frames that takes input cut anywhere. The connection keeps an incomplete
/// frame; this keeps a message whose frames have not all come.
#[derive(Debug, Default)]
pub struct FrameReader {
    partial: Option<Vec<u8>>,
}

impl FrameReader {
    /// Gives each text message to `deliver`; stops at a ping or close.
    pub fn read(
        &mut self,
        bytes: &[u8],
        mut deliver: impl FnMut(&[u8]) -> Result<(), ClientError>,
    ) -> Parsed<Signal> {
        let mut used = 0;
        loop {
            let mut cursor = Cursor::new(&bytes[used..]);
            let head = FrameHeader::parse(&mut cursor).map_err(ClientError::wrong)?;
            let Some((head, length)) = head else {
                return Ok((used, None));
            };
            if length as usize > MAX_MESSAGE_BYTES {
                return Err(ClientError::wrong("a frame over the limit"));
            }
            let start = used + cursor.position() as usize;
            let Some(payload) = bytes.get(start..start + length as usize) else {
                return Ok((used, None));
            };
            used = start + payload.len();
            if let Some(signal) = self.take(&head, payload, &mut deliver)? {
                return Ok((used, Some(signal)));
            }
        }
    }

    fn take(
        &mut self,
        head: &FrameHeader,
        payload: &[u8],
        deliver: &mut impl FnMut(&[u8]) -> Result<(), ClientError>,
    ) -> Result<Option<Signal>, ClientError> {
        if head.mask.is_some() || head.rsv1 || head.rsv2 || head.rsv3 {
            return Err(ClientError::wrong(
                "a masked frame, or one with reserved bits",
            ));
        }
        let control = matches!(head.opcode, OpCode::Control(_));
        if control && (!head.is_final || payload.len() > MAX_CONTROL_BYTES) {
            return Err(ClientError::wrong("a control frame in parts or too long"));
        }
        match (head.opcode, &mut self.partial) {
            (OpCode::Control(Control::Ping), _) => return Ok(Some(Signal::Ping(payload.to_vec()))),
            (OpCode::Control(Control::Close), _) => {
                return Ok(Some(Signal::Close(close_reason(payload))));
            }
            (OpCode::Control(_), _) => {}
            (OpCode::Data(Data::Text), None) if head.is_final => deliver(payload)?,
            (OpCode::Data(Data::Text), None) => self.partial = Some(payload.to_vec()),
            (OpCode::Data(Data::Continue), Some(partial)) => {
                partial.extend_from_slice(payload);
                if partial.len() > MAX_MESSAGE_BYTES {
                    return Err(ClientError::wrong("a message over the limit"));
                }
                if head.is_final {
                    deliver(&std::mem::take(partial))?;
                    self.partial = None;
                }
            }
            _ => return Err(ClientError::wrong("a frame that does not belong here")),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `parts` as a connection would: what was not used is shown again.
    fn read(parts: &[&[u8]]) -> Result<(Vec<String>, Vec<Signal>), ClientError> {
        let (mut frames, mut carry) = (FrameReader::default(), Vec::new());
        let (mut texts, mut signals) = (Vec::new(), Vec::new());
        for part in parts {
            carry.extend_from_slice(part);
            loop {
                let (used, signal) = frames.read(&carry, |text| {
                    texts.push(String::from_utf8(text.to_vec()).unwrap());
                    Ok(())
                })?;
                carry.drain(..used);
                match signal {
                    Some(signal) => signals.push(signal),
                    None => break,
                }
            }
        }
        assert!(carry.is_empty(), "bytes left over");
        Ok((texts, signals))
    }

    #[test]
    fn frames_are_read_wherever_they_are_cut() {
        let long = "x".repeat(300);
        let mut stream =
            b"\x81\x05hello\x01\x03fra\x89\x02hi\x80\x06gments\x81\x7e\x01\x2c".to_vec();
        stream.extend_from_slice(long.as_bytes());
        stream.extend_from_slice(b"\x8a\x00\x88\x02\x03\xe8");
        let expected = (
            vec!["hello".to_owned(), "fragments".to_owned(), long],
            vec![
                Signal::Ping(b"hi".to_vec()),
                Signal::Close(Some("1000".into())),
            ],
        );
        for cut in 0..=stream.len() {
            let (a, b) = stream.split_at(cut);
            assert_eq!(read(&[a, b]).unwrap(), expected, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(&bytes).unwrap(), expected, "byte by byte");
    }

    #[test]
    fn what_a_server_must_not_send_ends_the_connection() {
        for bad in [
            &b"\x81\x81\x00\x00\x00\x00a"[..],                  // masked
            b"\xc1\x01a",                                       // a reserved bit
            b"\x80\x01a",                                       // a continuation of nothing
            b"\x01\x01a\x81\x01b",                              // a new message inside another
            b"\x82\x01a",                                       // binary
            b"\x83\x01a",                                       // a reserved opcode
            b"\x81\x7f\x00\x00\x01\x00\x00\x00\x00\x00",        // 1 TiB
            b"\x8b\x00",                                        // a reserved control opcode
            b"\x09\x01a",                                       // a control frame in parts
            &[&b"\x89\x7e\x00\x7e"[..], &[b'a'; 126]].concat(), // and one too long
        ] {
            assert!(read(&[bad]).is_err(), "{bad:x?}");
        }
    }

    #[test]
    fn a_client_masks_what_it_sends() {
        let bytes = frame(OpCode::Data(Data::Text), b"oi, mundo");
        assert_eq!(bytes[..2], [0x81, 0x80 | 9]);
        let mask = &bytes[2..6];
        let text: Vec<u8> = (0..9).map(|i| bytes[6 + i] ^ mask[i % 4]).collect();
        assert_eq!(text, b"oi, mundo");
    }
}
