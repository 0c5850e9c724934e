//! The opening handshake (RFC 6455, section 4).

use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::check::bench::{Bench, HEAD_TIMEOUT, read_head};
use crate::check::entry::{Check, Company, Section};
use crate::check::head::RawHead;
use crate::check::link::Manner;
use crate::check::outcome::Outcome;
use crate::check::websocket::conversation::handshake_lines;
use crate::texts::Seen;
use crate::transport::Transport;

/// The pause between the parts of a request that comes slowly.
const PAUSE: Duration = Duration::from_millis(30);

/// A subprotocol and an extension that no server has.
const UNKNOWN: &str = "x-wslab-check";

const CHECK: Check = Check {
    name: "handshake-101",
    section: Section::Handshake,
    of: &[Transport::WebSocket],
    title: "the opening handshake is answered with 101 Switching Protocols",
    means: "With any other status no WebSocket opens; a browser's onerror and onclose (1006) fire.",
    clause: "RFC 6455, 4.2.2",
    mend: "Answer a GET with Upgrade: websocket by the line HTTP/1.1 101 Switching Protocols, and \
           check path and port.",
    company: Company::Together,
    run: |bench| Box::pin(switches(bench)),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "upgrade-field",
        title: "the answer has Upgrade: websocket",
        means: "Browsers refuse a 101 without it.",
        clause: "RFC 6455, 4.2.2",
        mend: "Add the line Upgrade: websocket to the 101.",
        run: |bench| Box::pin(async move { upgrade_field(&bench) }),
        ..CHECK
    },
    Check {
        name: "connection-field",
        title: "the answer has Connection: Upgrade",
        means: "Browsers refuse a 101 without it, and proxies do not switch.",
        clause: "RFC 6455, 4.2.2",
        mend: "Add the line Connection: Upgrade to the 101.",
        run: |bench| Box::pin(async move { connection_field(&bench) }),
        ..CHECK
    },
    Check {
        name: "accept-key",
        title: "Sec-WebSocket-Accept follows from the client's key",
        means: "Every browser compares it and gives up on any other value.",
        clause: "RFC 6455, 4.2.2",
        mend: "Append 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 to the key as it came, take the SHA-1 \
               of that, and write its 20 bytes in base64.",
        run: |bench| Box::pin(async move { accept_key(&bench) }),
        ..CHECK
    },
    Check {
        name: "no-unoffered-subprotocol",
        title: "no subprotocol is chosen that the client did not offer",
        means: "Browsers fail the connection.",
        clause: "RFC 6455, 4.2.2",
        mend: "Send Sec-WebSocket-Protocol only with one of the names that the client listed, and \
               leave it out otherwise.",
        run: |bench| Box::pin(subprotocol(bench)),
        ..CHECK
    },
    Check {
        name: "no-unoffered-extension",
        title: "no extension is chosen that the client did not offer",
        means: "Browsers fail the connection; others read compressed bytes as text.",
        clause: "RFC 6455, 9.1",
        mend: "Send Sec-WebSocket-Extensions only for an extension that the client offered and the \
               server knows.",
        run: |bench| Box::pin(extension(bench)),
        ..CHECK
    },
    Check {
        name: "connection-list",
        title: "Connection: keep-alive, Upgrade is understood",
        means: "Firefox writes it like that: the page works in Chrome alone.",
        clause: "RFC 6455, 4.2.1",
        mend: "Split the value of Connection at commas, and compare in any case.",
        run: |bench| {
            Box::pin(opens(bench, |fields| {
                let fields =
                    fields.replace("Connection: Upgrade", "Connection: keep-alive, Upgrade");
                fields.replace("Upgrade: websocket", "Upgrade: WebSocket")
            }))
        },
        ..CHECK
    },
    Check {
        name: "slow-handshake",
        title: "a handshake that comes in several packets is understood",
        means: "Over a slow network, or behind a proxy, some connections fail at random.",
        clause: "RFC 9112, 2.2",
        mend: "Read until the blank line; one recv() may hold any part of a request.",
        run: |bench| Box::pin(slow(bench)),
        ..CHECK
    },
    Check {
        name: "version-refused",
        title: "another version than 13 is refused",
        means: "A client of another version would read frames that it does not understand.",
        clause: "RFC 6455, 4.4",
        mend: "Unless Sec-WebSocket-Version is 13, answer 426 Upgrade Required.",
        run: |bench| Box::pin(other_version(bench)),
        ..CHECK
    },
    Check {
        name: "version-named",
        title: "the refusal names the version that the server speaks",
        means: "A client of another version can't know which one to try.",
        clause: "RFC 6455, 4.4",
        mend: "Add Sec-WebSocket-Version: 13 to the answer that refuses the version.",
        run: |bench| Box::pin(version_named(bench)),
        ..CHECK
    },
    Check {
        name: "key-missing",
        title: "a handshake without Sec-WebSocket-Key is refused",
        means: "The key proves that a client means WebSocket; without it any HTTP client could \
                be tricked into it.",
        clause: "RFC 6455, 4.2.1",
        mend: "Answer 400 Bad Request where the key is missing.",
        run: |bench| {
            Box::pin(refuses(bench, |fields| {
                without(fields, "Sec-WebSocket-Key")
            }))
        },
        ..CHECK
    },
    Check {
        name: "key-short",
        title: "a key that is not 16 bytes in base64 is refused",
        means: "A client with a fault learns of it at once, not at its users.",
        clause: "RFC 6455, 4.2.1",
        mend: "Decode the key; answer 400 Bad Request unless it has 16 bytes.",
        run: |bench| {
            Box::pin(refuses(bench, |fields| {
                without(fields, "Sec-WebSocket-Key") + "Sec-WebSocket-Key: c2hvcnQ=\r\n"
            }))
        },
        ..CHECK
    },
    Check {
        name: "post-refused",
        title: "a POST does not open a WebSocket",
        means: "Forms of other pages can send a POST; the handshake is a GET.",
        clause: "RFC 6455, 4.1",
        mend: "Answer 405 Method Not Allowed to any method but GET.",
        run: |bench| Box::pin(post(bench)),
        ..CHECK
    },
    Check {
        name: "plain-get",
        title: "a GET without Upgrade gets an answer in HTTP",
        means: "A user who opens the address in a browser's tab sees nothing, or it loads for \
                ever.",
        clause: "RFC 9110, 15.5.22",
        mend: "Answer 426 Upgrade Required, or a page that says what this address is.",
        run: |bench| Box::pin(plain_get(bench)),
        ..CHECK
    },
];

/// The head of the handshake that the survey made.
pub fn surveyed(bench: &Bench) -> Result<&RawHead, Outcome> {
    let survey = bench.websocket.get().expect("the survey comes first");
    match &survey.head {
        Ok(head) if head.status == 101 => Ok(head),
        Ok(head) => Err(Outcome::unknown(Seen::NoWebSocket(head.line.clone()))),
        Err(seen) => Err(Outcome::unknown(seen.clone())),
    }
}

async fn switches(bench: Arc<Bench>) -> Outcome {
    match &bench.websocket.get().expect("the survey comes first").head {
        Ok(head) => Outcome::of(head.status == 101, Seen::Answer(head.line.clone())),
        Err(seen) => Outcome::wrong([seen.clone()]),
    }
}

fn upgrade_field(bench: &Bench) -> Outcome {
    let check = |head: &RawHead| {
        Outcome::of(
            head.has_word("Upgrade", "websocket"),
            field(head, "Upgrade"),
        )
    };
    surveyed(bench).map_or_else(|outcome| outcome, check)
}

fn connection_field(bench: &Bench) -> Outcome {
    let check = |head: &RawHead| {
        Outcome::of(
            head.has_word("Connection", "upgrade"),
            field(head, "Connection"),
        )
    };
    surveyed(bench).map_or_else(|outcome| outcome, check)
}

fn accept_key(bench: &Bench) -> Outcome {
    let key = &bench.websocket.get().expect("the survey comes first").key;
    let right = derive_accept_key(key.as_bytes());
    let check = |head: &RawHead| match head.field("Sec-WebSocket-Accept") {
        Some(value) if value == right => Outcome::right(),
        _ => Outcome::wrong([
            field(head, "Sec-WebSocket-Accept"),
            Seen::RightAccept(key.clone(), right.clone()),
        ]),
    };
    surveyed(bench).map_or_else(|outcome| outcome, check)
}

/// A field as it came.
fn field(head: &RawHead, name: &'static str) -> Seen {
    match head.field(name) {
        Some(value) => Seen::Field(name, value),
        None => Seen::NoField(name),
    }
}

/// Without an offer there is none, and with one it is none but the offered one.
async fn chosen(bench: Arc<Bench>, name: &'static str) -> Outcome {
    let offer = format!("{name}: {UNKNOWN}\r\n");
    for fields in ["", &offer] {
        let head = match handshake(&bench, &(handshake_lines() + fields)).await {
            Ok(head) => head,
            Err(seen) => return Outcome::unknown(seen),
        };
        // A refusal is no choice.
        if head.status != 101 && fields.is_empty() {
            return Outcome::unknown(Seen::NoWebSocket(head.line));
        }
        if let (101, Some(value)) = (head.status, head.field(name))
            && (fields.is_empty() || value != UNKNOWN)
        {
            return Outcome::wrong([Seen::Field(name, value)]);
        }
    }
    Outcome::right()
}

async fn subprotocol(bench: Arc<Bench>) -> Outcome {
    chosen(bench, "Sec-WebSocket-Protocol").await
}

async fn extension(bench: Arc<Bench>) -> Outcome {
    chosen(bench, "Sec-WebSocket-Extensions").await
}

async fn handshake(bench: &Arc<Bench>, fields: &str) -> Result<RawHead, Seen> {
    let request = bench.get_at(&bench.language().path(bench.path()), fields);
    let asked = bench.ask(request.as_bytes(), Manner::default()).await?;
    Ok(asked.head)
}

/// Fields without one of them.
fn without(fields: String, name: &str) -> String {
    let kept = fields.split_inclusive("\r\n");
    kept.filter(|field| !field.starts_with(name)).collect()
}

async fn opens(bench: Arc<Bench>, change: fn(String) -> String) -> Outcome {
    if let Err(outcome) = surveyed(&bench) {
        return outcome;
    }
    match handshake(&bench, &change(handshake_lines())).await {
        Ok(head) => Outcome::of(head.status == 101, Seen::Answer(head.line)),
        Err(seen) => Outcome::wrong([seen]),
    }
}

async fn refuses(bench: Arc<Bench>, change: fn(String) -> String) -> Outcome {
    refused(handshake(&bench, &change(handshake_lines())).await)
}

/// A refusal is an answer with a status of 400 to 499, or one that says that the method or the
/// version is unknown.
fn refused(answer: Result<RawHead, Seen>) -> Outcome {
    match answer {
        Ok(head) => {
            let is_refused = matches!(head.status, 400..=499 | 501 | 505);
            Outcome::of(is_refused, Seen::Answer(head.line))
        }
        Err(seen @ Seen::Unreachable(_)) => Outcome::unknown(seen),
        Err(seen) => Outcome::wrong([seen]),
    }
}

async fn slow(bench: Arc<Bench>) -> Outcome {
    if let Err(outcome) = surveyed(&bench) {
        return outcome;
    }
    let request = bench.get_at(&bench.language().path(bench.path()), &handshake_lines());
    let mut link = match bench.connect(Manner::default()).await {
        Ok(link) => link,
        Err(seen) => return Outcome::unknown(seen),
    };
    for part in request.as_bytes().chunks(request.len() / 4) {
        link.send(part).await;
        tokio::time::sleep(PAUSE).await;
    }
    match read_head(link, HEAD_TIMEOUT).await {
        Ok(asked) => Outcome::of(asked.head.status == 101, Seen::Answer(asked.head.line)),
        Err(seen) => Outcome::wrong([seen]),
    }
}

/// The answer to a handshake of version 12.
async fn version_12(bench: &Arc<Bench>) -> Result<RawHead, Seen> {
    let fields = handshake_lines().replace("Version: 13", "Version: 12");
    handshake(bench, &fields).await
}

async fn other_version(bench: Arc<Bench>) -> Outcome {
    refused(version_12(&bench).await)
}

async fn version_named(bench: Arc<Bench>) -> Outcome {
    match version_12(&bench).await {
        Ok(head) if !(400..500).contains(&head.status) => {
            Outcome::not_applicable(Seen::Answer(head.line))
        }
        Ok(head) => {
            let field = field(&head, "Sec-WebSocket-Version");
            let is_named = head.has_word("Sec-WebSocket-Version", "13");
            match is_named {
                true => Outcome::right(),
                false => Outcome::wrong([Seen::Answer(head.line), field]),
            }
        }
        Err(seen) => Outcome::unknown(seen),
    }
}

async fn post(bench: Arc<Bench>) -> Outcome {
    let get = bench.get(&(handshake_lines() + "Content-Length: 0\r\n"));
    let request = get.replacen("GET ", "POST ", 1);
    let asked = bench.ask(request.as_bytes(), Manner::default()).await;
    refused(asked.map(|asked| asked.head))
}

async fn plain_get(bench: Arc<Bench>) -> Outcome {
    let request = bench.get("Connection: close\r\n");
    match bench.ask(request.as_bytes(), Manner::default()).await {
        Ok(asked) => {
            let is_http = (200..500).contains(&asked.head.status);
            Outcome::of(is_http, Seen::Answer(asked.head.line))
        }
        Err(seen @ Seen::Unreachable(_)) => Outcome::unknown(seen),
        Err(seen) => Outcome::wrong([seen]),
    }
}
