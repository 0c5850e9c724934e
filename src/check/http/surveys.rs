//! What is found out first about streams and polls.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::check::bench::{Bench, read_head};
use crate::check::body::{Body, Piece};
use crate::check::http::watch::{Watch, events};
use crate::check::link::{Arrival, Link, Manner};
use crate::check::survey::{PollSurvey, Polled, StreamSurvey};
use crate::check::token::Token;
use crate::check::transcript::Transcript;
use crate::texts::Seen;

/// How long a stream is read that sends by itself: a few of its events come.
const OBSERVED: Duration = Duration::from_millis(4_600);
/// How long a message may take to arrive.
const ARRIVAL: Duration = Duration::from_millis(2_500);
/// Events that tell what there is to tell.
const ENOUGH: usize = 3;

/// The pause before and between messages that are published.
const PAUSE: Duration = Duration::from_millis(150);

/// How long the rest of a body may take.
const REST: Duration = Duration::from_secs(2);

/// A second poll of a server that holds them for longer than this would take too long.
const SHORT_HOLD: Duration = Duration::from_secs(4);

/// How long bytes behind a body are awaited.
const BEHIND: Duration = Duration::from_millis(250);

pub async fn stream(bench: &Arc<Bench>) -> StreamSurvey {
    let mut watch = match Watch::open(bench, "").await {
        Ok(watch) => watch,
        Err(seen) => {
            return StreamSurvey {
                head: Err(seen.clone()),
                transcript: Transcript::begun(),
                arrivals: Err(seen),
            };
        }
    };
    let tokens: Vec<Token> = (0..ENOUGH).map(|_| Token::random()).collect();
    let within = match bench.publish {
        Some(_) => ARRIVAL,
        None => OBSERVED,
    };
    let until = Instant::now() + within;
    let is_enough = |seen: &Transcript| match bench.publish {
        Some(_) => tokens.iter().all(|token| seen.arrival(token).is_some()),
        None => events(bench, seen).events.len() >= ENOUGH,
    };
    let (published, ()) = tokio::join!(publish(bench, &tokens), watch.read(until, is_enough));
    let arrivals = published.map(|times| {
        let pairs = tokens.iter().zip(times);
        let arrival = |(token, time): (&Token, Instant)| {
            watch
                .transcript
                .arrival(token)
                .map(|at| at.saturating_duration_since(time))
        };
        pairs.map(arrival).collect()
    });
    StreamSurvey {
        head: Ok(watch.body.head),
        transcript: watch.transcript,
        arrivals,
    }
}

/// Publishes messages; returns when each was sent.
pub async fn publish(bench: &Arc<Bench>, tokens: &[Token]) -> Result<Vec<Instant>, Seen> {
    let mut times = Vec::new();
    for token in tokens {
        sleep(PAUSE).await;
        times.push(Instant::now());
        bench.publish(token).await?;
    }
    Ok(times)
}

pub async fn polls(bench: &Arc<Bench>) -> PollSurvey {
    let path = bench.poll_path(None);
    let link = match bench.connect(Manner::default()).await {
        Ok(link) => link,
        Err(seen) => {
            return PollSurvey {
                first: Err(seen),
                second: None,
            };
        }
    };
    let (first, link) = poll_on(bench, link, &path, bench.longest_poll()).await;
    let second = match (&first, link) {
        (Ok(first), Some(link)) if !first.head.closes() && first.took < SHORT_HOLD => {
            Some(poll_on(bench, link, &path, bench.longest_poll()).await.0)
        }
        _ => None,
    };
    PollSurvey { first, second }
}

/// One poll on a connection of its own.
///
/// # Errors
/// There is no answer.
pub async fn poll(bench: &Arc<Bench>, path: &str) -> Result<Polled, Seen> {
    let link = bench.connect(Manner::default()).await?;
    poll_on(bench, link, path, bench.longest_poll()).await.0
}

/// One poll; returns the connection if its answer is whole.
async fn poll_on(
    bench: &Arc<Bench>,
    mut link: Link,
    path: &str,
    within: Duration,
) -> (Result<Polled, Seen>, Option<Link>) {
    let started = Instant::now();
    let request = bench.get_at(path, "Accept: application/json, */*\r\n");
    link.send(request.as_bytes()).await;
    let asked = match read_head(link, within).await {
        Ok(asked) => asked,
        Err(seen) => return (Err(seen), None),
    };
    let until = (started + within).max(Instant::now() + REST);
    let mut body = Body::of(asked);
    let mut polled = Polled {
        head: body.head.clone(),
        body: Vec::new(),
        took: Duration::ZERO,
        cut_off: false,
        bad_chunk: false,
        behind: 0,
    };
    loop {
        match body.next(until).await {
            Piece::Bytes(bytes) => {
                polled.body.extend(bytes);
                continue;
            }
            Piece::End { cut_off } => polled.cut_off = cut_off,
            Piece::BadChunk => polled.bad_chunk = true,
            Piece::Late => polled.cut_off = true,
        }
        break;
    }
    polled.took = started.elapsed();
    if polled.is_whole()
        && let Arrival::Bytes(bytes) = body.behind(Instant::now() + BEHIND).await
    {
        polled.behind = bytes.len();
    }
    let link = (polled.is_whole() && polled.behind == 0).then(|| body.into_link());
    (Ok(polled), link)
}
