//! Streams: that they go on, what is in them, and that they resume (WHATWG HTML, section 9.2).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::http::watch::{Watch, events};
use crate::check::outcome::Outcome;
use crate::check::survey::StreamSurvey;
use crate::check::token::Token;
use crate::check::transcript::{SeenStream, Transcript};
use crate::texts::Seen;
use crate::transport::Transport;

const STREAMS: &[Transport] = &[Transport::Sse, Transport::Ndjson];

/// How late a message may be.
const PROMPT: Duration = Duration::from_secs(1);

/// How long a stream that resumes may take to catch up.
const CATCH_UP: Duration = Duration::from_secs(3);

/// A proxy cuts a connection on which nothing came for so long.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

const CHECK: Check = Check {
    name: "stream-goes-on",
    section: Section::Stream,
    of: STREAMS,
    title: "the answer does not end",
    means: "The client connects again and again: polling, and what is sent between is lost.",
    clause: "WHATWG HTML, 9.2.1",
    mend: "Keep the answer open, and write each message when it comes.",
    company: Company::Together,
    run: |bench| Box::pin(async move { goes_on(&bench) }),
};

const EVENT: Check = Check {
    section: Section::Events,
    of: &[Transport::Sse],
    clause: "WHATWG HTML, 9.2.5",
    ..CHECK
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "chunks",
        title: "the chunks of the body are well formed",
        means: "The client ends the stream with a network error.",
        clause: "RFC 9112, 7.1",
        mend: "Write each chunk as its size in hexadecimal, CR LF, the bytes, CR LF.",
        run: |bench| Box::pin(async move { chunks(&bench) }),
        ..CHECK
    },
    Check {
        name: "prompt",
        title: "a message arrives at once",
        means: "Messages come late, in heaps: the stream is no better than polling.",
        clause: "WHATWG HTML, 9.2.7",
        mend: "Flush after each message, and look for a buffer or a compressor on the way.",
        run: |bench| Box::pin(async move { prompt(&bench) }),
        ..CHECK
    },
    Check {
        name: "stream-utf8",
        title: "the stream is UTF-8",
        means: "Accents become \u{fffd}.",
        clause: "WHATWG HTML, 9.2.5",
        mend: "Encode the text as UTF-8.",
        run: |bench| Box::pin(async move { utf8(&bench) }),
        ..CHECK
    },
    Check {
        name: "heartbeat",
        title: "something comes at least every 30 s",
        means: "Proxies and routers cut a connection on which nothing comes.",
        clause: "WHATWG HTML, 9.2.7",
        mend: "Write a comment (a line with a colon, and a blank line) every 15 s; in NDJSON an \
               empty line.",
        run: |bench| Box::pin(heartbeat(bench)),
        ..CHECK
    },
    Check {
        name: "sse-fields",
        title: "every line is a field of an event, or a comment",
        means: "The browser passes the line over without an error: the message is not there.",
        mend: "Begin each line with data:, event:, id:, retry: or a colon, in lower case; each \
               line of a text needs its own data:.",
        run: |bench| Box::pin(async move { fields(&bench) }),
        ..EVENT
    },
    Check {
        name: "sse-blank-line",
        title: "a blank line ends each event",
        means: "The browser waits for the end of the event, and onmessage never fires.",
        mend: "Write two line ends after the last line of an event: data: …\\n\\n.",
        run: |bench| Box::pin(async move { blank_line(&bench) }),
        ..EVENT
    },
    Check {
        name: "sse-mark",
        title: "a byte order mark stands at the start alone",
        means: "The line after the mark is no field, and its event is lost.",
        mend: "Write UTF-8 without a byte order mark.",
        run: |bench| Box::pin(async move { mark(&bench) }),
        ..EVENT
    },
    Check {
        name: "sse-retry",
        title: "retry is a number of milliseconds",
        means: "The browser passes it over, and waits as long as it likes.",
        clause: "WHATWG HTML, 9.2.6",
        mend: "Write digits alone: retry: 2000.",
        run: |bench| Box::pin(async move { retry(&bench) }),
        ..EVENT
    },
    Check {
        name: "sse-ids",
        title: "each event has an id of its own",
        means: "A browser that connects again says the last id; if two are equal, the server can't \
                tell what it has.",
        clause: "WHATWG HTML, 9.2.6",
        mend: "Number the events: id: 1, id: 2 and so on.",
        run: |bench| Box::pin(async move { ids(&bench) }),
        ..EVENT
    },
    Check {
        name: "sse-resume",
        title: "after Last-Event-ID the stream goes on there: nothing lost, nothing twice",
        means: "Whoever loses the network for a moment misses messages, or sees them twice.",
        clause: "WHATWG HTML, 9.2.4",
        mend: "Keep the last events, read the field Last-Event-ID of the request, and begin after \
               that one.",
        run: |bench| Box::pin(resume(bench)),
        ..EVENT
    },
    Check {
        name: "sse-unknown-id",
        title: "a Last-Event-ID that the server does not know is no error",
        means: "After a restart of the server, browsers give up for good.",
        clause: "WHATWG HTML, 9.2.3",
        mend: "Answer 200, and begin where the server can.",
        run: |bench| Box::pin(unknown_id(bench)),
        ..EVENT
    },
    Check {
        name: "ndjson-lines",
        section: Section::Events,
        of: &[Transport::Ndjson],
        title: "every line is JSON, or empty",
        means: "The client fails at that line.",
        clause: "github.com/ndjson/ndjson-spec",
        mend: "Write each message as JSON without line ends in it, and \\n after it.",
        run: |bench| Box::pin(async move { fields(&bench) }),
        ..CHECK
    },
];

/// The survey of a stream that is one.
fn surveyed(bench: &Bench) -> Result<&StreamSurvey, Outcome> {
    let survey = bench.stream.get().expect("the survey comes first");
    match &survey.head {
        Ok(head) if head.status == 200 => Ok(survey),
        Ok(head) => Err(Outcome::unknown(Seen::Answer(head.line.clone()))),
        Err(seen) => Err(Outcome::unknown(seen.clone())),
    }
}

/// The outcome of a check of what came.
fn on_stream(bench: &Bench, check: impl FnOnce(&StreamSurvey, SeenStream) -> Outcome) -> Outcome {
    let survey = match surveyed(bench) {
        Ok(survey) => survey,
        Err(outcome) => return outcome,
    };
    match survey.transcript.bytes.is_empty() {
        true => Outcome::unknown(Seen::NothingCame),
        false => check(survey, events(bench, &survey.transcript)),
    }
}

fn goes_on(bench: &Bench) -> Outcome {
    match surveyed(bench) {
        // Another check judges a length that ends it, and chunks that break off.
        Ok(survey) if survey.transcript.bad_chunk => Outcome::unknown(Seen::BadChunk),
        Ok(survey) => match survey.transcript.ended_after {
            None => Outcome::right(),
            Some(time) if has_length(survey) => Outcome::unknown(Seen::StreamEnded(time)),
            Some(time) => Outcome::wrong([Seen::StreamEnded(time)]),
        },
        Err(outcome) => outcome,
    }
}

fn has_length(survey: &StreamSurvey) -> bool {
    let head = survey.head.as_ref();
    head.is_ok_and(|head| head.content_length().is_some())
}

fn chunks(bench: &Bench) -> Outcome {
    match surveyed(bench) {
        Ok(survey) if survey.transcript.bad_chunk => Outcome::wrong([Seen::BadChunk]),
        Ok(StreamSurvey { head: Ok(head), .. }) if head.is_chunked() => Outcome::right(),
        Ok(_) => Outcome::not_applicable(Seen::NoChunks),
        Err(outcome) => outcome,
    }
}

fn prompt(bench: &Bench) -> Outcome {
    let survey = match surveyed(bench) {
        Ok(survey) => survey,
        Err(outcome) => return outcome,
    };
    let seen = events(bench, &survey.transcript);
    match &survey.arrivals {
        Ok(arrivals) => match arrivals.iter().copied().collect::<Option<Vec<_>>>() {
            _ if survey.transcript.ended_after.is_some() => Outcome::unknown(Seen::NothingCame),
            Some(times) => {
                let latest = times.into_iter().max().unwrap_or_default();
                Outcome::of(latest <= PROMPT, Seen::CameAfter(latest))
            }
            None => Outcome::wrong([Seen::PublishedNotHeard]),
        },
        Err(_) if !seen.events.is_empty() => Outcome::right(),
        Err(seen) => Outcome::unknown(seen.clone()),
    }
}

fn utf8(bench: &Bench) -> Outcome {
    on_stream(bench, |survey, _| {
        Outcome::of(survey.transcript.is_utf8(), Seen::NotUtf8)
    })
}

fn fields(bench: &Bench) -> Outcome {
    on_stream(bench, |_, seen| match seen.unknown {
        None => Outcome::right(),
        // Another check judges the mark.
        Some(_) if seen.stray_mark => Outcome::unknown(Seen::StrayMark),
        Some(line) => Outcome::wrong([Seen::Line(line)]),
    })
}

fn blank_line(bench: &Bench) -> Outcome {
    on_stream(bench, |_, seen| {
        match (seen.events.len(), seen.open_lines) {
            (1.., _) => Outcome::right(),
            (0, 1..) => Outcome::wrong([Seen::OpenEvent(seen.open_lines)]),
            (0, 0) => Outcome::unknown(Seen::NoEvent),
        }
    })
}

fn mark(bench: &Bench) -> Outcome {
    on_stream(bench, |_, seen| {
        Outcome::of(!seen.stray_mark, Seen::StrayMark)
    })
}

fn retry(bench: &Bench) -> Outcome {
    on_stream(bench, |_, seen| match (seen.bad_retry, seen.retry) {
        (Some(value), _) => Outcome::wrong([Seen::Line(format!("retry: {value}"))]),
        (None, Some(_)) => Outcome::right(),
        (None, None) => Outcome::not_applicable(Seen::NoRetry),
    })
}

fn ids(bench: &Bench) -> Outcome {
    on_stream(bench, |_, seen| {
        let ids: Vec<_> = seen.events.iter().map(|event| &event.id).collect();
        let repeated = ids.windows(2).find(|pair| pair[0] == pair[1]);
        match (ids.len(), repeated) {
            (0, _) => Outcome::unknown(Seen::NoEvent),
            (_, _) if ids.iter().all(|id| id.is_none()) => Outcome::not_applicable(Seen::NoIds),
            (_, Some([Some(id), _])) => Outcome::wrong([Seen::SameId(id.clone())]),
            (_, Some(_)) => Outcome::wrong([Seen::NoIds]),
            (_, None) => Outcome::right(),
        }
    })
}

/// The first id and the ids after it, where the stream has enough of them.
fn known_ids(bench: &Bench) -> Result<(String, Vec<String>), Outcome> {
    let survey = surveyed(bench)?;
    let seen = events(bench, &survey.transcript);
    let mut ids: Vec<String> = seen
        .events
        .into_iter()
        .filter_map(|event| event.id)
        .collect();
    ids.dedup();
    let mut ids = ids.into_iter();
    match (ids.next(), ids.collect::<Vec<_>>()) {
        (None, _) => Err(Outcome::not_applicable(Seen::NoIds)),
        (Some(_), later) if later.is_empty() => Err(Outcome::unknown(Seen::NoEvent)),
        (Some(first), later) => Ok((first, later)),
    }
}

async fn resume(bench: Arc<Bench>) -> Outcome {
    let (first, later) = match known_ids(&bench) {
        Ok(ids) => ids,
        Err(outcome) => return outcome,
    };
    let mut watch = match Watch::open(&bench, &format!("Last-Event-ID: {first}\r\n")).await {
        Ok(watch) => watch,
        Err(seen) => return Outcome::unknown(seen),
    };
    let ids_of = |transcript: &Transcript| {
        let seen = events(&bench, transcript).events.into_iter();
        seen.filter_map(|event| event.id).collect::<Vec<_>>()
    };
    let last = later.last().cloned();
    let has_last = |seen: &Transcript| ids_of(seen).last() == last.as_ref();
    watch.read(Instant::now() + CATCH_UP, has_last).await;
    let again = ids_of(&watch.transcript);
    if again.contains(&first) {
        return Outcome::wrong([Seen::Twice(first)]);
    }
    match later.iter().find(|id| !again.contains(id)) {
        Some(lost) => Outcome::wrong([Seen::Lost(lost.clone(), first)]),
        None => Outcome::of(again.starts_with(&later), Seen::OutOfOrder),
    }
}

async fn unknown_id(bench: Arc<Bench>) -> Outcome {
    if let Err(outcome) = surveyed(&bench) {
        return outcome;
    }
    match Watch::open(&bench, "Last-Event-ID: wslab-check-unknown\r\n").await {
        Ok(watch) => {
            let head = watch.head();
            Outcome::of(head.status == 200, Seen::Answer(head.line.clone()))
        }
        Err(seen @ Seen::Unreachable(_)) => Outcome::unknown(seen),
        Err(seen) => Outcome::wrong([seen]),
    }
}

/// Waits for bytes that no other check has caused.
async fn heartbeat(bench: Arc<Bench>) -> Outcome {
    match surveyed(&bench) {
        Ok(survey) if survey.transcript.ended_after.is_some() => {
            return Outcome::unknown(Seen::NothingCame);
        }
        Ok(_) => {}
        Err(outcome) => return outcome,
    }
    let mut watch = match Watch::open(&bench, "").await {
        Ok(watch) => watch,
        Err(seen) => return Outcome::unknown(seen),
    };
    // What comes at first is the beginning of the stream, and no heartbeat.
    watch.read(Instant::now() + PROMPT, |_| false).await;
    let waited = Instant::now();
    loop {
        watch.transcript = Transcript::begun();
        let until = waited + bench.patience;
        watch.read(until, |seen| !seen.bytes.is_empty()).await;
        let came = &watch.transcript.bytes;
        match watch.transcript.ended_after {
            Some(time) => return Outcome::wrong([Seen::StreamEnded(time)]),
            None if came.is_empty() && bench.patience < LONGEST_SILENCE => {
                return Outcome::unknown(Seen::Silent(bench.patience));
            }
            None if came.is_empty() => return Outcome::wrong([Seen::Silent(bench.patience)]),
            None if Token::is_of_check(came) => {}
            None => return Outcome::right_with(Seen::CameAfter(waited.elapsed())),
        }
    }
}
