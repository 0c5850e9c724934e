//! The closing handshake (RFC 6455, sections 5.5.1 and 7).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::outcome::Outcome;
use crate::check::token::Token;
use crate::check::websocket::conversation::{Conversation, Ending, Event, SOON};
use crate::check::websocket::frames::{CLOSE, FIN, TEXT, close_payload, masked};
use crate::texts::Seen;
use crate::transport::Transport;

/// How long a server may take to end TCP after the closing handshake.
const TCP_END: Duration = Duration::from_secs(3);

/// Codes that no frame may hold (section 7.4), and codes of libraries and applications.
const FORBIDDEN: [u16; 5] = [999, 1005, 1006, 1015, 2999];
const OWN: [u16; 2] = [3000, 4999];

const CHECK: Check = Check {
    name: "close-answered",
    section: Section::Closing,
    of: &[Transport::WebSocket],
    title: "a close frame is answered by a close frame",
    means: "The browser's onclose has wasClean false and code 1006, after a wait.",
    clause: "RFC 6455, 5.5.1",
    mend: "Send a close frame back when one comes, then end the connection.",
    company: Company::Together,
    run: |bench| Box::pin(answered(bench)),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "close-code",
        title: "the answer has the code that the client sent",
        means: "onclose tells another code than the one that the page closed with.",
        mend: "Copy the first two bytes of the close frame's payload into the answer.",
        run: |bench| Box::pin(echoes_code(bench, &[1000, 1001])),
        ..CHECK
    },
    Check {
        name: "close-own-codes",
        title: "codes from 3000 to 4999 are taken",
        means: "Pages that close with a code of their own, as close(4000), see 1002.",
        clause: "RFC 6455, 7.4.2",
        mend: "Accept 3000 to 3999 (libraries) and 4000 to 4999 (applications).",
        run: |bench| Box::pin(echoes_code(bench, &OWN)),
        ..CHECK
    },
    Check {
        name: "close-empty",
        title: "a close frame without a code is answered",
        means: "close() of a browser without arguments sends it; onclose then tells 1006.",
        mend: "Accept a payload of 0 bytes. Never write 1005 or 1006 into a frame.",
        run: |bench| Box::pin(empty(bench)),
        ..CHECK
    },
    Check {
        name: "close-one-byte",
        title: "a close frame of 1 byte closes with 1002",
        means: "Half a code is read as some code.",
        mend: "A payload has 0 bytes, or 2 and more; close with 1002 otherwise.",
        run: |bench| Box::pin(one_byte(bench)),
        ..CHECK
    },
    Check {
        name: "close-bad-code",
        title: "codes that no frame may hold close with 1002",
        means: "A code is passed on that means that no close frame came.",
        clause: "RFC 6455, 7.4",
        mend: "Refuse 0 to 999, 1004, 1005, 1006, 1015 to 2999 and all above 4999 with 1002.",
        run: |bench| Box::pin(forbidden(bench)),
        ..CHECK
    },
    Check {
        name: "close-bad-reason",
        title: "a reason that is not UTF-8 is refused with 1007 or 1002",
        means: "The reason is passed on to logs and pages as garbage, or the server fails at it.",
        clause: "RFC 6455, 5.5.1",
        mend: "Decode the reason strictly; close with 1007 where that fails.",
        run: |bench| Box::pin(bad_reason(bench)),
        ..CHECK
    },
    Check {
        name: "close-ends-tcp",
        title: "the server ends TCP after the closing handshake",
        means: "The browser stays in CLOSING until it gives up; sockets pile up at both ends.",
        clause: "RFC 6455, 7.1.1",
        mend: "Close the socket once both close frames have passed.",
        run: |bench| Box::pin(ends_tcp(bench)),
        ..CHECK
    },
    Check {
        name: "nothing-after-close",
        title: "nothing is sent after the close frame, and what comes after it is passed over",
        means: "A message is handled whose author has left.",
        mend: "Stop reading and sending messages once a close frame has come.",
        run: |bench| Box::pin(nothing_after(bench)),
        ..CHECK
    },
];

/// How the server answers a close frame with this payload.
async fn close(bench: &Arc<Bench>, payload: &[u8]) -> Result<Ending, Outcome> {
    let mut one = Conversation::open(bench).await?;
    one.send(FIN | CLOSE, payload).await;
    Ok(one.ending(SOON).await)
}

async fn answered(bench: Arc<Bench>) -> Outcome {
    match close(&bench, &close_payload(1000, b"bye")).await {
        Ok(Ending::Closed(..)) => Outcome::right(),
        Ok(ending) => Outcome::wrong([ending.into()]),
        Err(outcome) => outcome,
    }
}

async fn echoes_code(bench: Arc<Bench>, codes: &'static [u16]) -> Outcome {
    for code in codes {
        match close(&bench, &close_payload(*code, b"")).await {
            Ok(Ending::Closed(Some(told), _)) if told == *code => {}
            Ok(ending @ Ending::Closed(..)) => {
                return Outcome::wrong([Seen::SentClose(*code), ending.into()]);
            }
            // Another check judges a server that answers no close frame.
            Ok(ending) => return Outcome::unknown(ending.into()),
            Err(outcome) => return outcome,
        }
    }
    Outcome::right()
}

async fn empty(bench: Arc<Bench>) -> Outcome {
    match close(&bench, b"").await {
        Ok(ending @ Ending::Closed(Some(1002 | 1005 | 1006 | 1007 | 1011), _)) => {
            Outcome::wrong([ending.into()])
        }
        Ok(Ending::Closed(..)) => Outcome::right(),
        Ok(ending) => unanswered(&bench, ending).await,
        Err(outcome) => outcome,
    }
}

/// Where no close frame is answered at all, another check says so.
async fn unanswered(bench: &Arc<Bench>, ending: Ending) -> Outcome {
    match answered(bench.clone()).await.is_right() {
        true => Outcome::wrong([ending.into()]),
        false => Outcome::unknown(ending.into()),
    }
}

async fn one_byte(bench: Arc<Bench>) -> Outcome {
    match close(&bench, b"\x03").await {
        Ok(Ending::Closed(Some(1002), _)) => Outcome::right(),
        Ok(ending @ Ending::Closed(..)) => Outcome::wrong([ending.into()]),
        Ok(ending) => unanswered(&bench, ending).await,
        Err(outcome) => outcome,
    }
}

async fn forbidden(bench: Arc<Bench>) -> Outcome {
    for code in FORBIDDEN {
        match close(&bench, &close_payload(code, b"")).await {
            Ok(Ending::Closed(Some(1002), _)) => {}
            Ok(ending @ Ending::Closed(..)) => {
                return Outcome::wrong([Seen::SentClose(code), ending.into()]);
            }
            Ok(ending) => return unanswered(&bench, ending).await,
            Err(outcome) => return outcome,
        }
    }
    Outcome::right()
}

async fn bad_reason(bench: Arc<Bench>) -> Outcome {
    match close(&bench, &close_payload(1000, b"\xff\xfe")).await {
        Ok(Ending::Closed(Some(1007 | 1002), _)) => Outcome::right(),
        Ok(ending @ Ending::Closed(..)) => Outcome::wrong([ending.into()]),
        Ok(ending) => unanswered(&bench, ending).await,
        Err(outcome) => outcome,
    }
}

async fn ends_tcp(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    one.close(1000).await;
    match one.ending(SOON).await {
        Ending::Closed(..) => {}
        ending => return Outcome::unknown(ending.into()),
    }
    match one.ending(TCP_END).await {
        Ending::Ended | Ending::Reset => Outcome::right(),
        ending => Outcome::wrong([ending.into()]),
    }
}

async fn nothing_after(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    let token = Token::random();
    let late = masked(
        FIN | TEXT,
        &bench.language().message(&token, "after the close"),
    );
    let close = masked(FIN | CLOSE, &close_payload(1000, b""));
    one.send_raw(&[close, late].concat()).await;
    let (until, mut is_closed) = (Instant::now() + SOON, false);
    loop {
        match one.next(until).await {
            Event::Message { payload, .. } if is_closed || token.is_in(&payload) => {
                return Outcome::wrong([Seen::MessageAfterClose]);
            }
            Event::End(Ending::Closed(..)) if !is_closed => is_closed = true,
            Event::End(Ending::Closed(..)) => return Outcome::wrong([Seen::SecondClose]),
            Event::End(ending) if !is_closed => return Outcome::unknown(ending.into()),
            Event::End(_) => return Outcome::right(),
            Event::Message { .. } | Event::Pong(_) => {}
        }
    }
}
