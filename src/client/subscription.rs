//! What the client ends of all transports share: one subscriber's place in a trial.

use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::client::config::ClientConfig;
use crate::client::connection::Connection;
use crate::client::dialect::{PollTiming, Reset};
use crate::client::error::ClientError;
use crate::client::http::ResponseHead;
use crate::client::outbox::Outbox;
use crate::client::socket::Ledger;
use crate::client::target::Target;
use crate::feed::{Cursor, Epoch, Message};
use crate::record::recorder::{Recorder, SubscriberStats};
use crate::record::sequence::Sequence;
use crate::record::trial_board::TrialBoard;
use crate::runtime::clock;
use crate::runtime::event_loop;

/// How long a poller that has everything rests before it looks whether there is more after all.
pub const REST: Duration = Duration::from_millis(100);

/// What a subscriber hears, as it happens.
#[derive(Debug)]
pub enum SubscriptionEvent<'a> {
    /// The server has answered.
    Ready,
    /// A message; each once, in order.
    Message(&'a Message<'a>),
    /// So many messages are gone that it did not have.
    Missed(u64),
    /// The server has begun anew since it last heard from it, and so do the numbers.
    Restarted,
}

/// Somebody who wants to hear it.
pub struct EventListener(pub Box<dyn FnMut(SubscriptionEvent<'_>)>);

impl fmt::Debug for EventListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// One simulated client that reads one feed.
///
/// What each message needs comes first and lies together: of thousands of subscribers, the one that
/// hears something is in no cache of the processor.
#[derive(Debug)]
#[repr(C)]
pub struct Subscription {
    stats: SubscriberStats,
    pub recorder: Rc<Recorder>,
    /// A person at a terminal; a load's subscribers have none.
    pub listener: Option<EventListener>,
    /// Of the server that numbered the messages; of none until it has told.
    epoch: Epoch,
    connected: bool,
    joined: bool,
    pub ledger: Rc<Ledger>,
    pub target: Rc<Target>,
    pub config: Rc<ClientConfig>,
    /// The feed's number in this trial, and its path: `/feeds/{feed}`, prefix included.
    pub feed: usize,
    pub feed_path: Rc<str>,
    /// Its name and what it writes, in a chat.
    pub author: Option<(String, Rc<Outbox>)>,
    /// How long the server wants it to wait, at the least, before it dials anew.
    pub retry: Duration,
    /// Where in the poll interval this client's first poll lies: 0 to 1.
    pub phase: f64,
    dialled_at_ns: u64,
    /// The local address to dial from, where the machine has several.
    pub source: Option<IpAddr>,
}

impl Subscription {
    /// A subscriber that has not connected yet, without phase, source or anything to say, of a feed
    /// that has `readers` of them.
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
            stats: recorder.stats(readers),
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
        }
    }

    /// Asks for what follows the cursor, from an endpoint of its feed, in the author's name if it
    /// has one. The head ends with the lines `extra`.
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
        let connection = Connection::dial(&self.ledger, &self.target, self.source).await?;
        if self.listener.is_some() {
            connection.watch_peer()?;
        }
        Ok(connection)
    }

    /// Dials, and sends a request whose answer's head has `status`; what follows that stays unread.
    pub async fn open(
        &mut self,
        request: &[u8],
        status: u16,
    ) -> Result<(Connection, ResponseHead), ClientError> {
        let mut connection = self.dial().await?;
        connection.write_all(request).await?;
        let head =
            connection
                .read(|bytes| {
                    Ok(ResponseHead::parse(bytes)?
                        .map_or((0, None), |(head, used)| (used, Some(head))))
                })
                .await?;
        if head.status != status {
            return Err(ClientError::Status(head.status));
        }
        connection.settle();
        Ok((connection, head))
    }

    /// The server has answered: whatever is published from now on will be delivered.
    pub fn ready(&mut self) {
        if !std::mem::replace(&mut self.connected, true) {
            let first = !std::mem::replace(&mut self.joined, true);
            self.recorder
                .connected(clock::now_ns() - self.dialled_at_ns, first);
            self.tell(SubscriptionEvent::Ready);
        }
    }

    fn tell(&mut self, heard: SubscriptionEvent<'_>) {
        if let Some(EventListener(listener)) = &mut self.listener {
            listener(heard);
        }
    }

    /// The conversation ended. Returns whether it had begun.
    pub fn ended(&mut self) -> bool {
        let was_connected = std::mem::replace(&mut self.connected, false);
        if was_connected {
            self.recorder.disconnected();
        }
        was_connected
    }

    /// Whether it is ready: it has not been since it last dialled until the server has answered.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether this subscriber was ready at least once.
    pub fn joined(&self) -> bool {
        self.joined
    }

    /// The cursor: the last message that it has. Feeds are new in each trial, so 0 is their start;
    /// the first cursor is of no server, so that the answer to it tells the server's epoch.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            seq: self.stats.sequence.last(),
            epoch: Some(self.epoch),
        }
    }

    /// Goes on from where somebody else has read to.
    pub fn resume(&mut self, seq: u64, epoch: Epoch) {
        self.stats.sequence = Sequence::after(seq);
        self.epoch = epoch;
    }

    /// A message has been decoded.
    pub fn deliver(&mut self, message: &Message<'_>) {
        let (now_ns, before) = (clock::now_ns(), self.stats.sequence.last());
        self.recorder.deliver(&mut self.stats, message, now_ns);
        if message.seq > before {
            self.tell(SubscriptionEvent::Message(message));
        }
    }

    /// The server does not know the cursor, or not all that followed it. `json` says where it is.
    pub fn reset(&mut self, json: &[u8]) -> Result<(), ClientError> {
        let Reset { missed, epoch } = self.target.dialect.reset(json)?;
        self.located(epoch, Some(missed));
        Ok(())
    }

    /// One JSON text has arrived that holds a message or a reset.
    pub fn hear_json(&mut self, json: &[u8]) -> Result<(), ClientError> {
        match self.target.dialect.reset_in(json) {
            Some(reset) => self.reset(reset),
            None => self.deliver_json(str::from_utf8(json).map_err(ClientError::protocol)?),
        }
    }

    /// The server tells its epoch, and what this subscriber missed if the cursor did not fit. In
    /// another epoch than before, numbers begin anew.
    pub fn located(&mut self, epoch: Epoch, missed: Option<u64>) {
        if epoch != self.epoch {
            let before = std::mem::replace(&mut self.epoch, epoch);
            self.stats.sequence = Sequence::default();
            if before != Epoch::default() {
                self.tell(SubscriptionEvent::Restarted);
            }
        }
        if let Some(missed @ 1..) = missed {
            self.tell(SubscriptionEvent::Missed(missed));
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

    /// Returns at once while there is something to ask for. Rests while the window is closed and
    /// all of it has arrived, so that nothing is asked just to be counted.
    pub async fn while_wanting(&self) {
        while self.board().window_closed(clock::now_ns()) && self.has_all() {
            event_loop::sleep(REST).await;
        }
    }

    /// Likewise, but rests until the window has opened, too: for who asks on a schedule, and is not
    /// to be asking already when the first message comes. Returns whether it rested.
    pub async fn until_open(&self) -> bool {
        let mut rested = false;
        loop {
            let (now_ns, opens_ns) = (clock::now_ns(), self.board().window_opens_ns());
            let open = now_ns >= opens_ns && !self.board().window_closed(now_ns);
            if open || !self.has_all() {
                return rested;
            }
            rested = true;
            let opening = Duration::from_nanos(opens_ns.saturating_sub(now_ns));
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

    /// Whether all that was published in the present window has arrived.
    fn has_all(&self) -> bool {
        self.recorder.received(&self.stats) >= self.board().published(self.feed)
    }
}
