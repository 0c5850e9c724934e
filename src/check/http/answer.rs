//! The answers of HTTP: status, type, and what browsers and proxies may do with them.

use std::sync::Arc;

use crate::check::bench::{Bench, FOREIGN_ORIGIN};
use crate::check::entry::{Check, Company, Section};
use crate::check::head::RawHead;
use crate::check::http::watch::ACCEPT;
use crate::check::link::Manner;
use crate::check::outcome::Outcome;
use crate::texts::Seen;
use crate::transport::Transport;

const STREAMS: &[Transport] = &[Transport::Sse, Transport::Ndjson];
const POLLS: &[Transport] = &[Transport::ShortPolling, Transport::LongPolling];
const ALL: &[Transport] = &[
    Transport::Sse,
    Transport::Ndjson,
    Transport::ShortPolling,
    Transport::LongPolling,
];

const CHECK: Check = Check {
    name: "status",
    section: Section::Answer,
    of: STREAMS,
    title: "the status is 200",
    means: "EventSource gives up for good on any other status, and never tries again.",
    clause: "WHATWG HTML, 9.2.3",
    mend: "Answer 200 OK. If the status is 404 or 405, check the path and that it takes GET.",
    company: Company::Together,
    run: |bench| Box::pin(async move { status(&bench, &[200]) }),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "poll-status",
        of: POLLS,
        title: "the status is 200, or 204 without messages",
        means: "fetch() has response.ok false, and the page shows an error.",
        clause: "RFC 9110, 15.3",
        mend: "Answer 200 OK with a body, or 204 No Content without one.",
        run: |bench| Box::pin(async move { status(&bench, &[200, 204]) }),
        ..CHECK
    },
    Check {
        name: "http-syntax",
        of: ALL,
        title: "the head of the answer follows the syntax of HTTP/1.1",
        means: "Some clients and proxies refuse the answer, others do not.",
        clause: "RFC 9112, 2.1",
        mend: "Write HTTP/1.1 200 OK, then a line NAME: VALUE for each field, then a blank line; \
               end each line with CR LF.",
        run: |bench| Box::pin(async move { syntax(&bench) }),
        ..CHECK
    },
    Check {
        name: "sse-content-type",
        of: &[Transport::Sse],
        title: "the type is text/event-stream",
        means: "EventSource refuses any other type: onerror fires, readyState is 2.",
        mend: "Send Content-Type: text/event-stream.",
        run: |bench| Box::pin(async move { media_type(&bench, &["text/event-stream"]) }),
        ..CHECK
    },
    Check {
        name: "sse-charset",
        of: &[Transport::Sse],
        title: "no other charset than UTF-8 is named",
        means: "An event stream is always read as UTF-8; another name is wrong about it.",
        clause: "WHATWG HTML, 9.2.5",
        mend: "Leave charset out, or write charset=utf-8.",
        run: |bench| Box::pin(async move { charset(&bench) }),
        ..CHECK
    },
    Check {
        name: "ndjson-content-type",
        of: &[Transport::Ndjson],
        title: "the type is application/x-ndjson",
        means: "Clients and proxies take the stream for one document, and wait for its end.",
        clause: "github.com/ndjson/ndjson-spec",
        mend: "Send Content-Type: application/x-ndjson.",
        run: |bench| {
            Box::pin(async move {
                media_type(
                    &bench,
                    &[
                        "application/x-ndjson",
                        "application/jsonl",
                        "application/ndjson",
                        "application/json-seq",
                    ],
                )
            })
        },
        ..CHECK
    },
    Check {
        name: "no-content-length",
        title: "a stream has no Content-Length",
        means: "The browser ends the stream after so many bytes and connects again.",
        clause: "RFC 9112, 6.3",
        mend: "Leave Content-Length out, and send the body in chunks or until the end.",
        run: |bench| Box::pin(async move { no_length(&bench) }),
        ..CHECK
    },
    Check {
        name: "no-compression",
        title: "a stream is not compressed",
        means: "Compressors keep events until a block is full: they arrive late, in heaps.",
        clause: "RFC 9110, 8.4",
        mend: "Exclude this path from compression (gzip middleware, nginx gzip).",
        run: |bench| Box::pin(compression(bench)),
        ..CHECK
    },
    Check {
        name: "cache-control",
        of: ALL,
        title: "caches are told not to keep the answer",
        means: "A browser or a proxy may show an old answer again.",
        clause: "RFC 9111, 5.2.2",
        mend: "Send Cache-Control: no-store (or no-cache).",
        run: |bench| Box::pin(async move { caching(&bench) }),
        ..CHECK
    },
    Check {
        name: "x-accel-buffering",
        title: "nginx is told not to buffer the stream",
        means: "Behind nginx, events come late, in heaps.",
        clause: "nginx, X-Accel-Buffering",
        mend: "Send X-Accel-Buffering: no, if nginx may stand before the server.",
        run: |bench| Box::pin(async move { accel(&bench) }),
        ..CHECK
    },
    Check {
        name: "cors",
        of: ALL,
        title: "a page of another origin may read the answer, or is refused",
        means: "A page from another port or from a file sees nothing but an error in its console.",
        clause: "WHATWG Fetch, 3.3",
        mend: "Send Access-Control-Allow-Origin: * (or the page's origin). If pages of other \
               origins shall not read it, answer 403.",
        run: |bench| Box::pin(cors(bench)),
        ..CHECK
    },
];

/// The head that the survey got.
pub fn surveyed(bench: &Bench) -> Result<&RawHead, Seen> {
    let stream = bench.stream.get().map(|survey| survey.head.as_ref());
    let polls = || {
        bench
            .polls
            .get()
            .map(|survey| survey.first.as_ref().map(|it| &it.head))
    };
    let head = stream.or_else(polls).expect("the survey comes first");
    head.map_err(Clone::clone)
}

/// The same, of an answer that is what was asked for.
fn surveyed_good(bench: &Bench) -> Result<&RawHead, Outcome> {
    match surveyed(bench) {
        Ok(head) if (200..300).contains(&head.status) => Ok(head),
        Ok(head) => Err(Outcome::unknown(Seen::Answer(head.line.clone()))),
        Err(seen) => Err(Outcome::unknown(seen)),
    }
}

/// The outcome of a check of the head.
fn on_head(bench: &Bench, check: impl FnOnce(&RawHead) -> Outcome) -> Outcome {
    surveyed_good(bench).map_or_else(|outcome| outcome, check)
}

fn status(bench: &Bench, right: &[u16]) -> Outcome {
    match surveyed(bench) {
        Ok(head) => Outcome::of(
            right.contains(&head.status),
            Seen::Answer(head.line.clone()),
        ),
        Err(seen @ (Seen::NoHttp(_) | Seen::NoAnswer(_))) => Outcome::unknown(seen),
        Err(seen) => Outcome::wrong([seen]),
    }
}

fn syntax(bench: &Bench) -> Outcome {
    match surveyed(bench) {
        Ok(head) => match &head.malformed {
            None => Outcome::right(),
            Some(line) => Outcome::wrong([Seen::Line(line.clone())]),
        },
        Err(seen @ Seen::NoHttp(_)) => Outcome::wrong([seen]),
        Err(seen) => Outcome::unknown(seen),
    }
}

fn field(head: &RawHead, name: &'static str) -> Seen {
    match head.field(name) {
        Some(value) => Seen::Field(name, value),
        None => Seen::NoField(name),
    }
}

fn media_type(bench: &Bench, right: &[&str]) -> Outcome {
    on_head(bench, |head| {
        let is_right = right.contains(&&*head.media_type());
        Outcome::of(is_right, field(head, "Content-Type"))
    })
}

fn charset(bench: &Bench) -> Outcome {
    on_head(bench, |head| {
        let value = head
            .field("Content-Type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let is_other = value.contains("charset=") && !value.replace('"', "").contains("=utf-8");
        Outcome::of(!is_other, field(head, "Content-Type"))
    })
}

fn no_length(bench: &Bench) -> Outcome {
    on_head(bench, |head| {
        Outcome::of(
            head.content_length().is_none(),
            field(head, "Content-Length"),
        )
    })
}

fn caching(bench: &Bench) -> Outcome {
    on_head(bench, |head| {
        let value = head
            .field("Cache-Control")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let words = ["no-store", "no-cache", "max-age=0"];
        let is_right = words.iter().any(|word| value.contains(word));
        Outcome::of(is_right, field(head, "Cache-Control"))
    })
}

fn accel(bench: &Bench) -> Outcome {
    on_head(bench, |head| match head.field("X-Accel-Buffering") {
        Some(value) if value.eq_ignore_ascii_case("no") => Outcome::right(),
        Some(_) => Outcome::wrong([field(head, "X-Accel-Buffering")]),
        None => Outcome::not_applicable(Seen::NoField("X-Accel-Buffering")),
    })
}

async fn ask(bench: &Arc<Bench>, fields: &str) -> Result<RawHead, Seen> {
    let accept = match bench.kind {
        Transport::Sse => ACCEPT,
        _ => "",
    };
    let request = bench.get_at(&bench.poll_path(None), &format!("{accept}{fields}"));
    let within = bench.longest_poll();
    let asked = bench
        .ask_within(request.as_bytes(), Manner::default(), within)
        .await?;
    Ok(asked.head)
}

async fn compression(bench: Arc<Bench>) -> Outcome {
    if let Err(outcome) = surveyed_good(&bench) {
        return outcome;
    }
    match ask(&bench, "Accept-Encoding: gzip, deflate, br\r\n").await {
        Ok(head) => {
            let coding = head.field("Content-Encoding").unwrap_or_default();
            let is_plain = ["", "identity"].contains(&&*coding.to_ascii_lowercase());
            Outcome::of(is_plain, field(&head, "Content-Encoding"))
        }
        Err(seen) => Outcome::unknown(seen),
    }
}

async fn cors(bench: Arc<Bench>) -> Outcome {
    if let Err(outcome) = surveyed_good(&bench) {
        return outcome;
    }
    match ask(&bench, &format!("Origin: {FOREIGN_ORIGIN}\r\n")).await {
        Ok(head) if head.status == 403 => Outcome::not_applicable(Seen::RefusesOrigins),
        Ok(head) => {
            let allowed = head
                .field("Access-Control-Allow-Origin")
                .unwrap_or_default();
            let is_right = ["*", FOREIGN_ORIGIN].contains(&&*allowed);
            Outcome::of(is_right, field(&head, "Access-Control-Allow-Origin"))
        }
        Err(seen) => Outcome::unknown(seen),
    }
}
