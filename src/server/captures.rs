//! The addresses of captures: what was recorded, with what is said of it, and as packets.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde::Deserialize;

use crate::server::addresses::{Address, Route};
use crate::server::extract::ApiQuery;
use crate::service::answer::ApiError;
use crate::service::capture::Capture;
use crate::service::counters::ConnectionCounters;
use crate::service::state::AppState;
use crate::wire::annotate;
use crate::wire::document::document;
use crate::wire::pcap::pcap;

/// Ends the name of a capture that is asked for as packets.
const PCAP: &str = ".pcap";

/// The addresses of captures.
pub fn routes() -> Vec<Route> {
    let about = "bytes of the connection that asked with ?capture=ID, explained; ID.pcap: for \
                 Wireshark; POST: the server sends a ping or heartbeat on it, or ends its hold";
    vec![(
        Address::get("/captures/{id}", about),
        get(capture).post(send_ping),
    )]
}

/// What the client has of a capture.
#[derive(Debug, Deserialize)]
struct Seen {
    seen: Option<usize>,
}

fn find(state: &AppState, name: &str) -> Result<Arc<Capture>, ApiError> {
    let id = name.parse();
    let id = id.map_err(|advice: String| ApiError::new(StatusCode::BAD_REQUEST, advice))?;
    state.captures.get(id).ok_or_else(|| {
        let advice = "there is no such capture: ask an endpoint with ?capture=ID first; it is \
                      kept for 10 minutes, and a busy server takes no more";
        ApiError::new(StatusCode::NOT_FOUND, advice)
    })
}

async fn capture(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    Path(name): Path<String>,
    ApiQuery(Seen { seen }): ApiQuery<Seen>,
) -> Result<Response, ApiError> {
    let packets = name.strip_suffix(PCAP);
    let capture = match find(&state, packets.unwrap_or(&name)) {
        // Its request may still come.
        Err(error) if error.status == StatusCode::NOT_FOUND && seen == Some(0) => {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        found => found?,
    };
    let (bytes, is_over) = capture.progress();
    if seen.is_some_and(|seen| seen == bytes && !is_over) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let recording = capture.recording();
    let (media_type, body) = match packets {
        Some(_) => ("application/vnd.tcpdump.pcap", pcap(&recording)),
        None => {
            let annotated = annotate(&recording);
            ("application/json", document(&recording, &annotated))
        }
    };
    let body = counters
        .counted(Bytes::from(body))
        .ok_or_else(ApiError::no_memory)?;
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn send_ping(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    match find(&state, &name)?.ping() {
        true => Ok(StatusCode::NO_CONTENT),
        false => {
            let advice = "this connection waits for nothing: open it again";
            Err(ApiError::new(StatusCode::CONFLICT, advice))
        }
    }
}
