//! The state that all connections of a server share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};

use tokio::sync::Notify;

use crate::feed::Feeds;
use crate::service::captures::Captures;
use crate::service::counters::ServerMetrics;
use crate::service::limits::Limits;
use crate::service::rate_limiter::{RateExceeded, RateLimiter};
use crate::texts::Locale;

/// The feed of the addresses that name none: `/chat` and `/events`.
pub const LOBBY: &str = "lobby";

/// The state that all connections of a server share.
#[derive(Debug)]
pub struct AppState {
    pub feeds: Feeds,
    pub limits: Limits,
    /// Bounds how often one address may publish; `None` means no bound.
    pub rate_limiter: Option<RateLimiter>,
    joins: RateLimiter,
    /// The language of the pages, where neither the visitor nor the browser's address chose one;
    /// `None` for that of the browser.
    pub page_language: Option<Locale>,
    pub metrics: Arc<ServerMetrics>,
    pub captures: Captures,
    closing: AtomicBool,
    closes: Notify,
}

impl AppState {
    pub fn new(feeds: Feeds, limits: Limits) -> Self {
        AppState {
            metrics: ServerMetrics::new(feeds.memory().clone()),
            feeds,
            limits,
            rate_limiter: None,
            joins: RateLimiter::of_joins(),
            page_language: None,
            captures: Captures::default(),
            closing: AtomicBool::new(false),
            closes: Notify::new(),
        }
    }

    /// Counts a message of `address`.
    ///
    /// # Errors
    /// The address publishes too often.
    pub fn check_rate(&self, address: IpAddr) -> Result<(), RateExceeded> {
        let check = |limiter: &RateLimiter| limiter.check(address);
        self.rate_limiter.as_ref().map_or(Ok(()), check)
    }

    /// Whether an address may join a feed now. A join counts as a message as well.
    pub fn may_join(&self, address: IpAddr) -> bool {
        self.joins.check(address).is_ok() && self.check_rate(address).is_ok()
    }

    /// Begins the shutdown: every stream and held poll ends in good order.
    pub fn close(&self) {
        // The flag comes first, so that the answers of held polls carry Connection: close.
        self.closing.store(true, Release);
        self.closes.notify_waiters();
        self.feeds.close();
    }

    /// Whether the shutdown has begun.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Acquire)
    }

    /// Returns once the shutdown has begun.
    pub async fn closed(&self) {
        // Register first, check second, so that a shutdown in between is not lost.
        let closes = self.closes.notified();
        if !self.is_closing() {
            closes.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::{Context, Wake};

    use super::*;
    use crate::feed::Retention;

    /// Records, when it is woken, whether the shutdown has begun.
    struct Look(Arc<AppState>, AtomicBool);

    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            self.1.store(self.0.is_closing(), Relaxed);
        }
    }

    #[test]
    fn a_held_poll_that_the_shutdown_answers_sees_the_shutdown() {
        let feeds = Feeds::new(Retention::default(), 1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let mut reader = state.feeds.keep("a").unwrap().reader(None);
        let mut next = pin!(reader.next());
        let look = Arc::new(Look(state.clone(), AtomicBool::new(false)));
        let waker = look.clone().into();
        let mut context = Context::from_waker(&waker);
        assert!(next.as_mut().poll(&mut context).is_pending());
        state.close();
        assert!(look.1.load(Relaxed));
        assert!(next.as_mut().poll(&mut context).is_ready());
    }
}
