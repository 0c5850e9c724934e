//! Several clients at once: who gets a message, and whether one client can spoil it for others.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::link::Manner;
use crate::check::outcome::Outcome;
use crate::check::token::Token;
use crate::check::websocket::conversation::{Conversation, Ending, Event, SOON};
use crate::check::websocket::frames::{FIN, TEXT, masked};
use crate::texts::Seen;
use crate::transport::Transport;

/// Messages that fill the buffers of a client that does not read: more than the 4 MiB that a Linux
/// server keeps for a socket, and the 6 MiB that a client may have.
const FILLERS: usize = 120;
const FILLER_BYTES: usize = 60_000;

/// The longest time for filling.
const FILLING: Duration = Duration::from_secs(4);

/// How long the others may take to read what filled the buffers.
const CATCH_UP: Duration = Duration::from_secs(3);

/// How long a server has to notice that a client is gone.
const PAUSE: Duration = Duration::from_millis(300);

const CHECK: Check = Check {
    name: "broadcast-others",
    section: Section::Clients,
    of: &[Transport::WebSocket],
    title: "a message reaches the other clients",
    means: "In a chat everybody sees only what they wrote themselves.",
    clause: "the exercise",
    mend: "Keep all open connections in a set, and send each message to all of them.",
    company: Company::Together,
    run: |bench| Box::pin(async move { others(&bench) }),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "broadcast-author",
        title: "whether the author gets its own message",
        means: "A page must show what its user wrote itself, or not: once, not twice.",
        mend: "Decide for one, and say it in the documentation.",
        run: |bench| Box::pin(async move { author(&bench) }),
        ..CHECK
    },
    Check {
        name: "history",
        title: "whether a client that comes later gets earlier messages",
        means: "Without it, a page that is loaded again begins empty.",
        mend: "Keep the last messages, and send them first to each new client.",
        run: |bench| Box::pin(async move { history(&bench) }),
        ..CHECK
    },
    Check {
        name: "survives-drop",
        title: "a client that vanishes in the middle of a frame harms no other",
        means: "One telephone that loses its network ends the server, or silences it for all.",
        clause: "RFC 6455, 7.1.7",
        mend: "Catch the error of a send and of a receive for each client; take the client out of \
               the set, and go on with the others.",
        company: Company::Alone,
        run: |bench| Box::pin(survives(bench)),
        ..CHECK
    },
    Check {
        name: "slow-reader",
        title: "a client that does not read does not delay the others",
        means: "One client that sleeps stops the messages of all.",
        clause: "the exercise",
        mend: "Give each client a queue with a bound and a task that sends; drop the client, or \
               its oldest messages, where the queue is full.",
        company: Company::Alone,
        run: |bench| Box::pin(slow_reader(bench)),
        ..CHECK
    },
];

fn others(bench: &Bench) -> Outcome {
    let behaviour = bench.behaviour();
    match (behaviour.to_others, behaviour.to_author) {
        (true, _) => Outcome::right(),
        (false, true) => Outcome::not_applicable(Seen::AnswersAuthorOnly),
        (false, false) => Outcome::unknown(Seen::AnswersNothing),
    }
}

fn author(bench: &Bench) -> Outcome {
    let behaviour = bench.behaviour();
    match (behaviour.to_others, behaviour.to_author) {
        (true, true) => Outcome::right_with(Seen::AuthorGetsIt),
        (true, false) => Outcome::right_with(Seen::AuthorGetsNothing),
        (false, true) => Outcome::not_applicable(Seen::AnswersAuthorOnly),
        (false, false) => Outcome::unknown(Seen::AnswersNothing),
    }
}

fn history(bench: &Bench) -> Outcome {
    let behaviour = bench.behaviour();
    match (behaviour.to_others, behaviour.to_later) {
        (_, true) => Outcome::right_with(Seen::LaterGetsIt),
        (true, false) => Outcome::not_applicable(Seen::LaterGetsNothing),
        (false, false) => Outcome::not_applicable(Seen::AnswersAuthorOnly),
    }
}

/// A conversation that hears a message with the token, sent by an author.
async fn is_heard(
    bench: &Bench,
    author: &mut Conversation,
    other: &mut Conversation,
    within: Duration,
) -> Result<(), Ending> {
    let token = Token::random();
    author
        .send(FIN | TEXT, &bench.language().message(&token, ""))
        .await;
    match bench.behaviour().to_author && !bench.behaviour().to_others {
        true => author.hear(&token, within).await,
        false => other.hear(&token, within).await,
    }
    .map(drop)
}

async fn two(bench: &Arc<Bench>) -> Result<(Conversation, Conversation), Outcome> {
    Ok((
        Conversation::open(bench).await?,
        Conversation::open(bench).await?,
    ))
}

async fn survives(bench: Arc<Bench>) -> Outcome {
    if !bench.behaviour().is_heard() {
        return Outcome::unknown(Seen::AnswersNothing);
    }
    let drops = Manner {
        drops: true,
        ..Manner::default()
    };
    let (there, lost) = (
        two(&bench).await,
        Conversation::open_as(&bench, drops).await,
    );
    let (mut author, mut other, mut lost) = match (there, lost) {
        (Ok((author, other)), Ok(lost)) => (author, other, lost),
        (Err(outcome), _) | (_, Err(outcome)) => return outcome,
    };
    let half = masked(FIN | TEXT, b"a frame of which only half is sent");
    lost.send_raw(&half[..half.len() / 2]).await;
    drop(lost);
    sleep(PAUSE).await;
    if let Err(ending) = is_heard(&bench, &mut author, &mut other, SOON).await {
        return Outcome::wrong([ending.into()]);
    }
    // The second message after a failed send meets what the first left behind.
    if let Err(ending) = is_heard(&bench, &mut author, &mut other, SOON).await {
        return Outcome::wrong([ending.into()]);
    }
    match Conversation::open(&bench).await {
        Ok(_) => Outcome::right(),
        Err(outcome) => Outcome::wrong(outcome.seen),
    }
}

/// Sends messages until a client that does not read must have its buffers full. Reads meanwhile,
/// unless it is that client itself. Returns whether the server took all of them.
///
/// # Errors
/// How the server ended it.
async fn fill(bench: &Bench, one: &mut Conversation, reads: bool) -> Result<bool, Ending> {
    let (token, started) = (Token::random(), Instant::now());
    let message = bench.language().message_of(&token, FILLER_BYTES);
    let message = message.expect("room for the token");
    for _ in 0..FILLERS {
        if !one.send(FIN | TEXT, &message).await {
            return Ok(false);
        }
        // What has come is read; nothing is waited for.
        let now = if reads { Instant::now() } else { continue };
        loop {
            match one.next(now).await {
                Event::End(Ending::Open(_)) => break,
                Event::End(ending) => return Err(ending),
                Event::Message { .. } | Event::Pong(_) => {}
            }
        }
        if started.elapsed() > FILLING {
            break;
        }
    }
    Ok(true)
}

async fn slow_reader(bench: Arc<Bench>) -> Outcome {
    if !bench.behaviour().is_heard() {
        return Outcome::unknown(Seen::AnswersNothing);
    }
    let deaf = Manner {
        deaf: true,
        drops: true,
    };
    let (there, deaf) = (two(&bench).await, Conversation::open_as(&bench, deaf).await);
    let (mut author, mut other, mut deaf) = match (there, deaf) {
        (Ok((author, other)), Ok(deaf)) => (author, other, deaf),
        (Err(outcome), _) | (_, Err(outcome)) => return outcome,
    };
    let took_all = match bench.behaviour().to_others {
        // The other one must read, or it would be slow itself.
        true => tokio::select! {
            took = fill(&bench, &mut author, true) => took,
            ending = other.ending(FILLING + SOON) => Err(ending),
        },
        false => fill(&bench, &mut deaf, false).await.map(|_| true),
    };
    let took_all = match took_all {
        Ok(took_all) => took_all,
        Err(ending) => return Outcome::unknown(ending.into()),
    };
    if took_all
        && is_heard(&bench, &mut author, &mut other, CATCH_UP)
            .await
            .is_ok()
    {
        return Outcome::right();
    }
    // A server that still sends is slow, and not blocked.
    let sent = bench.rules().frames;
    let ending = other.ending(PAUSE).await;
    if bench.rules().frames > sent {
        return Outcome::unknown(ending.into());
    }
    // The author's last frame may be cut off, and the other one has stopped reading.
    drop((deaf, author, other));
    sleep(PAUSE).await;
    let (mut author, mut other) = match two(&bench).await {
        Ok(both) => both,
        Err(outcome) => return outcome,
    };
    match is_heard(&bench, &mut author, &mut other, CATCH_UP).await {
        Ok(()) => Outcome::wrong([Seen::BlockedByOne]),
        // Without the deaf client it is the same.
        Err(ending) => Outcome::unknown(ending.into()),
    }
}
