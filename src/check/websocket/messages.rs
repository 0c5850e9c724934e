//! Messages of all lengths, in one frame and in several (RFC 6455, sections 5.4 to 5.6).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::outcome::Outcome;
use crate::check::token::Token;
use crate::check::websocket::conversation::{Conversation, Ending, Event, SOON};
use crate::check::websocket::delivery::{Delivery, is_alive};
use crate::check::websocket::frames::{BINARY, CONTINUATION, FIN, PING, TEXT, masked};
use crate::check::websocket::language::Language;
use crate::texts::Seen;
use crate::transport::Transport;

/// Characters of two, three and four bytes.
const CHARACTERS: &str = "ação κόσμε € 🌍";

/// The pause between two bytes of a slow client.
const PAUSE: Duration = Duration::from_millis(4);

const CHECK: Check = Check {
    name: "text-empty",
    section: Section::Messages,
    of: &[Transport::WebSocket],
    title: "an empty text is a message",
    means: "A client that sends an empty text loses its connection.",
    clause: "RFC 6455, 5.2",
    mend: "Accept a payload length of 0: the mask still follows, and no payload.",
    company: Company::Together,
    run: |bench| Box::pin(empty(bench)),
};

const LENGTH: Check = Check {
    means: "Messages of this length are lost, cut, or end the connection.",
    mend: "Read the length: 0 to 125 as it is; 126 means that two more bytes hold it, 127 that \
           eight do, most significant first. Then read until all of the payload has come.",
    ..CHECK
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "text-125",
        title: "a text of 125 bytes arrives whole",
        run: |bench| Box::pin(length(bench, 125)),
        ..LENGTH
    },
    Check {
        name: "text-126",
        title: "a text of 126 bytes arrives whole",
        run: |bench| Box::pin(length(bench, 126)),
        ..LENGTH
    },
    Check {
        name: "text-65535",
        title: "a text of 65,535 bytes arrives whole",
        run: |bench| Box::pin(length(bench, 65_535)),
        ..LENGTH
    },
    Check {
        name: "text-65536",
        title: "a text of 65,536 bytes arrives whole, or is refused with 1009",
        run: |bench| Box::pin(length(bench, 65_536)),
        ..LENGTH
    },
    Check {
        name: "text-characters",
        title: "characters outside ASCII arrive as they were",
        means: "Users see \u{fffd} or Ã£ in place of ã.",
        clause: "RFC 6455, 5.6",
        mend: "Decode and encode text as UTF-8, and count lengths in bytes, not in characters.",
        run: |bench| Box::pin(characters(bench)),
        ..CHECK
    },
    Check {
        name: "binary",
        title: "a binary message is answered, or refused with a close code",
        means: "A client that sends a file sees its connection die without a reason.",
        clause: "RFC 6455, 7.4.1",
        mend: "Take opcode 2, or close with 1003 where only text is wanted.",
        run: |bench| Box::pin(binary(bench)),
        ..CHECK
    },
    Check {
        name: "fragmented",
        title: "a message in three frames arrives as one",
        means: "Long messages of some clients arrive in pieces or not at all.",
        clause: "RFC 6455, 5.4",
        mend: "Keep the payloads of frames until one has FIN; frames after the first have opcode \
               0.",
        run: |bench| Box::pin(fragmented(bench)),
        ..CHECK
    },
    Check {
        name: "fragmented-character",
        title: "a character that is cut by a frame's end arrives whole",
        means: "Long texts close the connection at random, where a cut meets an accent.",
        clause: "RFC 6455, 5.6",
        mend: "Decode UTF-8 after the frames are joined, not each frame alone.",
        run: |bench| Box::pin(cut_character(bench)),
        ..CHECK
    },
    Check {
        name: "interleaved-ping",
        title: "a ping within a fragmented message is answered, and the message arrives",
        means: "A client that sends a large file is cut by its own heartbeat.",
        clause: "RFC 6455, 5.4",
        mend: "Handle control frames at once, and leave the message that has begun as it is.",
        run: |bench| Box::pin(interleaved(bench)),
        ..CHECK
    },
    Check {
        name: "slow-sender",
        title: "a message that comes byte by byte arrives",
        means: "Over a slow network messages are lost at random.",
        clause: "RFC 6455, 5.2",
        mend: "Read until the whole frame has come; one recv() may hold any part of it.",
        run: |bench| Box::pin(slow(bench)),
        ..CHECK
    },
    Check {
        name: "two-at-once",
        title: "two messages in one packet are two messages",
        means: "Of messages that are sent quickly, every second one is lost.",
        clause: "RFC 6455, 5.2",
        mend: "After a frame, look for the next one in the bytes that are left in the buffer.",
        run: |bench| Box::pin(two_at_once(bench)),
        ..CHECK
    },
    Check {
        name: "large-message",
        title: "a message of 2 MiB is taken, or refused with 1009",
        means: "A client can't tell a limit from a broken network, and tries again for ever.",
        clause: "RFC 6455, 7.4.1",
        mend: "Set a limit, and close with 1009 (message too big) beyond it.",
        company: Company::Alone,
        run: |bench| Box::pin(large(bench)),
        ..CHECK
    },
    Check {
        name: "huge-length",
        title: "a length of 1 TiB is refused before its bytes come",
        means: "One client can take all memory of the server.",
        clause: "RFC 6455, 10.4",
        mend: "Compare the announced length with the limit first; close with 1009.",
        run: |bench| Box::pin(huge(bench)),
        ..CHECK
    },
];

async fn empty(bench: Arc<Bench>) -> Outcome {
    if bench.language() != Language::Plain {
        return Outcome::not_applicable(Seen::WantsJson);
    }
    let behaviour = bench.behaviour();
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    one.send(FIN | TEXT, b"").await;
    if !behaviour.exactly || behaviour.to_others {
        return is_alive(&mut one).await;
    }
    let until = Instant::now() + SOON;
    loop {
        match one.next(until).await {
            Event::Message { payload, .. } if payload.is_empty() => return Outcome::right(),
            Event::End(ending) => return Outcome::wrong([ending.into()]),
            Event::Message { .. } | Event::Pong(_) => {}
        }
    }
}

async fn length(bench: Arc<Bench>, bytes: usize) -> Outcome {
    let token = Token::random();
    let Some(message) = bench.language().message_of(&token, bytes) else {
        return Outcome::not_applicable(Seen::WantsJson);
    };
    let sent = masked(FIN | TEXT, &message);
    Delivery::of(&bench, token, &message)
        .too_large()
        .judge(&[sent])
        .await
}

async fn characters(bench: Arc<Bench>) -> Outcome {
    let token = Token::random();
    let message = bench.language().message(&token, CHARACTERS);
    let sent = masked(FIN | TEXT, &message);
    Delivery::of(&bench, token, &message).judge(&[sent]).await
}

async fn binary(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    let token = Token::random();
    one.send(
        FIN | BINARY,
        &[&b"\x00\xff"[..], token.text().as_bytes()].concat(),
    )
    .await;
    match one.hear(&token, SOON).await {
        Ok(_) => Outcome::right(),
        Err(Ending::Closed(Some(1003 | 1007 | 1008), _)) => Outcome::right(),
        Err(Ending::Open(_)) => is_alive(&mut one).await,
        Err(ending) => Outcome::wrong([ending.into()]),
    }
}

/// A message in three frames, cut at these places.
fn parts(message: &[u8], cuts: [usize; 2]) -> [Vec<u8>; 3] {
    let [first, second] = cuts;
    [
        masked(TEXT, &message[..first]),
        masked(CONTINUATION, &message[first..second]),
        masked(FIN | CONTINUATION, &message[second..]),
    ]
}

async fn fragmented(bench: Arc<Bench>) -> Outcome {
    let token = Token::random();
    let message = bench.language().message(&token, "in three frames");
    let sent = parts(&message, [3, message.len() - 4]);
    Delivery::of(&bench, token, &message).judge(&sent).await
}

async fn cut_character(bench: Arc<Bench>) -> Outcome {
    let token = Token::random();
    let message = bench.language().message(&token, CHARACTERS);
    let at = memchr::memmem::find(&message, "🌍".as_bytes()).expect("it is there");
    let sent = parts(&message, [at + 1, at + 3]);
    Delivery::of(&bench, token, &message).judge(&sent).await
}

async fn interleaved(bench: Arc<Bench>) -> Outcome {
    let token = Token::random();
    let message = bench.language().message(&token, "with a ping within");
    let [first, second, third] = parts(&message, [3, 6]);
    let ping = masked(FIN | PING, token.text().as_bytes());
    let sent = [first, second, ping, third];
    let payload = token.text().into_bytes();
    Delivery::of(&bench, token, &message)
        .with_pong(payload)
        .judge(&sent)
        .await
}

async fn slow(bench: Arc<Bench>) -> Outcome {
    let token = Token::random();
    let message = bench.language().message(&token, "byte by byte");
    let sent = masked(FIN | TEXT, &message);
    Delivery::of(&bench, token, &message)
        .slowly(PAUSE)
        .judge(&[sent])
        .await
}

async fn two_at_once(bench: Arc<Bench>) -> Outcome {
    let (first, second) = (Token::random(), Token::random());
    let language = bench.language();
    let [one, two] = [&first, &second].map(|token| language.message(token, "in one packet"));
    let sent = [masked(FIN | TEXT, &one), masked(FIN | TEXT, &two)].concat();
    Delivery::of(&bench, first, &one)
        .and(second)
        .judge(&[sent])
        .await
}

async fn large(bench: Arc<Bench>) -> Outcome {
    let token = Token::random();
    let message = bench
        .language()
        .message_of(&token, 2 << 20)
        .expect("room for the token");
    let sent = masked(FIN | TEXT, &message);
    Delivery::of(&bench, token, &message)
        .too_large()
        .judge(&[sent])
        .await
}

async fn huge(bench: Arc<Bench>) -> Outcome {
    let mut one = match Conversation::open(&bench).await {
        Ok(one) => one,
        Err(outcome) => return outcome,
    };
    let head = crate::check::websocket::frames::announced(FIN | TEXT, 1 << 40);
    one.send_raw(&[&head[..], &[0; 1_000]].concat()).await;
    match one.ending(SOON).await {
        Ending::Closed(Some(1009), _) => Outcome::right(),
        open @ Ending::Open(_) => Outcome::unknown(open.into()),
        ending => Outcome::wrong([ending.into()]),
    }
}
