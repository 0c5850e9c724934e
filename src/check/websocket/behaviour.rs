//! What a server does with messages, found out by sending it some.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::check::bench::Bench;
use crate::check::link::Manner;
use crate::check::token::Token;
use crate::check::websocket::conversation::{Conversation, Ending};
use crate::check::websocket::frames::{FIN, TEXT};
use crate::check::websocket::language::{Behaviour, Language};

/// How long a server has for its first answer in a language, and how much longer for a second
/// client.
const FIRST: Duration = Duration::from_millis(1_000);
const SECOND: Duration = Duration::from_millis(400);

/// How long a message may take into a history.
const KEPT: Duration = Duration::from_millis(50);

/// Finds out what a server does with messages: tries all languages until a client hears one.
pub async fn find(bench: &Arc<Bench>) -> Behaviour {
    for language in Language::ALL {
        if let Some(found) = try_language(bench, language).await {
            return found;
        }
    }
    Behaviour::default()
}

async fn try_language(bench: &Arc<Bench>, language: Language) -> Option<Behaviour> {
    let open = || Conversation::speaking(bench, Manner::default(), language);
    let (mut author, mut other) = (open().await.ok()?, open().await.ok()?);
    let token = Token::random();
    let message = language.message(&token, "");
    author.send(FIN | TEXT, &message).await;
    let wait = async |one: &mut Conversation| one.hear(&token, FIRST).await;
    let (heard, other_heard) = tokio::select! {
        heard = wait(&mut author) => {
            // A refusal in this language says nothing of another client.
            let second = match heard {
                Ok(_) => other.hear(&token, SECOND).await,
                Err(Ending::Open(_)) => other.hear(&token, Duration::ZERO).await,
                Err(_) => return None,
            };
            (heard, second)
        }
        heard = wait(&mut other) => (author.hear(&token, SECOND).await, heard),
    };
    let found = Behaviour {
        language,
        to_author: heard.is_ok(),
        exactly: heard.is_ok_and(|payload| payload == message),
        to_others: other_heard.is_ok(),
        to_later: false,
    };
    if !found.is_heard() {
        return None;
    }
    sleep(KEPT).await;
    let mut later = open().await.ok()?;
    let to_later = later.hear(&token, SECOND).await.is_ok();
    Some(Behaviour { to_later, ..found })
}
