//! The server's end of one connection, below HTTP: wait for something, and write in one call.
//!
//! The futures here are closures, not `async fn`s, which would store their arguments twice. When a
//! connection wakes up, little of it is in the processor's cache, and each line of it that is
//! touched takes as long as hundreds of instructions.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

#[cfg(doc)]
use crate::feed::Memory;
use crate::feed::{Batch, Framing, Owed, Reader};
use crate::service::counters::ConnectionCounters;
use crate::service::fan_out::{Place, PlaceId};
use crate::service::lazy_deadline::LazyDeadline;
use crate::service::rewind::{Rewind, SCRATCH_BYTES, Stream};
use crate::service::state::AppState;

/// Bytes that a peer may send out of turn, give or take one read. Beyond them the server stops
/// reading, and notices that the peer is gone only when it writes.
const MAX_UNREAD_BYTES: usize = SCRATCH_BYTES;

/// Bytes that the buffer for writing keeps between writes.
const MAX_KEPT_BYTES: usize = 64 << 10;

thread_local! {
    static OUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// One client's connection.
#[derive(Debug)]
pub struct Peer<S> {
    pub stream: Rewind<S>,
    pub state: Arc<AppState>,
    pub counters: Arc<ConnectionCounters>,
    /// Ends a [`Peer::wait`].
    pub deadline: LazyDeadline,
    /// Whether the peer may send data now: true once the connection is upgraded.
    pub duplex: bool,
    /// The place of a stream that others may write to, see [`fan_out`](crate::service::fan_out).
    place: Option<PlaceId>,
}

/// What ended a [`Peer::wait`].
#[derive(Debug)]
pub enum WaitOutcome<T> {
    Done(T),
    Timeout,
    /// The peer has sent these bytes. Only duplex connections report it.
    PeerData(Vec<u8>),
    Disconnected,
}

impl<S: Stream> Peer<S> {
    pub fn new(stream: S, state: Arc<AppState>, counters: Arc<ConnectionCounters>) -> Self {
        Peer {
            stream: Rewind::new(stream),
            state,
            counters,
            deadline: LazyDeadline::default(),
            duplex: false,
            place: None,
        }
    }

    /// Takes a place for a stream of a feed, until [`Peer::leave`].
    pub fn take_place(
        &mut self,
        reader: &Reader,
        framing: Framing,
        encode: impl Fn(&Batch) -> Bytes + Send + 'static,
    ) -> Option<Place> {
        let socket = self.stream.socket()?;
        let place = Place::take(reader, socket, &self.counters, framing, encode);
        self.place = place.as_ref().map(Place::id);
        place
    }

    /// The stream has ended.
    pub fn leave(&mut self, place: Option<Place>) {
        self.place = None;
        drop(place);
    }

    /// Writes what was left of a message that was written at the stream's place.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(place) = self.place else {
            return Poll::Ready(Ok(()));
        };
        place.poll_rest(|rest, sent| self.stream.poll_send(cx, rest, sent))
    }

    /// Waits for `future`, until the deadline passes or the peer disconnects.
    pub fn wait<T>(
        &mut self,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> impl Future<Output = WaitOutcome<T>> {
        // A client with more data pending is read again on the next turn.
        let mut reads = self.duplex;
        poll_fn(move |cx| {
            // Data that came along with the request, or with what was waited for before.
            if self.duplex && self.stream.unread_bytes() > 0 {
                return Poll::Ready(WaitOutcome::PeerData(self.stream.take_all()));
            }
            let rest = self.poll_rest(cx);
            if let Poll::Ready(Err(_)) = rest {
                return Poll::Ready(WaitOutcome::Disconnected);
            }
            if rest.is_ready()
                && let Poll::Ready(done) = future.as_mut().poll(cx)
            {
                let gone = reads
                    && matches!(
                        self.stream.poll_fill(cx, &self.counters),
                        Poll::Ready(Err(_))
                    );
                return Poll::Ready(if gone {
                    WaitOutcome::Disconnected
                } else {
                    WaitOutcome::Done(done)
                });
            }
            reads = false;
            if self.duplex
                && let Poll::Ready(read) = self.stream.poll_take(cx, &self.counters)
            {
                let outcome = read.map_or(WaitOutcome::Disconnected, WaitOutcome::PeerData);
                return Poll::Ready(outcome);
            }
            while !self.duplex && self.stream.unread_bytes() < MAX_UNREAD_BYTES {
                match self.stream.poll_fill(cx, &self.counters) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(WaitOutcome::Disconnected),
                    Poll::Pending => break,
                }
            }
            if self.counters.takes_ping() {
                return Poll::Ready(WaitOutcome::Timeout);
            }
            self.deadline.poll(cx).map(|()| WaitOutcome::Timeout)
        })
    }

    /// Writes what `fill` appends, in one call. It is made in a buffer that all connections of the
    /// thread share; only what the socket does not take is kept, and counted in [`Memory`].
    ///
    /// # Errors
    /// The peer has disconnected, or there is no memory to keep the rest.
    pub fn write(
        &mut self,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> impl Future<Output = io::Result<()>> {
        let mut fill = Some(fill);
        let (mut left, mut written) = (None, 0);
        poll_fn(move |cx| {
            ready!(self.poll_rest(cx))?;
            let Some(fill) = fill.take() else {
                let left = left.as_ref().map(|(left, _): &(Vec<u8>, Owed)| &**left);
                return self
                    .stream
                    .poll_send(cx, left.unwrap_or_default(), &mut written);
            };
            OUT.with_borrow_mut(|out| {
                out.clear();
                fill(out);
                let outcome = self.stream.poll_send(cx, out, &mut written);
                if outcome.is_pending() {
                    let rest = out.split_off(written);
                    match self.counters.owe(rest.len()) {
                        Some(owed) => (left, written) = (Some((rest, owed)), 0),
                        None => return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into())),
                    }
                }
                out.shrink_to(MAX_KEPT_BYTES);
                outcome
            })
        })
    }

    /// Writes bytes that may be shared with other connections, in one call. They are counted in
    /// [`Memory`] while the socket does not take them.
    ///
    /// # Errors
    /// The peer has disconnected, or there is no memory to keep the bytes.
    pub fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> {
        let (mut written, mut owed) = (0, None);
        poll_fn(move |cx| {
            ready!(self.poll_rest(cx))?;
            let outcome = self.stream.poll_send(cx, bytes, &mut written);
            if outcome.is_pending() && owed.is_none() {
                owed = self.counters.owe(bytes.len());
                if owed.is_none() {
                    return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
                }
            }
            outcome
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::net::IpAddr;
    use std::pin::pin;

    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::feed::{Feeds, Retention};
    use crate::service::limits::Limits;

    #[tokio::test]
    async fn a_peer_is_read_even_if_there_is_always_something_to_write() {
        let (stream, mut peer) = tokio::io::duplex(64);
        let feeds = Feeds::new(Retention::default(), 1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let address = IpAddr::from([127, 0, 0, 1]);
        let counters = state.metrics.open(address).counters.clone();
        let mut conn = Peer::new(stream, state, counters);
        conn.duplex = true;
        peer.write_all(b"oi").await.unwrap();
        let mut waits = Vec::new();
        for _ in 0..4 {
            let wait = conn.wait(pin!(ready(()))).await;
            if let WaitOutcome::PeerData(bytes) = &wait {
                assert_eq!(bytes, b"oi");
            }
            waits.push(wait);
        }
        let [
            WaitOutcome::Done(()),
            WaitOutcome::PeerData(_),
            WaitOutcome::Done(()),
            WaitOutcome::Done(()),
        ] = waits[..]
        else {
            panic!("{waits:?}")
        };
        drop(peer);
        assert!(matches!(
            conn.wait(pin!(ready(()))).await,
            WaitOutcome::Disconnected
        ));
    }
}
