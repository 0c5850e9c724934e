//! One HTTP exchange: a request goes out, its whole response comes in.
//!
//! The buffer of a [`Connection`] bounds a response. A longer one is an error.

use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::Response;
use crate::runtime::event_loop;

/// A response that is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("the server answered {status}: {advice}")]
    Refused { status: u16, advice: String },
}

impl Answer {
    /// The body of an answer with a status of 2xx. Any other status is an error.
    pub fn content(self) -> Result<Vec<u8>, ExchangeError> {
        match self.status {
            200..=299 => Ok(self.body),
            status => Err(ExchangeError::Refused {
                status,
                advice: self.advice().unwrap_or("it does not say why".to_owned()),
            }),
        }
    }

    /// What the body of a refusal tells its reader: `{"error":"…"}`.
    pub fn advice(&self) -> Option<String> {
        let json: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        Some(json["error"].as_str()?.to_owned())
    }
}

/// Sends `request` and reads its response, both within `patience`. Runs in the
/// [event loop](event_loop).
pub async fn fetch(
    connection: &mut Connection,
    request: &[u8],
    patience: Duration,
) -> Result<Answer, ExchangeError> {
    let answer = exchange(connection, request, |response| {
        Ok(Answer {
            status: response.head.status,
            body: response.body.into_owned(),
        })
    });
    let answer = event_loop::timeout(patience, answer).await;
    Ok(answer.ok_or(ExchangeError::Late(patience))??)
}

/// Sends `request`; returns what `read` makes of the response.
pub async fn exchange<T>(
    connection: &mut Connection,
    request: &[u8],
    read: impl FnMut(Response<'_>) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    connection.write_all(request).await?;
    read_response(connection, read).await
}

/// Reads one whole response; returns what `read` makes of it. May be cancelled without loss.
pub fn read_response<T>(
    connection: &mut Connection,
    mut read: impl FnMut(Response<'_>) -> Result<T, ClientError>,
) -> impl Future<Output = Result<T, ClientError>> {
    connection.read(move |bytes| match Response::parse(bytes)? {
        Some((response, used)) => Ok((used, Some(read(response)?))),
        None => Ok((0, None)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_change() {
        let answer = |status, body: &str| Answer {
            status,
            body: body.into(),
        };
        assert_eq!(answer(201, "x").content().unwrap(), b"x");
        for (body, expected) in [
            (
                r#"{"error":"write less"}"#,
                "the server answered 413: write less",
            ),
            ("<html>", "the server answered 413: it does not say why"),
        ] {
            let error = answer(413, body).content().unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
