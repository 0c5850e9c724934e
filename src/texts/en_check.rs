//! What `wslab check` prints, in English.

use std::time::Duration;

use crate::texts::{CheckTexts, Seen};

fn s(time: &Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn closed(code: Option<u16>, reason: &str) -> String {
    let code = match code {
        Some(code) => format!("the server closed with code {code}"),
        None => "the server closed without a code".to_owned(),
    };
    match reason {
        "" => code,
        reason => format!("{code} (\"{reason}\")"),
    }
}

fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Answer(line) => format!("the answer is {line}"),
        Seen::Field(name, value) => format!("{name}: {value}"),
        Seen::NoField(name) => format!("the answer has no {name}"),
        Seen::Line(line) => format!("the line \"{line}\""),
        Seen::Body(kind, body) => format!("{kind}, and the body begins with {body}"),
        Seen::RightAccept(key, value) => format!("for the key {key} it is {value}"),
        Seen::NoWebSocket(line) => format!("no WebSocket opened: {line}"),
        Seen::NoHttp(begin) => format!("the answer is not HTTP; it begins with {begin}"),
        Seen::Unreachable(why) => format!("no connection could be made any more: {why}"),
        Seen::NoAnswer(time) => format!("no answer within {}", s(time)),
        Seen::EndedWithoutAnswer => "the server ended the connection without an answer".into(),
        Seen::EndedWithoutClose => {
            "the server ended the connection without a close frame (the client sees 1006)".into()
        }
        Seen::Reset => "the server reset the connection".into(),
        Seen::Closed(code, reason) => closed(*code, reason),
        Seen::SentClose(code) => format!("the client sent code {code}"),
        Seen::StillOpen(time) => format!("after {} the connection is still open", s(time)),
        Seen::SecondClose => "a second close frame came".into(),
        Seen::MessageAfterClose => "a message came after the close".into(),
        Seen::NotHeard(time) => format!("the message did not come within {}", s(time)),
        Seen::OtherMessage(bytes, begin) => {
            format!("another message came: {bytes} bytes, which begin with {begin}")
        }
        Seen::NoPong => "no pong came".into(),
        Seen::OtherPong(payload) => format!("a pong came with \"{payload}\""),
        Seen::ChecksAtEnd => "the server looks at a text when it is whole, which is allowed".into(),
        Seen::WantsJson => "the server takes JSON of its own form".into(),
        Seen::NoFrames => "no frame came from the server".into(),
        Seen::BrokenFrames(broken, all) => format!("{broken} of {all} frames"),
        Seen::AnswersNothing => {
            "no client hears a message that another one sends, so it can't be seen".into()
        }
        Seen::AnswersAuthorOnly => "the server answers the author alone, as an echo does".into(),
        Seen::AuthorGetsIt => "the author gets its own message".into(),
        Seen::AuthorGetsNothing => "the author does not get its own message".into(),
        Seen::LaterGetsIt => "a client that comes later gets it".into(),
        Seen::LaterGetsNothing => "a client that comes later gets what is sent from then on".into(),
        Seen::BlockedByOne => {
            "while one client read nothing, another one got nothing; without it, it did".into()
        }
        Seen::RefusesOrigins => "the server refuses pages of other origins (403)".into(),
        Seen::ForeignPage(origin) => format!("a WebSocket opened for a page of {origin}"),
        Seen::SetsCookie => "the server sets a cookie".into(),
        Seen::NothingCame => "nothing came that could be judged".into(),
        Seen::StreamEnded(time) => format!("the stream ended after {}", s(time)),
        Seen::BadChunk => "a chunk is malformed".into(),
        Seen::NoChunks => "the body is not in chunks".into(),
        Seen::NoEvent => "too few events came to tell".into(),
        Seen::OpenEvent(lines) => format!("{lines} data lines came, and no blank line"),
        Seen::StrayMark => "there is a byte order mark within the stream".into(),
        Seen::NotUtf8 => "the stream has bytes that are not UTF-8".into(),
        Seen::NoRetry => "the stream has no retry: browsers wait for 3 s or so".into(),
        Seen::NoIds => {
            "events without an id: what is sent while a client is away, it never gets".into()
        }
        Seen::SameId(id) => format!("two events have the id {id}"),
        Seen::Twice(after) => format!("a client that has {after} gets it again"),
        Seen::Lost(id, after) => format!("a client that has {after} never gets {id}"),
        Seen::OutOfOrder => "the events come in another order, or with others between them".into(),
        Seen::Silent(time) => {
            format!(
                "nothing came for {}; --patience 30s waits for as long as proxies do",
                s(time)
            )
        }
        Seen::CameAfter(time) => format!("after {}", s(time)),
        Seen::NoPublishing => {
            "how is a message published? --publish URL names where this check may POST one".into()
        }
        Seen::NotPublished(line) => format!("the POST of a message was answered {line}"),
        Seen::PublishedNotHeard => "a message was published and did not come".into(),
        Seen::NoCursor => "the answer has no cursor that this check knows".into(),
        Seen::HadMessages => "it was answered at once, with messages".into(),
        Seen::CutOff(bytes) => format!("the body ended, or stopped, after {bytes} bytes"),
        Seen::Behind(bytes) => format!("{bytes} bytes came behind the body"),
        Seen::ClosesEach => {
            "the server ends the connection after each answer, and says so: each poll dials anew"
                .into()
        }
    }
}

pub(super) const CHECK: CheckTexts = CheckTexts {
    heading: |url, transport| format!("{url}: {transport}"),
    behaviour: |author, exactly, others| match (author, exactly, others) {
        (true, _, true) => "A chat: a message reaches all clients, its author too.",
        (false, _, true) => "A chat: a message reaches all clients but its author.",
        (true, true, false) => "An echo: the author gets its message back.",
        (true, false, false) => "It answers the author of a message, and nobody else.",
        (false, _, false) => "No client hears a message that another one sends.",
    },
    certificate: "The certificate was not checked: any is accepted here. A browser accepts one \
                  only if it trusts its signer.",
    right: "right",
    wrong: "WRONG",
    note: "note",
    unknown: "unclear",
    not_applicable: "–",
    seen_label: "Seen:",
    means_label: "Meaning:",
    mend_label: "Mend:",
    seen,
    summary: |right, all, notes, unknown, seconds| {
        let mut unclear = match notes {
            0 => String::new(),
            1 => "; 1 note".to_owned(),
            some => format!("; {some} notes"),
        };
        if unknown > 0 {
            unclear += &format!("; {unknown} could not be told");
        }
        match all - right {
            0 => format!("All {all} are right{unclear}. ({seconds:.1} s)"),
            wrong => {
                format!("{right} of {all} are right, {wrong} wrong{unclear}. ({seconds:.1} s)")
            }
        }
    },
};
