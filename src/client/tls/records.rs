//! The record protocol (RFC 8446, section 5) of either end, in which a session has keys and no
//! buffers: the caller lends it those for the records that come and those to write.

use std::ops::DerefMut;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, UnbufferedConnectionCommon, UnbufferedStatus,
};

/// The most plaintext bytes of one record (RFC 8446, section 5.1).
pub const MAX_FRAGMENT_BYTES: usize = 16 << 10;

/// The most bytes that a record adds to its plaintext: head, explicit nonce (TLS 1.2), tag and
/// type.
const MAX_RECORD_EXCESS: usize = 5 + 8 + 16 + 1;

/// The most bytes that a key update puts before the first record.
const KEY_UPDATE_BYTES: usize = 64;

/// The keys of one end.
pub trait Session: DerefMut<Target = UnbufferedConnectionCommon<Self::Data>> {
    type Data;

    fn next<'c, 'i>(&'c mut self, records: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl Session for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn next<'c, 'i>(&'c mut self, records: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(records)
    }
}

impl Session for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn next<'c, 'i>(&'c mut self, records: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(records)
    }
}

/// What to put into records.
#[derive(Clone, Copy, Debug)]
pub enum Outgoing<'a> {
    Nothing,
    Plaintext(&'a [u8]),
    CloseNotify,
}

/// What has become of received records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Processed {
    /// Bytes of them that are done with. The others must come first in the next call.
    pub used: usize,
    /// There was a close_notify: the peer sends nothing more.
    pub ended: bool,
}

/// Decrypts the complete ones of `records` for `incoming`, and appends to `written` what the
/// session itself has to write, and `outgoing`.
///
/// # Errors
/// The peer breaks the protocol, `incoming` has failed, or the session is closed. `written` may
/// have an alert for the peer.
pub fn process<S: Session>(
    session: &mut S,
    records: &mut [u8],
    mut incoming: impl FnMut(&[u8]) -> Result<(), rustls::Error>,
    outgoing: Outgoing<'_>,
    written: &mut Vec<u8>,
) -> Result<Processed, rustls::Error> {
    let Processed {
        mut used,
        mut ended,
    } = Processed::default();
    loop {
        let UnbufferedStatus { mut discard, state } = session.next(&mut records[used..]);
        let goes_on = match state {
            Err(error) => {
                put_alerts(session, &mut records[used + discard..], written);
                return Err(error);
            }
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    let record = record?;
                    discard += record.discard;
                    incoming(record.payload)?;
                }
                true
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                put_encoded(&mut data, written)?;
                true
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done(); // It is in `written`, which the caller writes before anything else.
                true
            }
            Ok(ConnectionState::PeerClosed) => {
                ended = true;
                true
            }
            Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                match outgoing {
                    Outgoing::Nothing => {}
                    Outgoing::Plaintext(plaintext) => {
                        let fragments = plaintext.len().div_ceil(MAX_FRAGMENT_BYTES);
                        let excess = fragments * MAX_RECORD_EXCESS + KEY_UPDATE_BYTES;
                        let most = plaintext.len() + excess;
                        put(written, most, |room| traffic.encrypt(plaintext, room))?;
                    }
                    Outgoing::CloseNotify => {
                        let most = MAX_RECORD_EXCESS + KEY_UPDATE_BYTES;
                        put(written, most, |room| traffic.queue_close_notify(room))?;
                    }
                }
                false
            }
            Ok(_) if matches!(outgoing, Outgoing::Nothing) => false,
            Ok(_) => return Err(general("it is closed")),
        };
        used += discard;
        if !goes_on {
            return Ok(Processed { used, ended });
        }
    }
}

/// Appends what a session that has failed tells its peer.
fn put_alerts<S: Session>(session: &mut S, records: &mut [u8], written: &mut Vec<u8>) {
    while session.wants_write() {
        let Ok(ConnectionState::EncodeTlsData(mut data)) = session.next(records).state else {
            return;
        };
        if put_encoded(&mut data, written).is_err() {
            return;
        }
    }
}

/// Appends an encoded record.
fn put_encoded<D>(
    data: &mut EncodeTlsData<'_, D>,
    written: &mut Vec<u8>,
) -> Result<(), rustls::Error> {
    // Without room it says how much it needs.
    match data.encode(&mut []) {
        Err(EncodeError::InsufficientSize(needed)) => {
            put(written, needed.required_size, |room| data.encode(room))
        }
        other => other.map(drop).map_err(|error| general(&error.to_string())),
    }
}

/// Appends at most so many bytes.
fn put<E: ToString>(
    written: &mut Vec<u8>,
    most: usize,
    encode: impl FnOnce(&mut [u8]) -> Result<usize, E>,
) -> Result<(), rustls::Error> {
    let start = written.len();
    written.resize(start + most, 0);
    let encoded = encode(&mut written[start..]);
    written.truncate(start + encoded.as_ref().map_or(0, |bytes| *bytes));
    encoded
        .map(drop)
        .map_err(|error| general(&error.to_string()))
}

fn general(error: &str) -> rustls::Error {
    rustls::Error::General(error.to_owned())
}
