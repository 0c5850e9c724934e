//! The addresses of a class: reports of devices, the hall, the teacher's orders, votes.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use crate::classroom::key::KeyError;
use crate::classroom::orders::Order;
use crate::classroom::room::{DeviceId, Report};
use crate::classroom::votes::{Question, VoteError};
use crate::classroom::{Classroom, qr};
use crate::server::addresses::{Address, Route};
use crate::server::extract::JsonBody;
use crate::service::answer::{ApiError, JSON_BEARER, JSON_RETRY, Whole};
use crate::service::counters::ConnectionCounters;

/// The class, which only a demonstration has.
type Class = Extension<Arc<Classroom>>;

/// The routes of a class.
pub fn routes() -> Vec<Route> {
    let posts = |path, about| Address {
        method: "POST",
        curl: "-H 'Content-Type: application/json' -d '{…}'",
        ..Address::get(path, about)
    };
    let orders = |path, about| Address {
        curl: "-H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d '{…}'",
        ..posts(path, about)
    };
    let state = Address::get("/hall/state", "devices, transports, orders and question");
    vec![
        (state, get(hall_state)),
        (
            posts(
                "/hall/report",
                r#"a device: {"device":"0123456789abcdef","lanes":{}}"#,
            ),
            post(report),
        ),
        (
            posts(
                "/vote",
                r#"a vote: {"device":"0123456789abcdef","ballot":1,"value":500}"#,
            ),
            post(vote),
        ),
        (
            Address::get("/vote/ballot", "the latest question, or null"),
            get(latest_ballot),
        ),
        (
            orders("/teacher/orders", r#"an order: {"do":"stop","for_s":5}"#),
            post(order),
        ),
        (
            orders(
                "/teacher/ballot",
                r#"a question: {"open":{"kind":"push-delay"}}; {"close":{}}"#,
            ),
            post(ballot),
        ),
        (
            orders("/teacher/room", "what the teacher alone is told: {}"),
            post(room),
        ),
        (
            Address::get("/qr.svg", "the page's address as a QR code"),
            get(page_code),
        ),
    ]
}

async fn hall_state(
    Extension(class): Class,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
) -> Result<Whole, ApiError> {
    let whole = Whole {
        status: StatusCode::OK,
        fields: "\r\ncontent-type: application/json\r\ncache-control: no-store",
        body: class.snapshot(),
    };
    whole.counted(&counters)
}

async fn report(
    Extension(class): Class,
    JsonBody(report): JsonBody<Report>,
) -> Result<Response, ApiError> {
    let answer = class.report(&report).map_err(|full| {
        let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, full.to_string());
        error.with_fields(JSON_RETRY)
    })?;
    Ok(Json(answer).into_response())
}

#[derive(Deserialize)]
struct Vote {
    device: DeviceId,
    ballot: u32,
    value: f64,
}

async fn vote(
    Extension(class): Class,
    JsonBody(vote): JsonBody<Vote>,
) -> Result<Response, ApiError> {
    let count = class.votes.vote(vote.ballot, vote.device, vote.value);
    let count = count.map_err(vote_error)?;
    Ok(Json(json!({ "count": count })).into_response())
}

/// The latest question. Its votes are told once it is closed.
async fn latest_ballot(Extension(class): Class) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(class.votes.view())).into_response()
}

fn vote_error(error: VoteError) -> ApiError {
    let status = match error {
        VoteError::OutOfBounds { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        VoteError::Closed | VoteError::Full => StatusCode::CONFLICT,
    };
    ApiError::new(status, error.to_string())
}

async fn order(
    Extension(class): Class,
    _teacher: Teacher,
    JsonBody(order): JsonBody<Order>,
) -> Result<Response, ApiError> {
    let cut = class.give(order).map_err(unprocessable)?;
    Ok(Json(json!({ "cut": cut })).into_response())
}

/// What the teacher does with the question.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum BallotOrder {
    Open(Question),
    Close { truth: Option<f64> },
}

async fn ballot(
    Extension(class): Class,
    _teacher: Teacher,
    JsonBody(order): JsonBody<BallotOrder>,
) -> Result<Response, ApiError> {
    match order {
        BallotOrder::Open(question) => class.ask(question).map_err(unprocessable)?,
        BallotOrder::Close { truth } => class.close(truth).map_err(vote_error)?,
    }
    Ok(Json(json!({})).into_response())
}

/// The hall's Wi-Fi, with its code: for the teacher's page alone.
async fn room(Extension(class): Class, _teacher: Teacher) -> Response {
    let wifi = class.wifi.as_ref().map(|wifi| {
        json!({
            "ssid": wifi.ssid,
            "password": wifi.password,
            "code": qr::svg(&wifi.payload()),
        })
    });
    Json(json!({ "wifi": wifi })).into_response()
}

async fn page_code(Extension(class): Class) -> Result<Response, ApiError> {
    let code = class.page.as_deref().and_then(qr::svg).ok_or_else(|| {
        let advice = "this server is for its own machine alone: start it with --bind 0.0.0.0";
        ApiError::new(StatusCode::NOT_FOUND, advice)
    })?;
    Ok(([(CONTENT_TYPE, "image/svg+xml")], code).into_response())
}

fn unprocessable(error: impl ToString) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}

/// A request that carries the teacher's key.
struct Teacher;

impl<S: Send + Sync> FromRequestParts<S> for Teacher {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let class = parts.extensions.get::<Arc<Classroom>>();
        let counters = parts.extensions.get::<Arc<ConnectionCounters>>();
        let (class, counters) = class.zip(counters).expect("every request has both");
        let key = parts.headers.get(AUTHORIZATION);
        let key = key.and_then(|key| key.to_str().ok());
        class.key.check(key, counters.address).map_err(key_error)?;
        Ok(Teacher)
    }
}

fn key_error(error: KeyError) -> ApiError {
    match error {
        KeyError::Wrong => {
            let advice = "this needs the teacher's key, which wslab demo prints at its start: \
                          write Authorization: Bearer KEY";
            let error = ApiError::new(StatusCode::UNAUTHORIZED, advice);
            error.with_fields(JSON_BEARER)
        }
        KeyError::TooOften => {
            let advice = "your address tries keys too often: wait a second";
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, advice);
            error.with_fields(JSON_RETRY)
        }
    }
}
