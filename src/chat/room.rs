//! The chat's knowledge of its feed and of its own messages, and the lines to show. No I/O.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::chat::options::ChatOptions;
use crate::client::error::ClientError;
use crate::client::exchange::ExchangeError;
use crate::client::outbox::Outgoing;
use crate::client::subscription::SubscriptionEvent;
use crate::feed::{Message, check_text};
use crate::runtime::clock;
use crate::transport::Transport;

/// The most own messages under way at once, so that a pipe is read no faster than the server
/// publishes.
const MAX_UNSEEN: usize = 64;

/// The longest time until an own message comes back while there is a connection.
const UNSEEN_PATIENCE: Duration = Duration::from_secs(10);

/// Latencies of which the median is shown.
const SAMPLES: usize = 20;

/// Why a chat that only reads publishes nothing.
pub const NO_USER: &str = "to write, start with --user NAME";

/// The most names in a list of the members.
const MAX_NAMES: usize = 20;

/// A line to show.
#[derive(Debug, PartialEq, Eq)]
pub enum RoomLine {
    /// Of the feed: a message, or a member that joined or left.
    Feed(String),
    /// Of this client: its connection, and errors.
    Note(String),
}

#[derive(Debug)]
pub struct Room {
    transport: Transport,
    feed: String,
    user: Option<String>,
    /// Server and client are on one host and read one clock: see [`Room::latency`].
    one_clock: bool,
    members: BTreeSet<String>,
    lines: VecDeque<RoomLine>,
    changed: Rc<Notify>,
    /// The start of the connection, also on the monotonic clock.
    live_since: Option<(Instant, u64)>,
    /// Own messages that have not come back yet.
    unseen: VecDeque<Unseen>,
    lost_messages: u64,
    last_said_ns: u64,
    latencies_ns: VecDeque<u64>,
}

#[derive(Debug)]
struct Unseen {
    intended_at_ns: u64,
    text: String,
    since: Instant,
}

impl Room {
    pub fn new(options: &ChatOptions) -> Self {
        Room {
            transport: options.transport,
            feed: options.feed.clone(),
            user: options.user.clone(),
            one_clock: options.target.same_host,
            members: BTreeSet::new(),
            lines: VecDeque::new(),
            changed: Rc::default(),
            live_since: None,
            unseen: VecDeque::new(),
            lost_messages: 0,
            last_said_ns: 0,
            latencies_ns: VecDeque::with_capacity(SAMPLES),
        }
    }

    /// Completes when there is something new to show.
    pub async fn changed(room: &RefCell<Room>) {
        let changed = room.borrow().changed.clone();
        changed.notified().await;
    }

    fn push(&mut self, line: RoomLine) {
        self.lines.push_back(line);
        self.changed.notify_one();
    }

    fn note(&mut self, text: String) {
        self.push(RoomLine::Note(printable(&text)));
    }

    /// The lines that were not shown yet.
    pub fn take_lines(&mut self) -> VecDeque<RoomLine> {
        std::mem::take(&mut self.lines)
    }

    /// Feed, transport, state or latency, and number of members.
    pub fn status(&self) -> String {
        let state = match (self.live_since, self.latency()) {
            (None, _) => "connecting".to_owned(),
            (Some(_), None) => "live".to_owned(),
            (Some(_), Some(latency)) => latency,
        };
        let here = match self.members.len() {
            0 => String::new(),
            count => format!(", {count} here"),
        };
        let (transport, feed) = (self.transport, printable(&self.feed));
        format!("{feed} over {transport}: {state}{here}")
    }

    /// The median of the last messages. On the server's host each message shows its transit time.
    /// On another host only own messages have a latency, from writing to reading.
    fn latency(&self) -> Option<String> {
        let mut sorted: Vec<_> = self.latencies_ns.iter().copied().collect();
        sorted.sort_unstable();
        let median_ms = *sorted.get(sorted.len() / 2)? as f64 / 1e6;
        let of = if self.one_clock {
            ""
        } else {
            " there and back"
        };
        Some(format!("{median_ms:.1} ms{of}"))
    }

    /// Shows an earlier message.
    pub fn recall(&mut self, message: &Message<'_>) {
        if message.kind.is_none() {
            self.push(RoomLine::Feed(said(message)));
        }
    }

    /// Takes an event. Returns whether to read the members.
    pub fn hear(&mut self, heard: SubscriptionEvent<'_>) -> bool {
        match heard {
            SubscriptionEvent::Ready => {
                self.live_since = Some((Instant::now(), clock::now_ns()));
                self.note(format!("connected over {}", self.transport));
                return true;
            }
            SubscriptionEvent::Message(message) => self.message(message),
            SubscriptionEvent::Missed(missed) => {
                self.note(format!("missed {missed} messages: too old"))
            }
            SubscriptionEvent::Restarted => self.note("the feed has begun anew".to_owned()),
        }
        false
    }

    fn message(&mut self, message: &Message<'_>) {
        let name = &*message.from;
        match message.kind.as_deref() {
            None => {
                self.measure(message);
                self.push(RoomLine::Feed(said(message)));
            }
            Some("join") => {
                self.members.insert(name.to_owned());
                self.push(RoomLine::Feed(format!("* {} joined", printable(name))));
            }
            Some("leave") => {
                self.members.remove(name);
                self.push(RoomLine::Feed(format!("* {} left", printable(name))));
            }
            // Kinds that this version does not know.
            Some(_) => {}
        }
    }

    /// Records a message's latency, and that it came back if it is an own one.
    fn measure(&mut self, message: &Message<'_>) {
        let now_ns = clock::now_ns();
        let own = self.user.as_deref() == Some(&*message.from);
        let known = |unseen: &Unseen| unseen.intended_at_ns == message.intended_at_ns;
        let own = match self.unseen.iter().position(known) {
            Some(index) if own => self.unseen.remove(index).is_some(),
            _ => false,
        };
        // A message that waited for the connection says nothing of the transport.
        let fresh = |since_ns: u64| {
            self.live_since
                .is_some_and(|(_, live_ns)| since_ns >= live_ns)
        };
        let since_ns = match self.one_clock {
            true => Some(message.published_at_ns),
            false => own.then_some(message.intended_at_ns),
        };
        let since_ns = since_ns.filter(|&since_ns| fresh(since_ns));
        if let Some(latency_ns) = since_ns.and_then(|since_ns| now_ns.checked_sub(since_ns)) {
            if self.latencies_ns.len() == SAMPLES {
                self.latencies_ns.pop_front();
            }
            self.latencies_ns.push_back(latency_ns);
        }
    }

    /// Takes the list of members.
    pub fn here(&mut self, members: Vec<String>) {
        self.members = members.into_iter().collect();
        if self.members.is_empty() {
            return;
        }
        let mut names: Vec<_> = self.members.iter().take(MAX_NAMES).cloned().collect();
        if self.members.len() > MAX_NAMES {
            names.push(format!("and {} more", self.members.len() - MAX_NAMES));
        }
        self.note(format!("here: {}", names.join(", ")));
    }

    /// The connection has ended, or could not be made.
    pub fn lost(&mut self, error: &ClientError) {
        if self.live_since.take().is_some() {
            self.note(format!("connection lost ({error}): trying again"));
        }
    }

    /// Whether there is a connection.
    pub fn is_live(&self) -> bool {
        self.live_since.is_some()
    }

    /// Whether another message may be written.
    pub fn has_room(&self) -> bool {
        self.unseen.len() < MAX_UNSEEN
    }

    /// The message to publish for a line; `None` if it is blank, or cannot be sent.
    pub fn say(&mut self, line: &str) -> Option<Outgoing> {
        if line.trim().is_empty() {
            return None;
        }
        let refusal = match check_text(line) {
            Err(error) => Some(error.to_string()),
            Ok(_) if self.user.is_none() => Some(NO_USER.to_owned()),
            Ok(_) if !self.has_room() => Some(format!("{MAX_UNSEEN} are on their way")),
            Ok(_) => None,
        };
        if let Some(why) = refusal {
            self.not_sent(&format!("{line}: {why}"));
            return None;
        }
        let text = line.to_owned();
        // An own message is recognised by this time, so no two may have the same.
        let intended_at_ns = clock::now_ns().max(self.last_said_ns + 1);
        self.last_said_ns = intended_at_ns;
        self.unseen.push_back(Unseen {
            intended_at_ns,
            text: text.clone(),
            since: Instant::now(),
        });
        Some(Outgoing {
            feed: 0,
            number: 0,
            intended_at_ns,
            text,
        })
    }

    /// The server refused a message, or did not answer.
    pub fn refused(&mut self, message: &Outgoing, error: &ExchangeError) {
        self.unseen
            .retain(|unseen| unseen.intended_at_ns != message.intended_at_ns);
        self.not_sent(&format!("{}: {error}", message.text));
    }

    /// A part of the input is not published.
    pub fn not_sent(&mut self, what: &str) {
        self.lost_messages += 1;
        self.note(format!("not sent: {what}"));
    }

    /// Gives up own messages that have not come back in time.
    pub fn give_up_waiting(&mut self) {
        let Some((live_since, _)) = self.live_since else {
            return;
        };
        while let Some(unseen) = self.unseen.front()
            && unseen.since.max(live_since).elapsed() > UNSEEN_PATIENCE
        {
            let text = self.unseen.pop_front().expect("it is there").text;
            self.lost_messages += 1;
            self.note(format!("perhaps lost, since it did not come back: {text}"));
        }
    }

    /// Whether no own message is under way.
    pub fn is_settled(&self) -> bool {
        self.unseen.is_empty()
    }

    /// Whether all own messages came back.
    pub fn all_seen(&self) -> bool {
        self.unseen.is_empty() && self.lost_messages == 0
    }
}

fn said(message: &Message<'_>) -> String {
    format!("{}: {}", printable(&message.from), printable(&message.text))
}

/// A text on one line, without control characters for a terminal.
fn printable(text: &str) -> String {
    let shown = |character: char| match character {
        // Marks of writing direction, which can disguise a text (Unicode TR 36).
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control() || matches!(character, '\u{2028}' | '\u{2029}'),
    };
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match shown(character) {
            true => printable.extend(character.escape_default()),
            false => printable.push(character),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::config::ClientConfig;
    use crate::client::target::Target;

    fn room(user: &str, address: &str) -> Room {
        Room::new(&ChatOptions {
            target: Target::at(address.parse().unwrap()),
            transport: Transport::Sse,
            feed: "lobby".into(),
            user: Some(user.into()),
            history: 0,
            client: ClientConfig::DEFAULT,
        })
    }

    fn message<'a>(from: &'a str, text: &'a str, intended_at_ns: u64) -> Message<'a> {
        Message {
            seq: 1,
            from: from.into(),
            text: text.into(),
            intended_at_ns,
            published_at_ns: clock::now_ns(),
            kind: None,
        }
    }

    #[test]
    fn what_others_write_is_one_line_and_commands_no_terminal() {
        let text = "a\r\nb\u{1b}[2J\u{202e}\u{9b}ã 🌍\tz";
        let line = said(&message("\u{7}bob", text, 0));
        assert_eq!(line, r"\u{7}bob: a\r\nb\u{1b}[2J\u{202e}\u{9b}ã 🌍\tz");
    }

    #[test]
    fn only_ones_own_messages_tell_a_latency_from_afar() {
        let mut room = room("alice", "192.0.2.1:80");
        room.hear(SubscriptionEvent::Ready);
        assert_eq!(room.status(), "lobby over sse: live");
        let own = room.say("oi").unwrap();
        assert!(!room.is_settled());
        room.hear(SubscriptionEvent::Message(&message(
            "bob",
            "oi",
            own.intended_at_ns,
        )));
        assert_eq!(room.status(), "lobby over sse: live", "it is not ours");
        room.hear(SubscriptionEvent::Message(&message(
            "alice",
            "oi",
            own.intended_at_ns,
        )));
        assert!(room.status().ends_with(" ms there and back"));
        assert!(room.is_settled() && room.all_seen());
    }

    #[test]
    fn on_one_host_every_message_tells_but_those_that_waited_for_the_connection() {
        let mut room = room("alice", "127.0.0.1:80");
        let waited = message("bob", "oi", 0);
        room.hear(SubscriptionEvent::Ready);
        room.hear(SubscriptionEvent::Message(&waited));
        assert_eq!(room.status(), "lobby over sse: live");
        room.here(vec!["alice".into(), "bob".into()]);
        room.hear(SubscriptionEvent::Message(&message("bob", "oi", 0)));
        assert!(room.status().ends_with(" ms, 2 here"), "{}", room.status());
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_does_not_come_back_is_given_up_while_there_is_a_connection() {
        let mut room = room("alice", "127.0.0.1:80");
        room.say("oi\n").unwrap();
        assert!(room.say(" \t").is_none(), "blank");
        tokio::time::advance(UNSEEN_PATIENCE * 10).await;
        room.give_up_waiting();
        assert!(!room.is_settled(), "it waits for a connection");
        room.hear(SubscriptionEvent::Ready);
        room.give_up_waiting();
        assert!(!room.is_settled(), "it has just been sent");
        tokio::time::advance(UNSEEN_PATIENCE * 2).await;
        room.give_up_waiting();
        assert!(room.is_settled() && !room.all_seen());
        let lines = room.take_lines();
        assert!(
            matches!(lines.back(), Some(RoomLine::Note(note)) if note.starts_with("perhaps lost"))
        );
    }
}
