//! Frames that break the rules (RFC 6455, section 5), and text that is none (section 8.1). The
//! server must fail the connection, with a code that tells the client why (section 7.1.7).

use std::sync::Arc;
use std::time::Duration;

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::outcome::Outcome;
use crate::check::websocket::conversation::{Conversation, Ending, SOON};
use crate::check::websocket::frames::{BINARY, CONTINUATION, FIN, PING, TEXT, masked, unmasked};
use crate::texts::Seen;
use crate::transport::Transport;

/// A break of the protocol, and text that is not UTF-8 (section 7.4.1).
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;

/// How long a server has that may look at a text before its end.
const EARLY: Duration = Duration::from_millis(700);

const RULE: Check = Check {
    name: "reserved-opcode",
    section: Section::Rules,
    of: &[Transport::WebSocket],
    title: "a data frame with a reserved opcode closes with 1002",
    means: "A client with a fault gets nonsense or silence, and its author no hint.",
    clause: "RFC 6455, 5.2",
    mend: "Close with code 1002 (protocol error) and end the connection when such a frame comes.",
    company: Company::Together,
    run: |bench| Box::pin(breaks(bench, [masked(FIN | 0x3, b"opcode 3")])),
};

const NO_TEXT: Check = Check {
    section: Section::Utf8,
    means: "Other clients are sent a text that their browsers refuse: all of them are cut.",
    clause: "RFC 6455, 8.1",
    mend: "Decode texts strictly, and close with code 1007 (invalid data) where that fails.",
    ..RULE
};

pub const CHECKS: &[Check] = &[
    Check {
        name: "unmasked-frame",
        title: "a frame without a mask closes with 1002",
        means: "Masks keep a page from writing bytes of its choice into caches on the way; a \
                server that takes frames without them gives that up.",
        clause: "RFC 6455, 5.1",
        mend: "Check the first bit of the second byte; if it is 0, close with 1002.",
        run: |bench| Box::pin(breaks(bench, [unmasked(FIN | TEXT, b"unmasked")])),
        ..RULE
    },
    Check {
        name: "reserved-bits",
        title: "a reserved bit without an extension closes with 1002",
        means: "Compressed frames would be read as plain ones.",
        clause: "RFC 6455, 5.2",
        run: |bench| Box::pin(breaks(bench, [masked(FIN | 0x40 | TEXT, b"RSV1")])),
        ..RULE
    },
    RULE,
    Check {
        name: "reserved-control-opcode",
        title: "a control frame with a reserved opcode closes with 1002",
        clause: "RFC 6455, 5.2",
        run: |bench| Box::pin(breaks(bench, [masked(FIN | 0xb, b"opcode 11")])),
        ..RULE
    },
    Check {
        name: "long-control",
        title: "a ping of more than 125 bytes closes with 1002",
        clause: "RFC 6455, 5.5",
        run: |bench| Box::pin(breaks(bench, [masked(FIN | PING, &[b'x'; 126])])),
        ..RULE
    },
    Check {
        name: "fragmented-control",
        title: "a ping without FIN closes with 1002",
        clause: "RFC 6455, 5.5",
        run: |bench| Box::pin(breaks(bench, [masked(PING, b"in parts")])),
        ..RULE
    },
    Check {
        name: "continuation-of-nothing",
        title: "a continuation without a beginning closes with 1002",
        clause: "RFC 6455, 5.4",
        run: |bench| Box::pin(breaks(bench, [masked(FIN | CONTINUATION, b"of nothing")])),
        ..RULE
    },
    Check {
        name: "message-within-message",
        title: "a new message within an unfinished one closes with 1002",
        means: "Two messages become one, or one is lost.",
        clause: "RFC 6455, 5.4",
        run: |bench| {
            Box::pin(breaks(
                bench,
                [masked(TEXT, b"begun"), masked(FIN | BINARY, b"another")],
            ))
        },
        ..RULE
    },
    Check {
        name: "utf8-invalid",
        title: "a text that is not UTF-8 closes with 1007",
        run: |bench| Box::pin(no_text(bench, [masked(FIN | TEXT, b"caf\xe9 wslab")])),
        ..NO_TEXT
    },
    Check {
        name: "utf8-surrogate",
        title: "surrogates and overlong forms are no UTF-8 either: 1007",
        mend: "Use a strict decoder: surrogates (ED A0 80) and overlong forms (C0 AF) are invalid \
               (RFC 3629). Close with 1007.",
        run: |bench| Box::pin(lenient(bench)),
        ..NO_TEXT
    },
    Check {
        name: "utf8-fragments",
        title: "a text whose later frame is not UTF-8 closes with 1007",
        run: |bench| Box::pin(later_frame(bench)),
        ..NO_TEXT
    },
    Check {
        name: "utf8-cut-off",
        title: "a text that ends within a character closes with 1007",
        run: |bench| Box::pin(no_text(bench, [masked(FIN | TEXT, b"\xe2\x82")])),
        ..NO_TEXT
    },
    Check {
        name: "utf8-early",
        title: "a text that can't become UTF-8 is refused before its end",
        means: "The rest of a long message is read for nothing.",
        mend: "Decode each frame as it comes, with a decoder that keeps what a cut leaves over.",
        run: |bench| Box::pin(early(bench)),
        ..NO_TEXT
    },
];

async fn breaks<const N: usize>(bench: Arc<Bench>, frames: [Vec<u8>; N]) -> Outcome {
    closes_with(&bench, &frames, PROTOCOL_ERROR).await
}

async fn no_text<const N: usize>(bench: Arc<Bench>, frames: [Vec<u8>; N]) -> Outcome {
    closes_with(&bench, &frames, INVALID_DATA).await
}

/// Sends the frames; the server must close with the code.
async fn closes_with(bench: &Arc<Bench>, frames: &[Vec<u8>], code: u16) -> Outcome {
    let mut one = match Conversation::open(bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    one.send_each(frames).await;
    match one.ending(SOON).await {
        Ending::Closed(Some(told), _) if told == code => Outcome::right(),
        ending => Outcome::wrong([ending.into()]),
    }
}

async fn later_frame(bench: Arc<Bench>) -> Outcome {
    let frames = [
        masked(TEXT, b"fine so far "),
        masked(FIN | CONTINUATION, b"\xff\xfe"),
    ];
    let outcome = no_text(bench, frames).await;
    match outcome.seen.first() {
        // It takes no messages in several frames, which another check judges.
        Some(seen @ Seen::Closed(Some(PROTOCOL_ERROR), _)) => Outcome::unknown(seen.clone()),
        _ => outcome,
    }
}

async fn lenient(bench: Arc<Bench>) -> Outcome {
    // A decoder that takes these texts may still refuse others, which another check judges.
    for bad in [&b"\xed\xa0\x80"[..], b"\xc0\xaf"] {
        let outcome = closes_with(&bench, &[masked(FIN | TEXT, bad)], INVALID_DATA).await;
        if !outcome.is_right() {
            return outcome;
        }
    }
    Outcome::right()
}

async fn early(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    one.send(TEXT, b"no text: \xff").await;
    match one.ending(EARLY).await {
        Ending::Closed(Some(INVALID_DATA), _) => Outcome::right(),
        Ending::Open(_) => Outcome::not_applicable(Seen::ChecksAtEnd),
        ending => Outcome::wrong([ending.into()]),
    }
}
