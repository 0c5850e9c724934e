//! Which transport a URL speaks: what the user says, or what its first answer shows.

use std::time::Duration;

use strum::{Display, EnumString, VariantNames};

use crate::check::address::CheckedServer;
use crate::check::bench::{Asked, read_head};
use crate::check::link::Manner;
use crate::error::{UsageError, unknown};
use crate::texts::Seen;
use crate::transport::Transport;

/// A server that has not answered by then holds a long poll.
const SHORT_POLL: Duration = Duration::from_millis(1_500);

/// What a user says that a URL speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown::<Kind>)]
pub enum Kind {
    Ws,
    Sse,
    Ndjson,
    Poll,
    LongPoll,
}

impl Kind {
    pub fn transport(self) -> Transport {
        match self {
            Kind::Ws => Transport::WebSocket,
            Kind::Sse => Transport::Sse,
            Kind::Ndjson => Transport::Ndjson,
            Kind::Poll => Transport::ShortPolling,
            Kind::LongPoll => Transport::LongPolling,
        }
    }
}

/// Finds out what a server speaks at its URL.
///
/// # Errors
/// It can't be told; the text says what to write.
pub async fn find(server: &CheckedServer, said: Option<Kind>) -> Result<Transport, UsageError> {
    if let Some(kind) = said {
        return Ok(kind.transport());
    }
    if server.is_websocket {
        return Ok(Transport::WebSocket);
    }
    let path = server.path.split('?').next().unwrap_or_default();
    let mut choices = Transport::CHOICES.into_iter();
    let of_contract = choices.find(|one| {
        let endpoint = format!("/{}", one.descriptor().endpoint);
        path.contains("/feeds/") && path.ends_with(&endpoint)
    });
    if let Some(transport) = of_contract.or(Transport::at(path).map(|(one, _)| one)) {
        return Ok(transport);
    }
    let asked = ask(server).await;
    let url = &server.url;
    let unclear = |why: String| {
        UsageError(format!(
            "{url}: {why}; write --as sse, --as poll, --as long-poll, --as ndjson or --as ws"
        ))
    };
    match asked {
        Err(Seen::NoAnswer(_)) => Ok(Transport::LongPolling),
        Err(Seen::NoHttp(begin)) => Err(unclear(format!("the answer is not HTTP: {begin}"))),
        Err(_) => Err(unclear(
            "the server ended the connection without an answer".to_owned(),
        )),
        Ok(Asked { head, .. }) => match (head.status, &*head.media_type()) {
            (200..=299, "text/event-stream") => Ok(Transport::Sse),
            (200..=299, "application/x-ndjson" | "application/jsonl") => Ok(Transport::Ndjson),
            (200..=299, "application/json") | (204, _) => Ok(Transport::ShortPolling),
            (426, _) => Ok(Transport::WebSocket),
            (200..=299, other) => {
                let kind = if other.is_empty() { "no type" } else { other };
                Err(unclear(format!(
                    "{kind} does not say which transport this is"
                )))
            }
            _ => Err(unclear(format!(
                "the answer is {}: is the path right?",
                head.line
            ))),
        },
    }
}

async fn ask(server: &CheckedServer) -> Result<Asked, Seen> {
    let link = server.endpoint.connect(Manner::default()).await;
    let mut link = link.map_err(|error| Seen::Unreachable(error.to_string()))?;
    let (path, host) = (&server.path, &server.host);
    let accept = "Accept: text/event-stream, application/x-ndjson, application/json, */*";
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{accept}\r\n\r\n");
    link.send(request.as_bytes()).await;
    read_head(link, SHORT_POLL).await
}
