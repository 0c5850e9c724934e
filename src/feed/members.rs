//! The members of a feed: its readers that gave a name.
//!
//! All connections of one name are one member, present while at least one of them reads. It leaves
//! some time after the last, so that a page that is loaded again, or a client that polls, stays.

use std::collections::BTreeMap;
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
    /// Places left on this server. A reader that finds none, or may not join yet, still reads; it
    /// is not announced.
    places: Arc<AddressLimiter>,
}

/// A name that reads.
#[derive(Debug)]
struct Member {
    /// What it reads by, now and in the last seconds.
    via: Vec<Via>,
    address: IpAddr,
    /// Without it, the reader waits to become a member.
    place: Option<AddressPermit>,
}

/// A transport by which a member reads.
#[derive(Debug)]
struct Via {
    transport: &'static str,
    /// Open streams and held polls.
    readers: usize,
    /// How long the member stays without them.
    until: Instant,
}

impl Via {
    fn is_present(&self, now: Instant) -> bool {
        self.readers > 0 || self.until > now
    }
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
        let present = self.present();
        let members = present.iter().filter(|(_, one)| one.place.is_some());
        members.map(|(name, _)| name.clone()).collect()
    }

    /// The names, in order, each with the transports by which it reads.
    pub fn transports(&self) -> BTreeMap<String, Vec<&'static str>> {
        let (present, now) = (self.present(), Instant::now());
        let members = present.iter().filter(|(_, one)| one.place.is_some());
        let transports = |member: &Member| {
            let via = member.via.iter().filter(|via| via.is_present(now));
            via.map(|via| via.transport).collect()
        };
        members
            .map(|(name, member)| (name.clone(), transports(member)))
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        self.present().is_empty()
    }

    /// Adds a reader by `transport` at `address`. A new name joins, for which `announce` is called,
    /// if a place is free and `may_join` allows it. Otherwise it waits: each [`Members::sweep`]
    /// tries again.
    pub fn enter(
        &self,
        name: &str,
        transport: &'static str,
        address: IpAddr,
        may_join: impl FnOnce(IpAddr) -> bool,
        announce: impl FnOnce(),
    ) {
        let mut present = self.present();
        let member = present.entry(name.to_owned()).or_insert_with(|| Member {
            via: Vec::new(),
            address,
            place: None,
        });
        member.via(transport).readers += 1;
        if member.joins(&self.places, may_join) {
            announce();
        }
    }

    /// Removes a reader by `transport`; its member stays for `linger` more.
    pub fn leave(&self, name: &str, transport: &'static str, linger: Duration) {
        let mut present = self.present();
        let Some(member) = present.get_mut(name) else {
            return;
        };
        let via = member.via(transport);
        via.readers -= 1;
        via.until = via.until.max(Instant::now() + linger);
        let reads = member.via.iter().any(|via| via.readers > 0);
        if !reads && member.place.is_none() {
            present.remove(name);
        }
    }

    /// Removes the members whose time is over, and adds those that wait and `may_join` now; calls
    /// `announce` for each, with its kind.
    pub fn sweep(
        &self,
        may_join: impl Fn(IpAddr) -> bool,
        mut announce: impl FnMut(&str, &'static str),
    ) {
        let mut present = self.present();
        if present.is_empty() {
            return;
        }
        let now = Instant::now();
        present.retain(|name, member| {
            member.via.retain(|via| via.is_present(now));
            let stays = !member.via.is_empty();
            if !stays {
                announce(name, "leave");
            } else if member.joins(&self.places, &may_join) {
                announce(name, "join");
            }
            stays
        });
    }
}

impl Member {
    fn via(&mut self, transport: &'static str) -> &mut Via {
        let known = self.via.iter().position(|via| via.transport == transport);
        let at = known.unwrap_or_else(|| {
            self.via.push(Via {
                transport,
                readers: 0,
                until: Instant::now(),
            });
            self.via.len() - 1
        });
        &mut self.via[at]
    }

    /// Takes a place, if it has none. Returns whether it has one now that it had not before.
    fn joins(
        &mut self,
        places: &Arc<AddressLimiter>,
        may_join: impl FnOnce(IpAddr) -> bool,
    ) -> bool {
        if self.place.is_some() {
            return false;
        }
        let place = places.acquire(self.address).ok();
        self.place = place.filter(|_| may_join(self.address));
        self.place.is_some()
    }
}
