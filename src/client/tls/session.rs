//! A TLS session has keys and no buffer: all sessions of a thread read records into one shared
//! buffer, and each keeps only an incomplete record. So an idle session is small.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};

use crate::client::error::ClientError;
use crate::client::socket::Socket;
use crate::client::tls::{ClientTls, MAX_FRAGMENT_BYTES};

/// Bytes of one read. Their plaintext is less and must fit into the reader's buffer.
const RECORDS_BYTES: usize = 64 << 10;

/// The most bytes that a record adds to its plaintext: head, explicit nonce (TLS 1.2), tag and
/// type.
const MAX_RECORD_EXCESS: usize = 5 + 8 + 16 + 1;
const MAX_RECORD_BYTES: usize = MAX_FRAGMENT_BYTES + MAX_RECORD_EXCESS;

/// The most bytes that a key update puts before the first record.
const KEY_UPDATE_BYTES: usize = 64;

thread_local! {
    static RECORDS: RefCell<Vec<u8>> = RefCell::new(vec![0; RECORDS_BYTES]);
}

/// A session over a socket.
pub struct TlsSession {
    tls: UnbufferedClientConnection,
    /// The received part of an incomplete record.
    partial: Vec<u8>,
    /// Records to write before all others.
    unsent: Vec<u8>,
}

impl fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)") // Its keys never show.
    }
}

/// Bytes that a session received.
struct Passed {
    wire: usize,
    plaintext: usize,
}

impl TlsSession {
    /// Makes the handshake with the server of this name, which may be an IP address.
    pub async fn open(
        tls: &ClientTls,
        name: &str,
        socket: &mut Socket,
    ) -> Result<Self, ClientError> {
        let named = ServerName::try_from(name.to_owned());
        let named = named.map_err(|_| rustls::Error::General(format!("{name} is no name")))?;
        let mut session = TlsSession {
            tls: UnbufferedClientConnection::new(tls.config.clone(), named)?,
            partial: Vec::new(),
            unsent: Vec::new(),
        };
        session.process(&mut [], &mut [], &[])?;
        loop {
            let unsent = std::mem::take(&mut session.unsent);
            socket.write_all(&unsent).await?;
            if !session.tls.is_handshaking() {
                return Ok(session);
            }
            let passed = poll_fn(|cx| session.poll_records(socket, cx, &mut [])).await?;
            if passed.wire == 0 {
                return Err(ClientError::Closed);
            }
        }
    }

    /// Reads plaintext into `buffer`, which has room for [`RECORDS_BYTES`]; 0 means that the peer
    /// ended the stream.
    pub fn poll_read(
        &mut self,
        socket: &mut Socket,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, ClientError>> {
        loop {
            let passed = ready!(self.poll_records(socket, cx, buffer))?;
            if passed.wire == 0 || passed.plaintext > 0 {
                return Poll::Ready(Ok(passed.plaintext));
            }
        }
    }

    /// Writes all of `plaintext`, in one record where it fits.
    pub async fn write_all(
        &mut self,
        socket: &Socket,
        plaintext: &[u8],
    ) -> Result<(), ClientError> {
        let mut partial = std::mem::take(&mut self.partial);
        let processed = self.process(&mut partial, &mut [], plaintext);
        self.partial = partial;
        let (used, _) = processed?;
        self.partial.drain(..used);
        socket.count_plaintext(plaintext.len());
        let records = std::mem::take(&mut self.unsent);
        Ok(socket.write_all(&records).await?)
    }

    /// One read from the socket.
    fn poll_records(
        &mut self,
        socket: &mut Socket,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<Passed, ClientError>> {
        RECORDS.with_borrow_mut(|records| {
            let before = self.partial.len();
            records[..before].copy_from_slice(&self.partial);
            let wire = ready!(socket.poll_read(cx, &mut records[before..]))?;
            let records = &mut records[..before + wire];
            let (used, plaintext) = self.process(records, buffer, &[])?;
            self.partial = records[used..].to_vec();
            socket.count_plaintext(plaintext);
            Poll::Ready(Ok(Passed { wire, plaintext }))
        })
    }

    /// Decrypts the complete ones of `records` into `incoming`, and encrypts `outgoing`. Returns
    /// the bytes used of `records` and those written to `incoming`.
    fn process(
        &mut self,
        records: &mut [u8],
        incoming: &mut [u8],
        outgoing: &[u8],
    ) -> Result<(usize, usize), ClientError> {
        let (mut used, mut received) = (0, 0);
        loop {
            let status = self.tls.process_tls_records(&mut records[used..]);
            let UnbufferedStatus { mut discard, state } = status;
            let goes_on = match state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        let end = received + record.payload.len();
                        let room = incoming.get_mut(received..end);
                        room.ok_or_else(|| ClientError::wrong("an answer before its time"))?
                            .copy_from_slice(record.payload);
                        received = end;
                    }
                    true
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    let start = self.unsent.len();
                    self.unsent.resize(start + MAX_RECORD_BYTES, 0);
                    let written = data.encode(&mut self.unsent[start..]);
                    let written = written.map_err(ClientError::wrong)?;
                    self.unsent.truncate(start + written);
                    true
                }
                ConnectionState::TransmitTlsData(data) => {
                    data.done(); // It is in `unsent`, which is written before anything else.
                    true
                }
                ConnectionState::PeerClosed => true,
                ConnectionState::WriteTraffic(mut traffic) if !outgoing.is_empty() => {
                    let fragments = outgoing.len().div_ceil(MAX_FRAGMENT_BYTES);
                    let start = self.unsent.len();
                    let excess = fragments * MAX_RECORD_EXCESS + KEY_UPDATE_BYTES;
                    self.unsent.resize(start + outgoing.len() + excess, 0);
                    let written = traffic.encrypt(outgoing, &mut self.unsent[start..]);
                    self.unsent
                        .truncate(start + written.map_err(ClientError::wrong)?);
                    false
                }
                _ if !outgoing.is_empty() => return Err(ClientError::Closed),
                _ => false,
            };
            used += discard;
            if !goes_on {
                return Ok((used, received));
            }
        }
    }
}
