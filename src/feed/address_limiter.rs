//! Limits on what clients take of a server: in all, and of one address. Connections, feeds and
//! members are limited so.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limit that refuses a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// On all permits.
    All,
    /// On the permits of one address.
    Address,
}

/// Numbers of permits.
#[derive(Clone, Copy, Debug)]
pub struct AddressLimits {
    pub all: u32,
    /// Of one address. Without it, half of all, so that one address can't keep out all others; but
    /// all for an address of this machine, which is that of a proxy or of a measurement.
    pub per_address: Option<u32>,
}

#[derive(Debug)]
pub struct AddressLimiter {
    capacity: AddressLimits,
    free: Arc<Semaphore>,
    taken: Mutex<HashMap<IpAddr, u32>>,
}

/// The permission to keep a connection, a feed or a member, returned on drop.
#[derive(Debug)]
pub struct AddressPermit {
    limiter: Arc<AddressLimiter>,
    pub address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl AddressLimiter {
    pub fn new(capacity: AddressLimits) -> Arc<Self> {
        Arc::new(AddressLimiter {
            capacity,
            free: Arc::new(Semaphore::new(capacity.all as usize)),
            taken: Mutex::default(),
        })
    }

    /// A permit for `address`, which is a [`network`].
    pub fn acquire(self: &Arc<Self>, address: IpAddr) -> Result<AddressPermit, LimitReached> {
        let mut taken = self.taken.lock().expect("no panic under the lock");
        // Its own limit first: where all are taken as well, others must not make room for it.
        let max = self.capacity.of(address);
        if max < self.capacity.all && taken.get(&address).is_some_and(|taken| *taken >= max) {
            return Err(LimitReached::Address);
        }
        let permit = self.free.clone().try_acquire_owned();
        let permit = permit.map_err(|_| LimitReached::All)?;
        *taken.entry(address).or_default() += 1;
        Ok(AddressPermit {
            limiter: self.clone(),
            address,
            _permit: permit,
        })
    }

    /// Returns when no permit is held.
    pub async fn all_free(&self) {
        let _ = self.free.acquire_many(self.capacity.all).await;
    }
}

impl AddressLimits {
    fn of(&self, address: IpAddr) -> u32 {
        match self.per_address {
            Some(number) => number,
            None if address.is_loopback() => self.all,
            None => self.all.div_ceil(2),
        }
    }
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        let mut taken = self.limiter.taken.lock().expect("no panic under the lock");
        if let Entry::Occupied(mut entry) = taken.entry(self.address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

/// The address that limits go by. For IPv6 it is the prefix of the 2^64 addresses that every client
/// has (RFC 4291, section 2.5.4).
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let prefix = address.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(prefix).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        network(text.parse().unwrap())
    }

    #[test]
    fn one_address_never_takes_all_places_unless_it_is_of_this_machine() {
        let limiter = AddressLimiter::new(AddressLimits {
            all: 4,
            per_address: None,
        });
        let take = |text| limiter.acquire(address(text));
        let first = take("192.0.2.1").unwrap();
        let _second = take("192.0.2.1").unwrap();
        assert_eq!(take("192.0.2.1").unwrap_err(), LimitReached::Address);
        let _third = take("192.0.2.2").unwrap();
        drop(first);
        let _fourth = take("192.0.2.1").unwrap();
        let fifth = take("127.0.0.1").unwrap();
        assert_eq!(take("192.0.2.2").unwrap_err(), LimitReached::All);
        let own = take("192.0.2.1").unwrap_err();
        assert_eq!(own, LimitReached::Address, "others need not make room");
        drop(fifth);
        let _fifth = take("2001:db8::1").unwrap();
        assert_eq!(take("127.0.0.1").unwrap_err(), LimitReached::All);
        let local = AddressLimiter::new(limiter.capacity);
        let all: Vec<_> = (0..4)
            .map(|_| local.acquire(address("::1")).unwrap())
            .collect();
        drop(all);
        assert!(local.taken.lock().unwrap().is_empty(), "all is forgotten");
    }

    #[test]
    fn an_address_is_a_network_in_ipv6() {
        assert_eq!(address("2001:db8:0:1::1"), address("2001:db8:0:1:ffff::9"));
        assert_ne!(address("2001:db8:0:1::1"), address("2001:db8:0:2::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }
}
