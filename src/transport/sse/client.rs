//! The client's end of SSE, and its model.

use std::convert::Infallible;
use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::http::{BodyFraming, EVENT_STREAM, Wanted};
use crate::client::subscription::Subscription;
use crate::transport::body::{chunk_bytes, read_body};
use crate::transport::sse::events::{EventStreamItem, EventStreamParser};
use crate::transport::theory::{Conditions, Prediction};

/// The longest pause before a reconnection that a server can impose.
const MAX_RETRY: Duration = Duration::from_secs(60);

/// Reads the stream and delivers its messages until the connection ends.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let (mut connection, framing) = Box::pin(opened(subscription)).await?;
    subscription.ready();
    let mut events = EventStreamParser::default();
    let mut deliver = |item: EventStreamItem<'_>| {
        match item {
            EventStreamItem::Event("message", data) => subscription.deliver_json(data)?,
            EventStreamItem::Event("reset", data) => subscription.reset(data.as_bytes())?,
            EventStreamItem::Event(..) => {}
            EventStreamItem::Comment(comment) => {
                let bytes = comment_bytes(comment, framing);
                subscription.recorder.heartbeat(bytes);
            }
            EventStreamItem::Retry(pause) => subscription.retry = pause.min(MAX_RETRY),
        }
        Ok(())
    };
    let take = |data: &[u8]| events.feed(data, &mut deliver);
    read_body(&mut connection, framing, take).await
}

async fn opened(subscription: &mut Subscription) -> Result<(Connection, BodyFraming), ClientError> {
    let request = subscription.request(
        "sse",
        PollTiming::default(),
        "Accept: text/event-stream\r\n",
    );
    let (connection, head) = subscription
        .open(&request, Wanted::body(EVENT_STREAM))
        .await?;
    Ok((connection, head.framing))
}

/// Bytes of a comment with its line ends, as this server sends it: in a chunk of its own.
fn comment_bytes(comment: &str, framing: BodyFraming) -> usize {
    chunk_bytes(comment.len() + b":\n\n".len(), framing)
}

/// A push: on average, a client waits for half of the others. Each message is one event in one
/// chunk.
pub fn predict(conditions: &Conditions) -> Prediction {
    let event_bytes = conditions.json_bytes() as usize + b"id: 10-k3x9\ndata: \n\n".len();
    let chunk = chunk_bytes(event_bytes, BodyFraming::Chunked) as f64;
    conditions.push(conditions.sealed(chunk) + conditions.post_bytes())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::rc::Rc;
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::config::ClientConfig;
    use crate::client::target::Target;
    use crate::record::recorder::Recorder;
    use crate::record::trial_board::TrialBoard;
    use crate::runtime::event_loop;

    #[test]
    fn a_heartbeat_is_as_long_as_it_is_on_the_wire() {
        assert_eq!(comment_bytes("", BodyFraming::UntilClose), b":\n\n".len());
        assert_eq!(
            comment_bytes("", BodyFraming::Chunked),
            b"3\r\n:\n\n\r\n".len()
        );
        assert_eq!(
            comment_bytes(" still here ..", BodyFraming::Chunked),
            b"11\r\n\r\n".len() + 17
        );
    }

    #[tokio::test]
    async fn a_subscriber_knows_how_long_the_server_wants_it_to_wait() {
        let story = async {
            for (stream, retry_ms) in [
                ("retry: 2000\n\nretry: 3500\n\n", 3_500),
                ("retry: 86400000\n\n", MAX_RETRY.as_millis() as u64),
                ("retry: soon\n\n", 0),
            ] {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let mut subscription = subscription(listener.local_addr().unwrap());
                let serve = async {
                    let (mut socket, _) = listener.accept().await.unwrap();
                    socket.read_u8().await.unwrap();
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
                    let answer = format!("{head}{stream}");
                    socket.write_all(answer.as_bytes()).await.unwrap();
                    socket.shutdown().await.unwrap();
                    // Until the client has closed, too.
                    let _ = socket.read_to_end(&mut Vec::new()).await;
                };
                let (ended, ()) = tokio::join!(subscribe(&mut subscription), serve);
                assert!(matches!(ended, Err(ClientError::Closed)), "{ended:?}");
                assert_eq!(
                    subscription.retry,
                    Duration::from_millis(retry_ms),
                    "{stream:?}"
                );
            }
        };
        event_loop::within_tokio(story).await.unwrap();
    }

    fn subscription(address: SocketAddr) -> Subscription {
        let target = Target::at(address);
        let recorder = Rc::new(Recorder::new(
            Arc::new(TrialBoard::new(1, 1, 0).unwrap()),
            0,
        ));
        let path = "/feeds/a".into();
        let (target, config) = (Rc::new(target), Rc::new(ClientConfig::DEFAULT));
        Subscription::new(target, config, recorder, Rc::default(), 0, path, 1)
    }
}
