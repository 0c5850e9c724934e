//! The loop of the fast engine: opens requests and plays replies.

use std::io;
use std::mem;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use crate::feed::{Feed, NewMessage, check_feed_name};
use crate::server::access_log;
use crate::server::closing::drain;
use crate::server::context::ServerContext;
use crate::server::http1::conn::{Details, Exchange, Http1Conn, NextRequest};
use crate::server::http1::request::{Endpoint, FastRequest, RequestLimits};
use crate::service::answer::ApiError;
use crate::service::counters::{ConnectionCounters, Counter, OTHER};
use crate::service::peer::WaitOutcome;
use crate::service::publish::{check_head, check_media_type, created, parse_message, publish};
use crate::service::rewind::Stream;
use crate::transport::ask::Ask;
use crate::transport::reply::{Reply, Upgrade};
use crate::transport::stream::Coding;

/// An opened request.
enum Opened {
    Reply(Reply),
    Publish(Arc<Feed>, NewMessage),
}

/// Serves a connection until a request comes that the general engine must serve. Returns whether
/// one has come, which is unread; otherwise the connection has ended.
pub async fn serve<S: Stream>(conn: &mut Http1Conn<S>, context: &ServerContext) -> bool {
    let settings = &context.settings;
    let limits = RequestLimits {
        max_head_bytes: settings.max_head_bytes,
        max_body_bytes: context.state.limits.max_message_bytes,
    };
    let mut closing = pin!(context.state.closed());
    conn.peer
        .deadline
        .set(Instant::now() + settings.head_timeout);
    let timed_out = loop {
        let open =
            |exchange: &mut Exchange, counters: &ConnectionCounters, request: FastRequest<'_>| {
                open(context, exchange, counters, request)
            };
        // Where messages are counted, the general engine counts them once, by their heads.
        let admits = |post: &FastRequest<'_>| {
            context.state.rate_limiter.is_none()
                && admit(context, post).is_some()
                && check_media_type(post.fields.content_type).is_ok()
        };
        let next = conn.next(
            limits,
            settings.head_timeout,
            closing.as_mut(),
            admits,
            open,
        );
        let mut reply = match next.await {
            NextRequest::Fast(Opened::Reply(reply)) => reply,
            NextRequest::Fast(Opened::Publish(feed, new)) => {
                Reply::Whole(match publish(&feed, &new).await {
                    Ok(seq) => created(seq),
                    Err(error) => ApiError::from(error).into(),
                })
            }
            NextRequest::Other => return true,
            NextRequest::Timeout => break true,
            NextRequest::NoMemory => {
                conn.exchange.closes = true;
                let _ = conn.answer(ApiError::no_memory().into()).await;
                break true;
            }
            NextRequest::Closed => break false,
        };
        if play(conn, &mut reply).await.is_err() {
            return false;
        }
        if conn.exchange.closes {
            break false;
        }
        conn.peer
            .deadline
            .set(Instant::now() + settings.idle_timeout);
    };
    if timed_out {
        Box::pin(drain(&mut conn.peer.stream)).await;
    } else {
        // With TLS, closing without a shutdown counts as truncation (RFC 8446, section 6.1).
        let _ = conn.peer.stream.shutdown().await;
    }
    false
}

/// The allowed foreign origin that a request comes from, if it comes from one. `None` if the
/// request is not admitted.
fn admit<'a>(context: &ServerContext, request: &FastRequest<'a>) -> Option<Option<&'a str>> {
    let (access, fields) = (&context.settings.access, &request.fields);
    access.hosts.check(fields.host).ok()?;
    let origin = access.foreign_origin(fields.host, fields.origin).ok()?;
    let token = request.params.token;
    access.check_token(fields.authorization, token).ok()?;
    Some(origin)
}

/// Opens a request. `None` if it is not admitted: the general engine answers that.
fn open(
    context: &ServerContext,
    exchange: &mut Exchange,
    counters: &ConnectionCounters,
    request: FastRequest<'_>,
) -> Option<Opened> {
    let (origin, fields) = (admit(context, &request)?, &request.fields);
    exchange.closes = fields.closes;
    if origin.is_some() || access_log::is_enabled() {
        exchange.details = Some(Box::new(Details {
            method: request.endpoint.method(),
            path: request.path.into(),
            origin: origin.map(Box::from),
        }));
    }
    let class = match request.endpoint {
        Endpoint::Transport(transport) => transport.class(),
        Endpoint::Publish => OTHER,
    };
    let mark = request.params.mark.and_then(|mark| mark.parse().ok());
    counters.begins_lap(mark, class);
    let capture = request.params.capture.and_then(|id| id.parse().ok());
    let captures = &context.state.captures;
    captures.request(counters, capture, context.level(), request.raw);
    let opened = open_endpoint(context, counters, &request);
    counters.serves_other();
    counters.add(Counter::FastRequests, 1);
    Some(opened.unwrap_or_else(|error| {
        if fields.offers_websocket() {
            let (path, status) = (request.path, error.status);
            context.refused_websocket(counters.address, path, status, error.reason());
        }
        Opened::Reply(Reply::Whole(error.into()))
    }))
}

fn open_endpoint(
    context: &ServerContext,
    counters: &ConnectionCounters,
    request: &FastRequest<'_>,
) -> Result<Opened, ApiError> {
    let (state, fields) = (&context.state, &request.fields);
    check_feed_name(request.feed)?;
    match request.endpoint {
        Endpoint::Transport(transport) => {
            let ask = Ask {
                counters,
                transport: transport.name(),
                feed: request.feed,
                params: request.params,
                fields,
            };
            Ok(Opened::Reply(transport.open(state, &ask)?))
        }
        Endpoint::Publish => {
            check_head(state, counters.address, fields.content_type)?;
            let new = parse_message(request.body)?;
            let feed = state.feeds.open(request.feed, counters.address)?;
            Ok(Opened::Publish(feed, new))
        }
    }
}

/// Plays a reply. An error ends the connection.
///
/// The reply is borrowed: a task that moved its parts into variables would have room for both.
async fn play<S: Stream>(conn: &mut Http1Conn<S>, reply: &mut Reply) -> io::Result<()> {
    match reply {
        Reply::Whole(whole) => conn.answer(mem::take(whole)).await,
        Reply::Later(later) => {
            conn.peer.deadline.set(Instant::now() + later.hold);
            let waited = conn.peer.wait(pin!(later.reader.next())).await;
            let batch = match waited {
                WaitOutcome::Done(batch) => batch,
                // A client that has shut its half of the connection gets what there is.
                WaitOutcome::Timeout | WaitOutcome::PeerData(_) | WaitOutcome::Disconnected => None,
            };
            let whole = later.finish(&conn.peer.counters, batch);
            conn.answer(whole).await
        }
        Reply::Stream(stream) => {
            let first = stream.first(&conn.peer.counters, Coding::Chunked);
            conn.begin(stream.format.fields, first).await?;
            stream.run(&mut conn.peer, Coding::Chunked).await
        }
        Reply::Upgrade(Upgrade { fields, session }) => {
            conn.switch(mem::take(fields)).await?;
            session.run(&mut conn.peer).await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::feed::AddressLimits;
    use crate::feed::{Feeds, Retention};
    use crate::server::ServerSettings;
    use crate::server::access::Access;
    use crate::service::limits::Limits;
    use crate::service::state::AppState;

    const SECOND: Duration = Duration::from_secs(1);

    fn context() -> ServerContext {
        let feeds = Feeds::new(Retention::default(), 1).with_presence(1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let settings = ServerSettings {
            access: Access::default(),
            tls: None,
            capacity: AddressLimits {
                all: 1,
                per_address: None,
            },
            max_head_bytes: 1 << 14,
            head_timeout: SECOND,
            idle_timeout: SECOND,
            peer_timeout: SECOND,
            classroom: None,
        };
        ServerContext::new(state, settings)
    }

    fn connect(
        context: &ServerContext,
    ) -> (Http1Conn<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (stream, peer) = tokio::io::duplex(1 << 10);
        let counted = context.state.metrics.open([127, 0, 0, 1].into());
        let counters = counted.counters.clone();
        (
            Http1Conn::new(stream, context.state.clone(), counters),
            peer,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_with_a_name_leaves_with_its_stream() {
        let context = context();
        let (mut conn, mut peer) = connect(&context);
        let feed = context.state.feeds.keep("a").unwrap();
        let members = || feed.members().unwrap().names();
        let reads_a_little = async {
            let request = b"GET /feeds/a/sse?user=al HTTP/1.1\r\nHost: x\r\n\r\n";
            peer.write_all(request).await.unwrap();
            peer.read_u8().await.unwrap();
            assert_eq!(members(), ["al"]);
            drop(peer);
        };
        let (other, ()) = tokio::join!(serve(&mut conn, &context), reads_a_little);
        assert!(!other);
        feed.sweep(0, |_| true);
        assert_eq!(members(), ["al"], "it may come back");
        tokio::time::advance(context.state.limits.leave_after).await;
        feed.sweep(0, |_| true);
        assert!(members().is_empty());
    }

    const POST: &[u8] = b"POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n\
        Content-Type: application/json\r\nContent-Length: 25\r\n\r\n{\"from\":\"al\",";

    #[tokio::test]
    async fn a_body_on_its_way_is_answered_although_the_server_shuts_down() {
        let context = context();
        let (mut conn, mut peer) = connect(&context);
        let publishes = async {
            peer.write_all(POST).await.unwrap();
            tokio::task::yield_now().await;
            context.state.close();
            tokio::task::yield_now().await;
            peer.write_all(b"\"text\":\"oi\"}").await.unwrap();
            let mut answer = String::new();
            peer.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let (other, answer) = tokio::join!(serve(&mut conn, &context), publishes);
        assert!(!other && answer.starts_with("HTTP/1.1 201 "), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn the_general_engine_answers_a_body_that_ends_early() {
        let context = context();
        let (mut conn, mut peer) = connect(&context);
        peer.write_all(POST).await.unwrap();
        drop(peer);
        assert!(serve(&mut conn, &context).await);
        assert_eq!(conn.peer.stream.take_all(), POST, "it is unread");
    }
}
