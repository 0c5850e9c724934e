//! The event stream of the exercises: `GET /eventos`, an event every 2 s, for pages of any origin.
//!
//! ```text
//! id: 1
//! data: {"contador":1,"mensagem":"Atualização 1","horario":"14:03:22"}
//! ```

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::time::sleep;

use crate::classroom::lab::readings;

/// The time between two events.
const EVERY: Duration = Duration::from_secs(2);

/// The path that the exercises name.
pub const PATH: &str = "/eventos";

/// The field of nginx against buffering.
const NO_BUFFER: &str = "x-accel-buffering";

pub fn router() -> Router {
    Router::new()
        .route(PATH, get(events))
        .route("/", get(async || Redirect::temporary(PATH)))
}

async fn events(uri: Uri, headers: HeaderMap) -> Response {
    let with_sensors = uri.query().is_some_and(|query| {
        let mut names = query.split('&').map(|pair| pair.split('=').next());
        names.any(|name| name == Some("sensores"))
    });
    // A browser that comes back goes on with its count.
    let last = headers.get("last-event-id");
    let last = last.and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let count = last.unwrap_or(0);
    let pieces = stream::unfold((count, true), move |(count, is_first)| async move {
        if !is_first {
            sleep(EVERY).await;
        }
        let count = count.wrapping_add(1);
        let data = readings::event(count, with_sensors);
        let piece = format!("id: {count}\ndata: {data}\n\n");
        Some((Ok::<_, Infallible>(piece), (count, false)))
    });
    let fields = [
        (CONTENT_TYPE.as_str(), "text/event-stream"),
        (CACHE_CONTROL.as_str(), "no-store"),
        (ACCESS_CONTROL_ALLOW_ORIGIN.as_str(), "*"),
        (NO_BUFFER, "no"),
    ];
    (fields, Body::from_stream(pieces)).into_response()
}
