//! The answers to polls: whole, quick or held, each message once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::head::shown;
use crate::check::http::surveys::poll;
use crate::check::outcome::Outcome;
use crate::check::survey::Polled;
use crate::check::token::Token;
use crate::texts::Seen;
use crate::transport::Transport;

const SHORT: &[Transport] = &[Transport::ShortPolling];
const LONG: &[Transport] = &[Transport::LongPolling];
const POLLS: &[Transport] = &[Transport::ShortPolling, Transport::LongPolling];

/// The longest time of a short poll, and how long a message may take into a poll that waits.
const QUICK: Duration = Duration::from_secs(1);

/// A poll that is answered sooner was not held.
const HELD: Duration = Duration::from_millis(600);

/// The longest hold that most proxies allow.
const LONGEST_HOLD: Duration = Duration::from_secs(30);

const CHECK: Check = Check {
    name: "poll-type",
    section: Section::Polling,
    of: POLLS,
    title: "the answer names its type, and the body is of that type",
    means: "response.json() fails, and the page shows nothing.",
    clause: "RFC 9110, 8.3",
    mend: "Send Content-Type: application/json and a body that a JSON parser takes.",
    company: Company::Together,
    run: |bench| Box::pin(async move { well_formed(&bench) }),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "poll-length",
        title: "Content-Length or the chunks say where the body ends",
        means: "The client waits for bytes that never come, or takes the rest for the next answer.",
        clause: "RFC 9112, 6.3",
        mend: "Count the bytes of the body (not its characters) for Content-Length, or send \
               chunks.",
        run: |bench| Box::pin(async move { framing(&bench) }),
        ..CHECK
    },
    Check {
        name: "keep-alive",
        title: "a second request on the same connection is answered",
        means: "Each poll costs a new connection: a round trip more, and two with TLS.",
        clause: "RFC 9112, 9.3",
        mend: "Speak HTTP/1.1 and leave the connection open. If it must end, send \
               Connection: close.",
        run: |bench| Box::pin(async move { keep_alive(&bench) }),
        ..CHECK
    },
    Check {
        name: "quick-answer",
        of: SHORT,
        title: "a short poll is answered at once",
        means: "Polls pile up in the page.",
        clause: "the exercise",
        mend: "Answer with what there is, also with nothing; only a long poll waits.",
        run: |bench| Box::pin(async move { quick(&bench) }),
        ..CHECK
    },
    Check {
        name: "poll-holds",
        of: LONG,
        title: "a long poll without news is held",
        means: "The client asks again at once: hundreds of requests a second for nothing.",
        clause: "RFC 6202, 2.1",
        mend: "Wait for a message before answering, for 25 s or so at the longest.",
        run: |bench| Box::pin(async move { holds(&bench) }),
        ..CHECK
    },
    Check {
        name: "poll-wakes",
        of: LONG,
        title: "a held poll is answered as soon as a message comes",
        means: "Messages come when the hold ends: no better than short polling.",
        clause: "RFC 6202, 2.1",
        mend: "Wake all held requests where a message is published, by a condition or an event.",
        run: |bench| Box::pin(wakes(bench)),
        ..CHECK
    },
    Check {
        name: "poll-ends",
        of: LONG,
        title: "a hold ends with an answer, within 30 s",
        means: "A proxy or the browser gives up first, and the page sees an error.",
        clause: "RFC 6202, 5.5",
        mend: "After 25 s or so answer 200 with an empty list, or 204.",
        run: |bench| Box::pin(async move { ends(&bench) }),
        ..CHECK
    },
    Check {
        name: "poll-cursor",
        title: "a message is in one answer, and not in the next",
        means: "Messages are lost between two polls, or shown twice.",
        clause: "the exercise",
        mend: "Number the messages; let the client say the last number that it has, and answer \
               with those after it.",
        run: |bench| Box::pin(cursor(bench)),
        ..CHECK
    },
];

/// The first poll of the survey, if it was answered as it should.
fn first(bench: &Bench) -> Result<&Polled, Outcome> {
    let survey = bench.polls.get().expect("the survey comes first");
    match &survey.first {
        Ok(polled) if (200..300).contains(&polled.head.status) => Ok(polled),
        Ok(polled) => Err(Outcome::unknown(Seen::Answer(polled.head.line.clone()))),
        Err(seen) => Err(Outcome::unknown(seen.clone())),
    }
}

fn on_first(bench: &Bench, check: impl FnOnce(&Polled) -> Outcome) -> Outcome {
    first(bench).map_or_else(|outcome| outcome, check)
}

fn well_formed(bench: &Bench) -> Outcome {
    on_first(bench, |polled| {
        let kind = polled.head.media_type();
        let is_json = kind == "application/json" || kind.ends_with("+json");
        let is_right = match &*kind {
            _ if !polled.is_whole() || polled.behind > 0 => {
                return Outcome::unknown(Seen::CutOff(polled.body.len()));
            }
            _ if polled.head.status == 204 => true,
            "" => return Outcome::wrong([Seen::NoField("Content-Type")]),
            _ if is_json => polled.json().is_some(),
            _ => std::str::from_utf8(&polled.body).is_ok(),
        };
        let body = Seen::Body(kind, shown(&polled.body));
        Outcome::of(is_right, body)
    })
}

fn framing(bench: &Bench) -> Outcome {
    on_first(bench, |polled| match polled {
        Polled {
            bad_chunk: true, ..
        } => Outcome::wrong([Seen::BadChunk]),
        Polled { cut_off: true, .. } => Outcome::wrong([Seen::CutOff(polled.body.len())]),
        Polled { behind: 1.., .. } => Outcome::wrong([Seen::Behind(polled.behind)]),
        _ => Outcome::right(),
    })
}

fn keep_alive(bench: &Bench) -> Outcome {
    on_first(bench, |polled| {
        if !polled.is_whole() || polled.behind > 0 {
            return Outcome::unknown(Seen::CutOff(polled.body.len()));
        }
        if polled.head.closes() {
            return Outcome::not_applicable(Seen::ClosesEach);
        }
        let survey = bench.polls.get().expect("the survey comes first");
        match &survey.second {
            Some(Ok(_)) => Outcome::right(),
            Some(Err(seen)) => Outcome::wrong([seen.clone()]),
            None => Outcome::unknown(Seen::CameAfter(polled.took)),
        }
    })
}

fn quick(bench: &Bench) -> Outcome {
    on_first(bench, |polled| match polled.is_whole() {
        true => Outcome::of(polled.took <= QUICK, Seen::CameAfter(polled.took)),
        false => Outcome::unknown(Seen::CutOff(polled.body.len())),
    })
}

fn holds(bench: &Bench) -> Outcome {
    let survey = bench.polls.get().expect("the survey comes first");
    match &survey.first {
        Err(Seen::NoAnswer(_)) => Outcome::right(),
        _ => on_first(bench, |polled| {
            if polled.took >= HELD {
                return Outcome::right_with(Seen::CameAfter(polled.took));
            }
            match has_no_message(polled) {
                true => Outcome::wrong([Seen::CameAfter(polled.took)]),
                false => Outcome::unknown(Seen::HadMessages),
            }
        }),
    }
}

/// Whether the body of a poll holds nothing: it is empty, or JSON in which every list is.
fn has_no_message(polled: &Polled) -> bool {
    fn is_empty(value: &Value) -> bool {
        match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => {
                let lists: Vec<_> = fields.values().filter(|it| it.is_array()).collect();
                fields.is_empty() || !lists.is_empty() && lists.into_iter().all(is_empty)
            }
            Value::Null => true,
            _ => false,
        }
    }
    polled.body.is_empty() || polled.json().is_some_and(|value| is_empty(&value))
}

async fn wakes(bench: Arc<Bench>) -> Outcome {
    if bench.publish.is_none() {
        return Outcome::unknown(Seen::NoPublishing);
    }
    if let Some(Ok(polled)) = bench.polls.get().map(|survey| survey.first.as_ref())
        && polled.took < HELD
    {
        return Outcome::unknown(Seen::CameAfter(polled.took));
    }
    let token = Token::random();
    let publishes = async {
        sleep(HELD).await;
        let time = Instant::now();
        bench.publish(&token).await.map(|()| time)
    };
    let path = bench.poll_path(None);
    let polls = async { (poll(&bench, &path).await, Instant::now()) };
    let ((polled, answered), published) = tokio::join!(polls, publishes);
    match (polled, published) {
        (Ok(polled), Ok(published)) if token.is_in(&polled.body) => {
            let took = answered.saturating_duration_since(published);
            Outcome::of(took <= QUICK, Seen::CameAfter(took))
        }
        (Ok(_), Ok(_)) => Outcome::wrong([Seen::PublishedNotHeard]),
        (Err(Seen::NoAnswer(time)), Ok(_)) => Outcome::wrong([Seen::NoAnswer(time)]),
        (Err(seen), _) | (_, Err(seen)) => Outcome::unknown(seen),
    }
}

fn ends(bench: &Bench) -> Outcome {
    let survey = bench.polls.get().expect("the survey comes first");
    match &survey.first {
        Ok(polled) if polled.head.status < 300 => Outcome::right_with(Seen::CameAfter(polled.took)),
        Ok(polled) => Outcome::unknown(Seen::Answer(polled.head.line.clone())),
        Err(seen @ Seen::NoAnswer(time)) if *time < LONGEST_HOLD => Outcome::unknown(seen.clone()),
        Err(seen) => Outcome::wrong([seen.clone()]),
    }
}

/// The cursor of a body of wslab's interface: `"last":42`.
fn last(polled: &Polled) -> Option<String> {
    polled.json()?.get("last").map(Value::to_string)
}

async fn cursor(bench: Arc<Bench>) -> Outcome {
    if bench.publish.is_none() {
        return Outcome::not_applicable(Seen::NoPublishing);
    }
    match judge_cursor(&bench).await {
        Ok(outcome) => outcome,
        Err(seen) => Outcome::unknown(seen),
    }
}

async fn judge_cursor(bench: &Arc<Bench>) -> Result<Outcome, Seen> {
    let token = Token::random();
    if !bench.is_contract() {
        bench.publish(&token).await?;
        let polled = poll(bench, bench.path()).await?;
        return Ok(match token.is_in(&polled.body) {
            true => Outcome::right(),
            // A long poll may wait for the messages after it.
            false if bench.kind == Transport::LongPolling => Outcome::unknown(Seen::NoCursor),
            false => Outcome::wrong([Seen::PublishedNotHeard]),
        });
    }
    let now = poll(bench, &bench.poll_path(None)).await?;
    let after = last(&now).ok_or(Seen::NoCursor)?;
    bench.publish(&token).await?;
    let news = poll(bench, &bench.poll_path(Some(&after))).await?;
    if !token.is_in(&news.body) {
        return Ok(Outcome::wrong([Seen::PublishedNotHeard]));
    }
    let after = last(&news).ok_or(Seen::NoCursor)?;
    let later = poll(bench, &bench.poll_path(Some(&after))).await?;
    Ok(Outcome::of(!token.is_in(&later.body), Seen::Twice(after)))
}
