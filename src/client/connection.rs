//! The client's end of a connection. All connections of a thread read into one shared buffer, so an
//! idle one owns no buffer.

use std::cell::RefCell;
use std::future::poll_fn;
use std::mem;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::client::error::{ClientError, Parsed};
use crate::client::socket::{Ledger, Socket};
use crate::client::target::Target;
use crate::client::tls::session::TlsSession;
use crate::runtime::event_loop;

/// Bytes of one read.
const SCRATCH_BYTES: usize = 64 << 10;
/// The most bytes kept of an incomplete response. A poll of a server's whole history fits.
const MAX_CARRY_BYTES: usize = 64 << 20;

/// The longest wait for a server to close a connection after it said so.
const END_PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// A connection, and received bytes that no parser has used yet.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    tls: Option<Box<TlsSession>>,
    carry: Vec<u8>,
}

impl Connection {
    /// Dials `target`, from `source` if one is given, and makes the TLS handshake if the target has
    /// TLS. `ledger` counts the connection's bytes.
    pub async fn dial(
        ledger: &Rc<Ledger>,
        target: &Target,
        source: Option<IpAddr>,
    ) -> Result<Self, ClientError> {
        let mut socket = ledger.dial(target.address, source).await?;
        let tls = match &target.tls {
            // Boxed, so that a subscriber without TLS is smaller.
            Some(tls) => Some(Box::pin(TlsSession::open(tls, target.name(), &mut socket)).await?),
            None => None,
        };
        Ok(Connection {
            socket,
            tls: tls.map(Box::new),
            carry: Vec::new(),
        })
    }

    /// The connection is set up: its bytes and segments so far count as set-up.
    pub fn settle(&self) {
        self.socket.settle();
    }

    /// The connection is a client's of a trial, to which faults may happen.
    pub fn belongs_to(&self, client: u32) {
        self.socket.belongs_to(client);
    }

    /// Has the kernel probe for a peer that is gone. Not for measured connections: see
    /// [`Socket::watch_peer`].
    pub fn watch_peer(&self) -> Result<(), ClientError> {
        Ok(self.socket.watch_peer()?)
    }

    /// Writes all of `bytes`.
    pub fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), ClientError>> {
        // Boxed, so that a writer without TLS is smaller.
        let mut sealed = match &mut self.tls {
            Some(session) => Some(Box::pin(session.write_all(&self.socket, bytes))),
            None => None,
        };
        let mut plain = self.socket.write_all(bytes);
        poll_fn(move |cx| match &mut sealed {
            Some(sealed) => sealed.as_mut().poll(cx),
            None => Pin::new(&mut plain).poll(cx).map_err(ClientError::Io),
        })
    }

    /// Whether an idle connection takes another request: the server has not closed it, and has sent
    /// nothing that answers no request (RFC 9112, section 9.5). No system call is made unless the
    /// system has reported an event.
    pub fn is_reusable(&mut self) -> impl Future<Output = bool> {
        poll_fn(|cx| {
            let mut nothing = |_: &[u8]| Ok((0, Some(())));
            let idle = self.carry.is_empty() && self.poll_read(cx, &mut nothing).is_pending();
            Poll::Ready(idle)
        })
    }

    /// Whether no received bytes are left unused.
    pub fn is_untouched(&self) -> bool {
        self.carry.is_empty()
    }

    /// Waits, for a short time, until the server closes the connection, so that all its segments
    /// are counted.
    pub async fn end(mut self) {
        let rest = self.read(|bytes| Ok((bytes.len(), None::<()>)));
        let _ = event_loop::timeout(END_PATIENCE, rest).await;
    }

    /// Gives received bytes to `parse`, after those that it left unused before, until it has a
    /// result. May be cancelled without loss.
    ///
    /// Thousands of tasks wait here, and a woken one is in no CPU cache. So the future holds only
    /// what it needs.
    pub fn read<T>(
        &mut self,
        mut parse: impl FnMut(&[u8]) -> Parsed<T>,
    ) -> impl Future<Output = Result<T, ClientError>> {
        let mut begun = false;
        poll_fn(move |cx| {
            if !mem::replace(&mut begun, true)
                && !self.carry.is_empty()
                && let Some(result) = self.parse_carry(&mut parse)?
            {
                return Poll::Ready(Ok(result));
            }
            loop {
                if let Some(result) = ready!(self.poll_read(cx, &mut parse))? {
                    return Poll::Ready(Ok(result));
                }
            }
        })
    }

    /// One read.
    fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        parse: &mut impl FnMut(&[u8]) -> Parsed<T>,
    ) -> Poll<Result<Option<T>, ClientError>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let count = match &mut self.tls {
                Some(session) => ready!(session.poll_read(&mut self.socket, cx, scratch))?,
                None => ready!(self.socket.poll_read(cx, scratch))?,
            };
            if count == 0 {
                return Poll::Ready(Err(ClientError::Closed));
            }
            let arrived = &scratch[..count];
            Poll::Ready(if self.carry.is_empty() {
                let (used, result) = parse(arrived)?;
                self.carry.extend_from_slice(&arrived[used..]);
                Ok(result)
            } else {
                self.carry.extend_from_slice(arrived);
                self.parse_carry(parse)
            })
        })
    }

    fn parse_carry<T>(
        &mut self,
        parse: &mut impl FnMut(&[u8]) -> Parsed<T>,
    ) -> Result<Option<T>, ClientError> {
        let (used, result) = parse(&self.carry)?;
        if used == self.carry.len() {
            self.carry = Vec::new();
        } else {
            self.carry.drain(..used);
        }
        if self.carry.len() > MAX_CARRY_BYTES {
            return Err(ClientError::wrong("an answer without end"));
        }
        Ok(result)
    }
}
