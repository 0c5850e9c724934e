//! The connections of the room, so that the teacher can cut them.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Context;

use futures_util::task::AtomicWaker;
use slab::Slab;

/// All connections.
#[derive(Debug, Default)]
pub struct Links {
    open: Mutex<Slab<Arc<Link>>>,
}

/// One connection. Its task waits for the peer, and for a cut.
#[derive(Debug, Default)]
pub struct Link {
    /// Whether it serves a feed: others, as that of the hall, are never cut.
    is_of_feed: AtomicBool,
    /// The mark of its page's requests; 0 where they have none.
    mark: AtomicU64,
    is_cut: AtomicBool,
    task: AtomicWaker,
}

/// A connection in the list until this is dropped.
#[derive(Debug)]
pub struct OpenLink {
    links: Arc<Links>,
    key: usize,
    pub link: Arc<Link>,
}

impl Links {
    pub fn open(self: &Arc<Self>) -> OpenLink {
        let link = Arc::<Link>::default();
        let key = self
            .open
            .lock()
            .expect("no panic under the lock")
            .insert(link.clone());
        OpenLink {
            links: self.clone(),
            key,
            link,
        }
    }

    /// Cuts those that serve a feed: all, or those whose requests have a mark. Returns how many.
    pub fn cut(&self, mark: Option<NonZeroU64>) -> usize {
        let is_meant = |link: &Link| {
            let own = link.mark.load(Relaxed);
            link.is_of_feed() && mark.is_none_or(|mark| mark.get() == own)
        };
        let open = self.open.lock().expect("no panic under the lock");
        let meant = open.iter().filter(|(_, link)| is_meant(link));
        meant.map(|(_, link)| link.cut()).count()
    }
}

impl Link {
    /// A request has come: whether it is for a feed, and its mark.
    pub fn serves(&self, is_of_feed: bool, mark: Option<NonZeroU64>) {
        self.is_of_feed.store(is_of_feed, Relaxed);
        self.mark.store(mark.map_or(0, NonZeroU64::get), Relaxed);
    }

    pub fn is_of_feed(&self) -> bool {
        self.is_of_feed.load(Relaxed)
    }

    /// Whether it is cut; otherwise the task is woken when it is.
    pub fn poll_cut(&self, cx: &Context<'_>) -> bool {
        self.task.register(cx.waker());
        self.is_cut.load(Relaxed)
    }

    fn cut(&self) {
        self.is_cut.store(true, Relaxed);
        self.task.wake();
    }
}

impl Drop for OpenLink {
    fn drop(&mut self) {
        let mut open = self.links.open.lock().expect("no panic under the lock");
        open.remove(self.key);
    }
}
