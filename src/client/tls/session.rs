//! A TLS session has keys and no buffer: all sessions of a thread read records into one shared
//! buffer, and each keeps only an incomplete record. So an idle session is small.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;

use crate::client::error::ClientError;
use crate::client::socket::Socket;
use crate::client::tls::ClientTls;
use crate::client::tls::records::{self, Outgoing};

/// Bytes of one read. Their plaintext is less and must fit into the reader's buffer.
const RECORDS_BYTES: usize = 64 << 10;

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
        session.process(&mut [], &mut [], Outgoing::Nothing)?;
        loop {
            socket.write_all(&session.unsent).await?;
            session.unsent = Vec::new();
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
        let processed = self.process(&mut partial, &mut [], Outgoing::Plaintext(plaintext));
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
            let (used, plaintext) = self.process(records, buffer, Outgoing::Nothing)?;
            self.partial = records[used..].to_vec();
            socket.count_plaintext(plaintext);
            Poll::Ready(Ok(Passed { wire, plaintext }))
        })
    }

    /// Decrypts the complete ones of `records`, and encrypts `outgoing`. Returns the bytes used of
    /// `records` and those written to `incoming`.
    fn process(
        &mut self,
        records: &mut [u8],
        incoming: &mut [u8],
        outgoing: Outgoing<'_>,
    ) -> Result<(usize, usize), ClientError> {
        let mut received = 0;
        let receive = |plaintext: &[u8]| {
            let end = received + plaintext.len();
            let room = incoming.get_mut(received..end);
            room.ok_or_else(|| rustls::Error::General("an answer before its time".to_owned()))?
                .copy_from_slice(plaintext);
            received = end;
            Ok(())
        };
        let (tls, unsent) = (&mut self.tls, &mut self.unsent);
        let processed = records::process(tls, records, receive, outgoing, unsent)?;
        Ok((processed.used, received))
    }
}
