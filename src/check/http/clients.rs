//! Several clients of a server of HTTP.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::head::RawHead;
use crate::check::http::answer::surveyed;
use crate::check::http::surveys::poll;
use crate::check::http::watch::Watch;
use crate::check::link::Manner;
use crate::check::outcome::Outcome;
use crate::check::token::Token;
use crate::texts::Seen;
use crate::transport::Transport;

/// How much longer the polls of two clients may take than that of one.
const MORE: Duration = Duration::from_millis(1_500);

const CHECK: Check = Check {
    name: "second-client",
    section: Section::Clients,
    of: &[
        Transport::Sse,
        Transport::Ndjson,
        Transport::ShortPolling,
        Transport::LongPolling,
    ],
    title: "a second client is served while the first one waits",
    means: "One open page blocks all others.",
    clause: "the exercise",
    mend: "Serve each connection in a task or a thread of its own; in Python's http.server take \
           ThreadingHTTPServer.",
    company: Company::Together,
    run: |bench| Box::pin(second(bench)),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "survives-drop",
        title: "a client that vanishes harms no other",
        means: "One telephone that loses its network ends the server.",
        mend: "Catch the error of a write to each client, and go on with the others.",
        company: Company::Alone,
        run: |bench| Box::pin(survives(bench)),
        ..CHECK
    },
];

fn is_stream(bench: &Bench) -> bool {
    matches!(bench.kind, Transport::Sse | Transport::Ndjson)
}

/// Right if the answer has the status that the first client got.
fn as_before(bench: &Bench, head: &RawHead) -> Outcome {
    let is_same = surveyed(bench).is_ok_and(|first| first.status == head.status);
    Outcome::of(is_same, Seen::Answer(head.line.clone()))
}

async fn second(bench: Arc<Bench>) -> Outcome {
    match is_stream(&bench) {
        true => {
            let first = Watch::open(&bench, "").await;
            let second = Watch::open(&bench, "").await;
            match (first, second) {
                (Ok(_), Ok(second)) => as_before(&bench, second.head()),
                (Ok(_), Err(seen)) => Outcome::wrong([seen]),
                (Err(seen), _) => Outcome::unknown(seen),
            }
        }
        false => {
            let survey = bench.polls.get().expect("the survey comes first");
            let Ok(alone) = &survey.first else {
                return Outcome::unknown(Seen::NoAnswer(bench.longest_poll()));
            };
            let (path, started) = (bench.poll_path(None), Instant::now());
            // The first client keeps its connection open.
            let idle = bench.connect(Manner::default()).await;
            let (one, two) = tokio::join!(poll(&bench, &path), poll(&bench, &path));
            drop(idle);
            match (one, two) {
                (Ok(_), Ok(_)) => {
                    let took = started.elapsed();
                    Outcome::of(took <= alone.took + MORE, Seen::CameAfter(took))
                }
                (Err(seen), _) | (_, Err(seen)) => Outcome::wrong([seen]),
            }
        }
    }
}

async fn survives(bench: Arc<Bench>) -> Outcome {
    let drops = Manner {
        drops: true,
        ..Manner::default()
    };
    match is_stream(&bench) {
        true => match Watch::open_as(&bench, "", drops).await {
            Ok(lost) => drop(lost),
            Err(seen) => return Outcome::unknown(seen),
        },
        false => {
            let request = bench.get_at(&bench.poll_path(None), "");
            match bench.connect(drops).await {
                Ok(mut lost) => drop(lost.send(request.as_bytes()).await),
                Err(seen) => return Outcome::unknown(seen),
            }
        }
    }
    sleep(Duration::from_millis(100)).await;
    // What is sent next meets the connection that is gone.
    let _ = bench.publish(&Token::random()).await;
    let again = match is_stream(&bench) {
        true => Watch::open(&bench, "")
            .await
            .map(|watch| watch.head().clone()),
        false => poll(&bench, &bench.poll_path(None))
            .await
            .map(|polled| polled.head),
    };
    match again {
        Ok(head) => as_before(&bench, &head),
        // It was not answered before either.
        Err(seen @ Seen::NoAnswer(_)) if !is_stream(&bench) => Outcome::unknown(seen),
        Err(seen) => Outcome::wrong([seen]),
    }
}
