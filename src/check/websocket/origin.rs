//! Pages of other sites (RFC 6455, section 10.2).

use std::sync::Arc;
use std::time::Duration;

use crate::check::bench::{Bench, FOREIGN_ORIGIN};
use crate::check::entry::{Check, Company, Section};
use crate::check::link::Manner;
use crate::check::outcome::Outcome;
use crate::check::websocket::conversation::{Conversation, Ending};
use crate::check::websocket::handshake::surveyed;
use crate::texts::Seen;
use crate::transport::Transport;

/// How soon a server that has answered 101 closes the WebSocket of a page that it refuses.
const REFUSED_WITHIN: Duration = Duration::from_millis(300);

pub const CHECKS: &[Check] = &[Check {
    name: "origin",
    section: Section::Handshake,
    of: &[Transport::WebSocket],
    title: "pages of other sites are refused, unless the WebSocket is for all",
    means: "Any page that a user opens can open this WebSocket too: from the user's network, and \
            with the user's cookies (cross-site WebSocket hijacking). CORS does not hold here.",
    clause: "RFC 6455, 10.2",
    mend: "Compare Origin with the server's own host, or with a list, and answer 403 Forbidden to \
           all others. Leave it where all may read and write, and no cookie tells users apart.",
    company: Company::Together,
    run: |bench| Box::pin(foreign_page(bench)),
}];

/// A public WebSocket may take any page, so that is a note. It is wrong where the server sets a
/// cookie, which a browser sends along for a foreign page too.
async fn foreign_page(bench: Arc<Bench>) -> Outcome {
    let sets_cookie = match surveyed(&bench) {
        Ok(head) => head.field("Set-Cookie").is_some(),
        Err(outcome) => return outcome,
    };
    let fields = format!("Origin: {FOREIGN_ORIGIN}\r\n");
    let opened = Conversation::with(&bench, Manner::default(), bench.language(), &fields);
    match opened.await {
        Ok(mut page) => match page.ending(REFUSED_WITHIN).await {
            Ending::Open(_) if sets_cookie => {
                Outcome::wrong([Seen::ForeignPage(FOREIGN_ORIGIN), Seen::SetsCookie])
            }
            Ending::Open(_) => Outcome::note(Seen::ForeignPage(FOREIGN_ORIGIN)),
            _ => Outcome::right(),
        },
        Err(Seen::NoWebSocket(_) | Seen::EndedWithoutAnswer | Seen::Reset) => Outcome::right(),
        Err(seen) => Outcome::unknown(seen),
    }
}
