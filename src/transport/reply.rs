//! What the server's end of a transport answers. An engine plays it: it writes heads, frames
//! bodies, and waits.

use std::io;
use std::time::Duration;

use crate::feed::{Batch, Reader};
use crate::service::answer::Whole;
use crate::service::counters::ConnectionCounters;
use crate::service::peer::Peer;
use crate::service::presence::PresenceGuard;
use crate::service::rewind::Stream;
use crate::transport::answer;
use crate::transport::stream::{Coding, StreamReply};
use crate::transport::websocket::session::{FeedSession, echo};

/// The answer to an [`Ask`](crate::transport::ask::Ask).
pub enum Reply {
    /// An answer that is known now.
    Whole(Whole),
    /// An answer that waits for a message.
    Later(Later),
    /// An answer whose body never ends.
    Stream(StreamReply),
    /// Another protocol on the same connection.
    Upgrade(Upgrade),
}

/// A held poll.
pub struct Later {
    pub reader: Reader,
    /// The longest wait.
    pub hold: Duration,
    /// Keeps the client present while the poll is held.
    pub presence: Option<PresenceGuard>,
}

impl Later {
    /// The answer: with `batch`, or with what there is when the hold ends or the server shuts down.
    pub fn finish(&mut self, counters: &ConnectionCounters, batch: Option<Batch>) -> Whole {
        let batch = batch.unwrap_or_else(|| self.reader.read());
        counters.poll_answered(batch.messages.len());
        answer::messages(&batch)
    }
}

/// A switch of protocols (RFC 9110, section 15.2.2).
pub struct Upgrade {
    /// Header lines of the 101 answer, each after CR LF, without Connection.
    pub fields: String,
    pub session: Session,
}

/// What owns a connection after its upgrade.
pub enum Session {
    Stream(StreamReply),
    WebSocket(FeedSession),
    /// A WebSocket that sends every message back.
    Echo,
}

impl Session {
    /// Runs until either side ends it.
    pub async fn run<S: Stream>(&mut self, peer: &mut Peer<S>) -> io::Result<()> {
        match self {
            Session::Stream(stream) => {
                {
                    let first = stream.first(&peer.counters, Coding::Identity);
                    peer.write_all(&first).await?;
                }
                // The peer's bytes end it as well: it has nothing to send.
                let _ = stream.run(peer, Coding::Identity).await;
                Ok(())
            }
            Session::WebSocket(session) => {
                session.run(peer).await;
                Ok(())
            }
            Session::Echo => {
                Box::pin(echo(peer)).await;
                Ok(())
            }
        }
    }
}
