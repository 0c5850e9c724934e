//! Ping and pong (RFC 6455, sections 5.5.2 and 5.5.3).

use std::sync::Arc;

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::head::shown;
use crate::check::outcome::Outcome;
use crate::check::websocket::conversation::{Conversation, Ending, SOON};
use crate::check::websocket::delivery::is_alive;
use crate::check::websocket::frames::{FIN, MAX_CONTROL_BYTES, PING, PONG};
use crate::texts::Seen;
use crate::transport::Transport;

const CHECK: Check = Check {
    name: "ping",
    section: Section::Control,
    of: &[Transport::WebSocket],
    title: "a ping is answered by a pong",
    means: "Clients and proxies take the connection for dead and cut it.",
    clause: "RFC 6455, 5.5.2",
    mend: "Answer a frame of opcode 9 at once by one of opcode 10.",
    company: Company::Together,
    run: |bench| Box::pin(ping(bench)),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "ping-payload",
        title: "the pong has the ping's payload, of up to 125 bytes",
        means: "A client can't tell which of its pings was answered, and measures a wrong delay.",
        clause: "RFC 6455, 5.5.3",
        mend: "Copy the payload of the ping, unmasked, into the pong.",
        run: |bench| Box::pin(payload(bench)),
        ..CHECK
    },
    Check {
        name: "unsolicited-pong",
        title: "a pong that no ping asked for is passed over",
        means: "Clients that send pongs as heartbeats lose their connection.",
        clause: "RFC 6455, 5.5.3",
        mend: "Do nothing on a frame of opcode 10.",
        run: |bench| Box::pin(unsolicited(bench)),
        ..CHECK
    },
];

async fn ping(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    one.send(FIN | PING, b"").await;
    match one.pong(SOON).await {
        Ok(_) => Outcome::right(),
        Err(ending) => Outcome::wrong([Seen::NoPong, ending.into()]),
    }
}

async fn payload(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    for sent in [&b"wslab"[..], &[b'x'; MAX_CONTROL_BYTES]] {
        one.send(FIN | PING, sent).await;
        match one.pong(SOON).await {
            Ok(pong) if pong == sent => {}
            Ok(pong) => return Outcome::wrong([Seen::OtherPong(shown(&pong))]),
            Err(Ending::Open(_)) => return Outcome::unknown(Seen::NoPong),
            Err(ending) => return Outcome::wrong([ending.into()]),
        }
    }
    Outcome::right()
}

async fn unsolicited(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    one.send(FIN | PONG, b"nothing asked").await;
    let alive = is_alive(&mut one).await;
    match alive.seen.first() {
        // It answers no ping, and is still there: it has passed the pong over too.
        Some(Seen::StillOpen(_)) => Outcome::right(),
        _ => alive,
    }
}
