//! The frames from the server, on all connections of all checks (RFC 6455, section 5).

use std::sync::Arc;

use crate::check::bench::Bench;
use crate::check::entry::{Check, Company, Section};
use crate::check::outcome::Outcome;
use crate::check::websocket::rules::FrameRules;
use crate::texts::Seen;
use crate::transport::Transport;

const CHECK: Check = Check {
    name: "server-unmasked",
    section: Section::Messages,
    of: &[Transport::WebSocket],
    title: "frames from the server are not masked",
    means: "Browsers fail the connection at the first one.",
    clause: "RFC 6455, 5.1",
    mend: "Only clients mask: write the payload as it is, and leave the first bit of the second \
           byte 0.",
    company: Company::Last,
    run: |bench| Box::pin(count(bench, |rules| rules.masked)),
};

pub const CHECKS: &[Check] = &[
    CHECK,
    Check {
        name: "server-lengths",
        title: "lengths of frames from the server take as few bytes as they can",
        means: "Strict clients fail the connection.",
        clause: "RFC 6455, 5.2",
        mend: "Up to 125, write the length into the second byte; up to 65,535 after 126 in two \
               bytes; beyond that after 127 in eight.",
        run: |bench| Box::pin(count(bench, |rules| rules.not_minimal)),
        ..CHECK
    },
    Check {
        name: "server-reserved-bits",
        title: "frames from the server have no reserved bits",
        means: "Browsers fail the connection.",
        clause: "RFC 6455, 5.2",
        mend: "Unless an extension was agreed on, the first byte is 0x81 for a text, 0x82 for \
               binary data.",
        run: |bench| Box::pin(count(bench, |rules| rules.reserved_bits)),
        ..CHECK
    },
    Check {
        name: "server-opcodes",
        title: "frames from the server have opcodes that exist",
        means: "Browsers fail the connection.",
        clause: "RFC 6455, 5.2",
        mend: "Use 1 for text, 2 for binary data, 0 for what continues them, 8 to 10 for control.",
        run: |bench| Box::pin(count(bench, |rules| rules.bad_opcodes)),
        ..CHECK
    },
    Check {
        name: "server-control",
        title: "control frames from the server are whole and have at most 125 bytes",
        means: "Browsers fail the connection.",
        clause: "RFC 6455, 5.5",
        mend: "Cut the reason of a close to 123 bytes, and set FIN on control frames.",
        run: |bench| Box::pin(count(bench, |rules| rules.bad_control)),
        ..CHECK
    },
    Check {
        name: "server-order",
        title: "messages from the server do not run into each other",
        means: "Browsers fail the connection, at random where two tasks write at once.",
        clause: "RFC 6455, 5.4",
        mend: "Write each message under a lock, or from one task.",
        run: |bench| Box::pin(count(bench, |rules| rules.out_of_order)),
        ..CHECK
    },
    Check {
        name: "server-utf8",
        section: Section::Utf8,
        title: "texts from the server are UTF-8",
        means: "Browsers fail the connection.",
        clause: "RFC 6455, 5.6",
        mend: "Encode texts as UTF-8, and send all else as binary data (opcode 2).",
        run: |bench| Box::pin(count(bench, |rules| rules.bad_texts)),
        ..CHECK
    },
];

/// Right if no frame broke the rule.
async fn count(bench: Arc<Bench>, broken: fn(&FrameRules) -> usize) -> Outcome {
    let rules = bench.rules().clone();
    match (broken(&rules), rules.frames) {
        (_, 0) => Outcome::unknown(Seen::NoFrames),
        (0, _) => Outcome::right(),
        (broken, all) => Outcome::wrong([Seen::BrokenFrames(broken, all)]),
    }
}
