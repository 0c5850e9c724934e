//! What a transport states about itself.

use std::convert::Infallible;
use std::pin::Pin;

use crate::client::error::ClientError;
use crate::client::subscription::Subscription;
use crate::runtime::event_loop;
use crate::service::answer::ApiError;
use crate::service::state::AppState;
use crate::transport::ask::Ask;
use crate::transport::reply::Reply;
use crate::transport::theory::{Conditions, Prediction};

/// The client's end of a transport, running until the connection ends.
pub type Subscribing<'a> = Pin<Box<dyn Future<Output = Result<Infallible, ClientError>> + 'a>>;

/// Called with the subscription and the reason when the client's end has ended.
pub type Ended = Box<dyn FnOnce(Subscription, ClientError)>;

/// What a transport states about itself. Lists, help texts, routes, labels and plots derive from
/// it.
pub struct Descriptor {
    /// The spelling on the command line, in TOML, CSV, plots and labels.
    pub name: &'static str,
    /// The name within a sentence.
    pub title: &'static str,
    /// Other spellings that the command line and TOML accept.
    pub aliases: &'static [&'static str],
    /// The colour in every plot and on the page, as `#rrggbb`, after the palette of Okabe and Ito
    /// (2008), which colour-blind readers can tell apart. It has a contrast of 3 to 1 or more with
    /// white and with the report's dark background (WCAG 2.2, 1.4.11); black becomes white there.
    pub colour: &'static str,
    /// The last segment of its path: `/feeds/{feed}/{endpoint}`.
    pub endpoint: &'static str,
    /// A path of its own for the feed `lobby`.
    pub lobby_path: Option<&'static str>,
    /// How its endpoint is used, for the list of the server's addresses.
    pub usage: Usage,
    /// What its connections become instead of HTTP (RFC 9110, section 7.8).
    pub upgrade: Option<&'static str>,
    /// Whether clients ask again and again, instead of receiving a stream.
    pub polls: bool,
    /// Whether a client publishes over its own connection, instead of by POST.
    pub publishes_in_band: bool,
    /// Whether it is the baseline that the others are compared with; users choose among the others.
    pub baseline: bool,
    /// The server's end: the reply to one request.
    pub open: fn(&AppState, &Ask<'_>) -> Result<Reply, ApiError>,
    /// Latency and bytes by theory.
    pub predict: fn(&Conditions) -> Prediction,
    /// The client's end: connects and delivers messages until the connection ends.
    pub subscribe: fn(&mut Subscription) -> Subscribing<'_>,
    /// The client's end as a task of its own, see [`spawn`].
    pub spawn: fn(Subscription, Ended),
}

/// How an endpoint is used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub about: &'static str,
    /// A query to begin with.
    pub query: &'static str,
    /// What curl needs beside the URL.
    pub curl: &'static str,
}

/// Spawns the client's end. The task holds the future of this one transport, unboxed, so that it
/// is as small as the transport allows.
pub fn spawn(
    mut subscription: Subscription,
    subscribe: impl AsyncFnOnce(&mut Subscription) -> Result<Infallible, ClientError> + 'static,
    ended: Ended,
) {
    event_loop::spawn(async move {
        let Err(error) = subscribe(&mut subscription).await;
        ended(subscription, error);
    });
}
