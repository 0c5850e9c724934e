//! One HTTP exchange: a request goes out, its whole response comes in.
//!
//! The buffer of a [`Connection`] bounds a response. A longer one is an error.

use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::{Response, Wanted};
use crate::runtime::event_loop;

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("no answer within {0:?}")]
    Late(Duration),
}

/// Sends `request` and returns the body of its response, which must be what is `wanted`, all within
/// `patience`. Runs in the [event loop](event_loop).
pub async fn fetch(
    connection: &mut Connection,
    request: &[u8],
    wanted: Wanted,
    patience: Duration,
) -> Result<Vec<u8>, ExchangeError> {
    let answer = exchange(connection, request, |response| {
        response.head.check(wanted, &response.body)?;
        Ok(response.body.into_owned())
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
