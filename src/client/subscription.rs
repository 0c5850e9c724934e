//! A subscriber of one feed: what the client ends of all transports share.

use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::client::config::ClientConfig;
use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::{ClientError, Parsed};
use crate::client::http::{BodyFraming, ResponseHead, Wanted};
use crate::client::outbox::Outbox;
use crate::client::socket::{Ledger, NO_CLIENT};
use crate::client::target::Target;
use crate::feed::{Cursor, Epoch, Message};
use crate::record::recorder::{Recorder, SubscriberStats};
use crate::record::sequence::ServerNumbers;
use crate::record::trial_board::TrialBoard;
use crate::runtime::clock;
use crate::runtime::event_loop;

/// The pause of a poller that has all messages, before it checks again whether to poll.
pub const REST: Duration = Duration::from_millis(100);

/// What happens to a subscriber.
#[derive(Debug)]
pub enum SubscriptionEvent<'a> {
    /// The server has answered.
    Ready,
    /// A message. Each comes once, in order.
    Message(&'a Message<'a>),
    /// The server no longer has this number of messages that the subscriber did not get.
    Missed(u64),
    /// The server has restarted, and its message numbers with it.
    Restarted,
}

/// A callback for events.
pub struct EventListener(pub Box<dyn FnMut(SubscriptionEvent<'_>)>);

impl fmt::Debug for EventListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// One simulated client that reads one feed.
///
/// The fields that each message needs come first, together: with thousands of subscribers, the one
/// that gets a message is in no CPU cache.
#[derive(Debug)]
#[repr(C)]
pub struct Subscription {
    stats: SubscriberStats,
    pub recorder: Rc<Recorder>,
    /// Of the chat at a terminal; the load's subscribers have none.
    pub listener: Option<EventListener>,
    /// Of the server that numbered the messages; of no server before its first answer.
    epoch: Epoch,
    connected: bool,
    joined: bool,
    /// Its number among all clients of a trial; [`NO_CLIENT`] outside of one.
    pub client: u32,
    pub ledger: Rc<Ledger>,
    pub target: Rc<Target>,
    pub config: Rc<ClientConfig>,
    /// The feed's number in this trial, and its path with the prefix.
    pub feed: usize,
    pub feed_path: Rc<str>,
    /// The subscriber's name and the messages that it publishes, in a chat.
    pub author: Option<(String, Rc<Outbox>)>,
    /// The shortest pause before a new attempt to connect, as the server asked for it.
    pub retry: Duration,
    /// The position of this client's first poll in the poll interval: 0 to 1.
    pub phase: f64,
    dialled_at_ns: u64,
    /// The local address to dial from, where this host has several.
    pub source: Option<IpAddr>,
}

impl Subscription {
    /// A subscriber that is not connected, without phase, source and author, of a feed with
    /// `readers` subscribers.
    pub fn new(
        target: Rc<Target>,
        config: Rc<ClientConfig>,
        recorder: Rc<Recorder>,
        ledger: Rc<Ledger>,
        feed: usize,
        feed_path: Rc<str>,
        readers: u64,
    ) -> Self {
        Subscription {
            stats: recorder.stats(feed, readers),
            target,
            config,
            recorder,
            ledger,
            feed,
            feed_path,
            source: None,
            phase: 0.0,
            author: None,
            listener: None,
            retry: Duration::ZERO,
            epoch: Epoch::default(),
            dialled_at_ns: 0,
            connected: false,
            joined: false,
            client: NO_CLIENT,
        }
    }

    /// A request for what follows the cursor, from an endpoint of the feed, in the author's name if
    /// there is one. The head ends with the lines `extra`.
    pub fn request(&self, endpoint: &str, timing: PollTiming, extra: &str) -> Vec<u8> {
        let user = self.author.as_ref().map(|(name, _)| &**name);
        let (dialect, cursor) = (self.target.dialect, self.cursor());
        let path = dialect.subscribe_path(&self.feed_path, endpoint, cursor, user, timing);
        self.target.get(self.config.headers, &path, extra)
    }

    /// Dials the server.
    pub async fn dial(&mut self) -> Result<Connection, ClientError> {
        if !self.connected {
            self.dialled_at_ns = clock::now_ns();
        }
        self.recorder.dials();
        let connection = Connection::dial(&self.ledger, &self.target, self.source).await?;
        connection.belongs_to(self.client);
        if self.listener.is_some() {
            connection.watch_peer()?;
        }
        Ok(connection)
    }

    /// Dials, sends a request, and reads the head of the answer, which must be what is `wanted`.
    /// The body stays unread.
    pub async fn open(
        &mut self,
        request: &[u8],
        wanted: Wanted,
    ) -> Result<(Connection, ResponseHead), ClientError> {
        let mut connection = self.dial().await?;
        connection.write_all(request).await?;
        let head = connection.read(|bytes| read_head(bytes, wanted)).await?;
        connection.settle();
        Ok((connection, head))
    }

    /// The server has answered: all that is published from now on will be delivered.
    pub fn ready(&mut self) {
        if !std::mem::replace(&mut self.connected, true) {
            let first = !std::mem::replace(&mut self.joined, true);
            self.recorder
                .connected(&self.stats, clock::now_ns() - self.dialled_at_ns, first);
            self.tell(SubscriptionEvent::Ready);
        }
    }

    fn tell(&mut self, heard: SubscriptionEvent<'_>) {
        if let Some(EventListener(listener)) = &mut self.listener {
            listener(heard);
        }
    }

    /// The connection ended. Returns how long it was up, if it was ready before.
    pub fn ended(&mut self) -> Option<Duration> {
        let was_connected = std::mem::replace(&mut self.connected, false);
        if was_connected {
            self.recorder.disconnected(&self.stats);
        }
        if let Some((_, outbox)) = &self.author {
            let board = &self.recorder.board;
            let written = outbox.written.take().into_iter();
            written.for_each(|number| board.lose_answer(number));
        }
        let up_ns = clock::now_ns().saturating_sub(self.dialled_at_ns);
        was_connected.then(|| Duration::from_nanos(up_ns))
    }

    /// The author wrote a message on this connection. Its delivery to some subscriber is the only
    /// answer that there is.
    pub fn wrote(&self, number: u32) {
        let Some((_, outbox)) = &self.author else {
            return;
        };
        let is_delivered = |number: u32| {
            let record = self.recorder.board.record(number);
            record.is_none_or(|record| record.deliveries() > 0)
        };
        let mut written = outbox.written.borrow_mut();
        written.retain(|number| !is_delivered(*number));
        written.push(number);
    }

    /// The connection that was kept for the next poll is gone.
    pub fn lost_connection(&self) {
        self.recorder.lost_connection(&self.stats);
    }

    /// A connection takes polls in place of the lost one.
    pub fn reconnected(&self) {
        self.recorder.reconnected(&self.stats);
    }

    /// Whether the server has answered since the last dial.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether this subscriber was ever ready.
    pub fn joined(&self) -> bool {
        self.joined
    }

    /// The cursor: the last message that this subscriber has. Feeds are new in each trial, so 0 is
    /// their start. The first cursor has the epoch of no server, and the answer to it has the
    /// server's.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            seq: self.stats.numbers.last(),
            epoch: Some(self.epoch),
        }
    }

    /// Continues after a message that was read in another way.
    pub fn resume(&mut self, seq: u64, epoch: Epoch) {
        self.stats.numbers = ServerNumbers::after(seq);
        self.epoch = epoch;
    }

    /// A message has been decoded.
    pub fn deliver(&mut self, message: &Message<'_>) {
        let (now_ns, before) = (clock::now_ns(), self.stats.numbers.last());
        self.recorder.deliver(&mut self.stats, message, now_ns);
        if message.seq > before {
            self.tell(SubscriptionEvent::Message(message));
        }
    }

    /// The server does not know the cursor, or no longer has all messages after it. `json` has its
    /// position.
    pub fn reset(&mut self, json: &[u8]) -> Result<(), ClientError> {
        let reset = self.target.dialect.reset(json)?;
        self.located(reset.epoch, Some(reset.missed), reset.missed_texts);
        Ok(())
    }

    /// One JSON text has arrived that holds a message or a reset.
    pub fn hear_json(&mut self, json: &[u8]) -> Result<(), ClientError> {
        match self.target.dialect.reset_in(json) {
            Some(reset) => self.reset(reset),
            None => self.deliver_json(str::from_utf8(json).map_err(ClientError::wrong)?),
        }
    }

    /// The server sent its epoch, and the number of missed messages if the cursor did not fit;
    /// `missed_texts` is 0 if they are joins and leaves alone. In a
    /// new epoch, message numbers restart.
    pub fn located(&mut self, epoch: Epoch, missed: Option<u64>, missed_texts: Option<u64>) {
        let restarts = epoch != self.epoch && self.epoch != Epoch::default();
        if restarts || missed.is_some_and(|missed| missed > 0) {
            self.recorder.reset(missed_texts.or(missed).unwrap_or(0));
        }
        if epoch != self.epoch {
            let before = std::mem::replace(&mut self.epoch, epoch);
            self.stats.numbers = ServerNumbers::default();
            if before != Epoch::default() {
                self.stats.numbers = ServerNumbers::open_after(0);
                self.recorder.epoch_changed();
                self.tell(SubscriptionEvent::Restarted);
            }
        }
        if let Some(missed @ 1..) = missed {
            self.stats.numbers = ServerNumbers::open_after(self.stats.numbers.last());
            if missed_texts != Some(0) {
                self.tell(SubscriptionEvent::Missed(missed));
            }
        }
    }

    /// One JSON text that holds one message has arrived.
    pub fn deliver_json(&mut self, json: &str) -> Result<(), ClientError> {
        self.recorder.prefetch(&self.stats);
        let message = self.target.dialect.message(json)?;
        self.recorder.json(json.len(), 0);
        self.deliver(&message);
        Ok(())
    }

    /// Waits while the window is closed and all of its messages have arrived, so that no poll is
    /// made only to be counted.
    pub async fn while_wanting(&self) {
        while self.board().window_closed(clock::now_ns()) && self.has_all() {
            event_loop::sleep(REST).await;
        }
    }

    /// The same for polls on a schedule: waits until the first message may come, too, so that no
    /// poll is under way then. Returns whether it waited.
    pub async fn until_open(&self) -> bool {
        let mut rested = false;
        loop {
            let (now_ns, begins_ns) = (clock::now_ns(), self.board().begins_ns());
            let open = now_ns >= begins_ns && !self.board().window_closed(now_ns);
            if open || !self.has_all() {
                return rested;
            }
            rested = true;
            let opening = Duration::from_nanos(begins_ns.saturating_sub(now_ns));
            let rest = match opening.is_zero() {
                true => REST,
                false => REST.min(opening),
            };
            event_loop::sleep(rest).await;
        }
    }

    fn board(&self) -> &TrialBoard {
        &self.recorder.board
    }

    /// Whether all messages of the current window have arrived.
    fn has_all(&self) -> bool {
        self.recorder.received(&self.stats) >= self.board().published(self.feed)
    }
}

/// Reads the head of what is `wanted`. Of a refusal, it reads the body that says why.
fn read_head(bytes: &[u8], wanted: Wanted) -> Parsed<ResponseHead> {
    let Some((head, used)) = ResponseHead::parse(bytes)? else {
        return Ok((0, None));
    };
    let body = match head.framing {
        BodyFraming::Length(length) if head.status != wanted.status => {
            match bytes[used..].get(..length) {
                Some(body) => body,
                None => return Ok((0, None)),
            }
        }
        _ => &[],
    };
    head.check(wanted, body)?;
    Ok((used, Some(head)))
}
