//! The members of a feed: its readers that gave a name.
//!
//! All connections of one name are one member, present while at least one of them reads. It leaves
//! some time after the last, so that a page that is loaded again, or a client that polls, stays.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use crate::feed::address_limiter::{AddressLimiter, AddressPermit};

/// The members of one feed. Only joins and leaves touch them; delivering a message does not.
///
/// `announce` is called under the lock, so that joins and leaves stand in the feed in their true
/// order.
#[derive(Debug)]
pub struct Members {
    present: Mutex<BTreeMap<String, Member>>,
    /// Places left on this server. A reader that finds none, or may not join, still reads; it is
    /// not announced.
    places: Arc<AddressLimiter>,
}

#[derive(Debug)]
struct Member {
    /// Open streams and held polls.
    readers: usize,
    /// When a member without readers leaves.
    until: Instant,
    _place: AddressPermit,
}

impl Members {
    pub fn new(places: Arc<AddressLimiter>) -> Self {
        let present = Mutex::default();
        Members { present, places }
    }

    fn present(&self) -> MutexGuard<'_, BTreeMap<String, Member>> {
        self.present.lock().expect("no panic under the lock")
    }

    /// The names, in order.
    pub fn names(&self) -> Vec<String> {
        self.present().keys().cloned().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.present().is_empty()
    }

    /// Adds a reader at `address`. For a new name, `may_join` decides and `announce` is called.
    /// Returns whether the reader is a member: a place was free and `may_join` allowed it.
    pub fn enter(
        &self,
        name: &str,
        address: IpAddr,
        may_join: impl FnOnce() -> bool,
        announce: impl FnOnce(),
    ) -> bool {
        match self.present().entry(name.to_owned()) {
            Entry::Occupied(member) => member.into_mut().readers += 1,
            Entry::Vacant(vacant) => {
                let Ok(place) = self.places.acquire(address) else {
                    return false;
                };
                if !may_join() {
                    return false;
                }
                vacant.insert(Member {
                    readers: 1,
                    until: Instant::now(),
                    _place: place,
                });
                announce();
            }
        }
        true
    }

    /// Removes a reader; its member stays for `linger` more.
    pub fn leave(&self, name: &str, linger: Duration) {
        if let Some(member) = self.present().get_mut(name) {
            member.readers -= 1;
            member.until = member.until.max(Instant::now() + linger);
        }
    }

    /// Removes the members whose time is over; calls `announce` for each.
    pub fn sweep(&self, mut announce: impl FnMut(&str)) {
        let mut present = self.present();
        if present.is_empty() {
            return;
        }
        let now = Instant::now();
        present.retain(|name, member| {
            let stays = member.readers > 0 || member.until > now;
            if !stays {
                announce(name);
            }
            stays
        });
    }
}
