//! The fan-out: a loop that writes each message to all streams of a thread that wait for it.
//!
//! A stream that has everything waits in a task of its own. To wake the task of each of thousands
//! of streams takes longer than what the kernel does for a small write. So each thread has one more
//! task for a feed and a framing, the sweep. It reads the feed as any reader does, encodes what it
//! has read once, and writes it to the socket of each stream whose cursor is where the sweep began.
//! All others are left to their own tasks: those that are writing, those that have another cursor,
//! and those whose socket takes no more, which are woken.
//!
//! A stream's own task and the sweep run on one thread, and so never at once: the runtime must have
//! one thread, and the socket must take the bytes as they are, without TLS. Else [`Place::take`]
//! returns none, and the task does everything.
//!
//! ```text
//! append ──▶ ring ──▶ sweep ──▶ slot, slot, slot …   one call of send(2) each
//!                                 │ takes less than all, or has another cursor
//!                                 ▼
//!                               the stream's own task
//! ```

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use rustix::net::{SendFlags, send};
use slab::Slab;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::feed::{Batch, Framing, Owed, Reader};
use crate::runtime::prefetch;
use crate::service::counters::ConnectionCounters;

/// Streams that a sweep writes to before other tasks have their turn.
const STREAMS_A_TURN: usize = 256;

/// How far ahead of its turn a stream's memory is fetched, in streams.
const AHEAD: usize = 4;

thread_local! {
    static FAN_OUTS: RefCell<FanOuts> = RefCell::default();
}

/// The streams of one thread.
#[derive(Default)]
struct FanOuts {
    by_feed: HashMap<FeedKey, usize>,
    groups: Slab<Group>,
}

/// The streams of one feed and framing.
struct Group {
    key: FeedKey,
    slots: Slab<Slot>,
    sweep: AbortHandle,
}

/// A feed's ring and a framing.
type FeedKey = (usize, usize);

/// One stream.
struct Slot {
    socket: RawFd,
    /// Whether the stream's task waits for a message and writes nothing.
    waits: bool,
    /// There was no memory for the rest of a message.
    failed: bool,
    /// The last message that was written.
    cursor: u64,
    counters: Arc<ConnectionCounters>,
    waker: Waker,
    /// What the socket did not take of the last message. It must be written first.
    rest: Option<Box<(Bytes, Owed)>>,
    /// When a sweep wrote last.
    written: Option<Instant>,
}

/// Waits for a batch that is not empty, as [`Reader::next`]. Meanwhile the stream may be written to
/// at its place, if it has one.
pub async fn next(reader: &mut Reader, place: Option<&Place>) -> Option<Batch> {
    let Some(place) = place else {
        return reader.next().await;
    };
    loop {
        {
            let batch = reader.read();
            if !batch.is_empty() {
                return Some(batch);
            }
        }
        if reader.is_closed() {
            return None;
        }
        place.wait(reader).await;
    }
}

/// The place of a stream among those of its thread.
#[derive(Debug)]
pub struct Place(PlaceId);

/// The number of a [`Place`], which is valid while that lives.
#[derive(Clone, Copy, Debug)]
pub struct PlaceId {
    group: usize,
    slot: usize,
}

impl Place {
    /// Takes a place for a stream on `socket`, and starts the sweep of its feed if there is none.
    /// `None` where a stream must be written by its own task.
    pub fn take(
        reader: &Reader,
        socket: RawFd,
        counters: &Arc<ConnectionCounters>,
        framing: Framing,
        encode: impl Fn(&Batch) -> Bytes + Send + 'static,
    ) -> Option<Place> {
        let runtime = Handle::try_current().ok()?;
        if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread || counters.is_captured() {
            return None;
        }
        let slot = Slot {
            socket,
            waits: false,
            failed: false,
            cursor: reader.cursor(),
            counters: counters.clone(),
            waker: Waker::noop().clone(),
            rest: None,
            written: None,
        };
        let key = (reader.ring_key(), framing as usize);
        FAN_OUTS.with_borrow_mut(|fan_outs| {
            let group = fan_outs.by_feed.get(&key).copied().unwrap_or_else(|| {
                let entry = fan_outs.groups.vacant_entry();
                let group = entry.key();
                let sweep = runtime.spawn(sweep(reader.again(), group, encode));
                entry.insert(Group {
                    key,
                    slots: Slab::new(),
                    sweep: sweep.abort_handle(),
                });
                fan_outs.by_feed.insert(key, group);
                group
            });
            let slot = fan_outs.groups[group].slots.insert(slot);
            Some(Place(PlaceId { group, slot }))
        })
    }

    pub fn id(&self) -> PlaceId {
        self.0
    }

    /// When a message was last written for the stream's task.
    pub fn written(&self) -> Option<Instant> {
        self.0.with(|slot| slot.written).flatten()
    }

    /// Waits until the stream's task has something to write by itself, and moves the reader to
    /// where the stream is.
    fn wait<'a>(&'a self, reader: &'a mut Reader) -> impl Future<Output = ()> {
        self.0.with(|slot| slot.cursor = reader.cursor());
        Wait {
            place: self.0,
            reader,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // At the end of a thread there may be none left.
        let removed = FAN_OUTS.try_with(|fan_outs| fan_outs.borrow_mut().remove(self.0));
        // Not in the closure: what the slot holds may look at the streams when it is dropped.
        drop(removed);
    }
}

impl FanOuts {
    /// Removes a stream, and with the last one its sweep, so that the feed has no reader.
    fn remove(&mut self, PlaceId { group, slot }: PlaceId) -> Slot {
        let slots = &mut self.groups[group].slots;
        let removed = slots.remove(slot);
        if slots.is_empty() {
            let Group { key, sweep, .. } = self.groups.remove(group);
            self.by_feed.remove(&key);
            sweep.abort();
        }
        removed
    }
}

impl PlaceId {
    fn with<T>(self, f: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        FAN_OUTS.with_borrow_mut(|fan_outs| {
            let slot = fan_outs
                .groups
                .get_mut(self.group)?
                .slots
                .get_mut(self.slot);
            slot.map(f)
        })
    }

    /// The stream's task writes: the sweep must not, and what it left must go first. `send` sends
    /// bytes and moves the number on by what was sent.
    pub fn poll_rest(
        self,
        mut send: impl FnMut(&[u8], &mut usize) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        let left = self.with(|slot| {
            slot.waits = false;
            (slot.failed, slot.rest.take())
        });
        let mut rest = match left {
            Some((true, _)) => return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into())),
            Some((false, Some(rest))) => rest,
            Some((false, None)) | None => return Poll::Ready(Ok(())),
        };
        let mut sent = 0;
        let outcome = send(&rest.0, &mut sent);
        if outcome.is_pending() {
            rest.0.advance(sent);
            self.with(|slot| slot.rest = Some(rest));
        }
        outcome
    }
}

/// See [`Place::wait`].
struct Wait<'a> {
    place: PlaceId,
    reader: &'a mut Reader,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (last, ends) = (self.reader.last(), self.reader.is_closed());
        let has_more = self.place.with(|slot| {
            let has_more = slot.cursor != last || ends;
            slot.waits = !has_more;
            if slot.waits && !slot.waker.will_wake(cx.waker()) {
                slot.waker = cx.waker().clone();
            }
            has_more
        });
        match has_more {
            Some(false) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let cursor = self.place.with(|slot| {
            slot.waits = false;
            slot.cursor
        });
        if let Some(cursor) = cursor {
            self.reader.set_cursor(cursor);
        }
    }
}

/// Writes what comes to the streams of a group. It ends with the last of them, or with the feed.
async fn sweep(mut reader: Reader, group: usize, encode: impl Fn(&Batch) -> Bytes) {
    while let Some(batch) = reader.next().await {
        let part = Part {
            // Where messages were missed, each stream says so itself.
            before: batch.missed.is_none().then(|| batch.before().seq),
            last: batch.last,
            messages: batch.messages.len(),
            bytes: encode(&batch),
            now: Instant::now(),
        };
        drop(batch);
        let mut next = 0;
        while write_some(group, &mut next, &part) {
            tokio::task::yield_now().await;
        }
    }
    FAN_OUTS.with_borrow(|fan_outs| {
        let slots = fan_outs.groups[group].slots.iter();
        slots.for_each(|(_, slot)| slot.waker.wake_by_ref());
    });
}

/// Messages to write.
struct Part {
    /// The cursor of the streams that they are written to.
    before: Option<u64>,
    last: u64,
    messages: usize,
    bytes: Bytes,
    now: Instant,
}

/// Writes to some streams, from number `next` on. Returns whether there are more.
fn write_some(group: usize, next: &mut usize, part: &Part) -> bool {
    FAN_OUTS.with_borrow_mut(|fan_outs| {
        let slots = &mut fan_outs.groups[group].slots;
        let end = *next + STREAMS_A_TURN;
        while *next < end.min(slots.capacity()) {
            if let Some(ahead) = slots.get(*next + AHEAD) {
                prefetch::fetch(&*ahead.counters);
            }
            if let Some(slot) = slots.get_mut(*next)
                && slot.waits
            {
                slot.write(part);
            }
            *next += 1;
        }
        *next < slots.capacity()
    })
}

impl Slot {
    fn write(&mut self, part: &Part) {
        if self.cursor >= part.last {
            return;
        }
        if part.before != Some(self.cursor) {
            self.waker.wake_by_ref();
            return;
        }
        // SAFETY: the socket is open while the stream has its place.
        let socket = unsafe { BorrowedFd::borrow_raw(self.socket) };
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let length = part.bytes.len();
        self.counters.begins_write(length);
        let sent = send(socket, &part.bytes, flags).ok();
        self.counters.ended_write(length, sent);
        match sent {
            Some(sent) => {
                self.counters.delivered(part.messages);
                (self.cursor, self.written) = (part.last, Some(part.now));
                if sent < length {
                    self.keep(part.bytes.slice(sent..));
                }
            }
            // The stream's task finds out what is wrong.
            None => self.waker.wake_by_ref(),
        }
    }

    fn keep(&mut self, rest: Bytes) {
        match self.counters.owe(rest.len()) {
            Some(owed) => self.rest = Some(Box::new((rest, owed))),
            None => self.failed = true,
        }
        self.waker.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use socket2::SockRef;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::feed::{Feed, Feeds, NewMessage, Retention};
    use crate::service::limits::Limits;
    use crate::service::peer::{Peer, WaitOutcome};
    use crate::service::publish::publish;
    use crate::service::state::AppState;

    const TEXT_BYTES: usize = 10_000;
    const MESSAGES: u64 = 400;

    fn encode(batch: &Batch) -> Bytes {
        let lines = batch
            .messages
            .iter()
            .map(|message| [&message.json[..], b"\n"].concat());
        lines.collect::<Vec<_>>().concat().into()
    }

    /// A stream of `feed` over TCP: the client's end of it, and the server's task.
    async fn stream(state: &Arc<AppState>, feed: &Arc<Feed>) -> (TcpStream, AbortHandle) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, _) = listener.accept().await.unwrap();
        // Less than a message, so that a stalled client's socket takes a part of one.
        SockRef::from(&server)
            .set_send_buffer_size(TEXT_BYTES / 2)
            .unwrap();
        let (state, mut reader) = (state.clone(), feed.reader(None));
        let task = tokio::spawn(async move {
            let counted = state.metrics.open([127, 0, 0, 1].into());
            let mut peer = Peer::new(server, state, counted.counters.clone());
            let place = peer.take_place(&reader, Framing::Line, encode);
            assert!(place.is_some());
            while let WaitOutcome::Done(Some(batch)) =
                peer.wait(pin!(next(&mut reader, place.as_ref()))).await
            {
                peer.write_all(&encode(&batch)).await.unwrap();
            }
            peer.leave(place);
        });
        (client, task.abort_handle())
    }

    async fn say(feed: &Feed) {
        let new = NewMessage {
            from: "alice".into(),
            text: "x".repeat(TEXT_BYTES),
            intended_at_ns: 0,
        };
        publish(feed, &new).await.unwrap();
        tokio::task::yield_now().await;
    }

    /// Reads lines until message number `last`, and checks that all came in order.
    async fn read_all(client: &mut TcpStream, last: u64) {
        let (mut held, mut seq) = (Vec::new(), 0);
        while seq < last {
            assert!(client.read_buf(&mut held).await.unwrap() > 0);
            while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = held.drain(..=end).collect();
                let message: serde_json::Value = serde_json::from_slice(&line).unwrap();
                seq += 1;
                assert_eq!(message["seq"], seq);
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_stalls_holds_up_no_other_and_has_all_in_the_end() {
        let retention = Retention {
            messages: 1_000,
            bytes: usize::MAX,
        };
        let state = Arc::new(AppState::new(Feeds::new(retention, 1), Limits::default()));
        let feed = state.feeds.keep("a").unwrap();
        let (mut quick, _) = stream(&state, &feed).await;
        let (mut stalled, _) = stream(&state, &feed).await;
        tokio::task::yield_now().await;
        let reads = async {
            read_all(&mut quick, MESSAGES).await;
        };
        let publishes = async {
            for _ in 0..MESSAGES {
                say(&feed).await;
            }
        };
        tokio::join!(reads, publishes);
        read_all(&mut stalled, MESSAGES).await;
        say(&feed).await;
        for client in [&mut quick, &mut stalled] {
            let line = TEXT_BYTES + 20;
            client.read_exact(&mut vec![0; line]).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_feed_without_streams_has_no_reader() {
        let state = AppState::new(Feeds::new(Retention::default(), 1), Limits::default());
        let state = Arc::new(state);
        let feed = state.feeds.keep("a").unwrap();
        let (mut client, task) = stream(&state, &feed).await;
        tokio::task::yield_now().await;
        say(&feed).await;
        client.read_u8().await.unwrap();
        task.abort();
        tokio::time::sleep(Duration::from_millis(1)).await;
        FAN_OUTS.with_borrow(|fan_outs| assert!(fan_outs.groups.is_empty()));
    }
}
