//! A deadline that is usually moved before it is reached.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that ends at its deadline, if it has one. Moving the deadline is cheap: the runtime's
/// timer stays as it is, and is set again when it fires too early.
#[derive(Debug, Default)]
pub struct LazyDeadline {
    timer: Option<Pin<Box<Sleep>>>,
    deadline: Option<Instant>,
}

impl LazyDeadline {
    /// Moves or removes the deadline.
    pub fn set(&mut self, deadline: impl Into<Option<Instant>>) {
        self.deadline = deadline.into();
    }

    /// Must be called within a runtime.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_at_its_latest_deadline_and_again_at_the_next() {
        let second = Duration::from_secs(1);
        let begin = Instant::now();
        let mut timer = LazyDeadline::default();
        for (deadline_s, ends_s) in [(5, 5), (9, 9), (8, 9), (20, 20)] {
            timer.set(begin + second * deadline_s);
            poll_fn(|cx| timer.poll(cx)).await;
            assert_eq!(begin.elapsed().as_secs(), ends_s);
        }
        timer.set(begin + second * 40);
        timer.set(begin + second * 30);
        poll_fn(|cx| timer.poll(cx)).await;
        assert_eq!(begin.elapsed().as_secs(), 30);
    }
}
