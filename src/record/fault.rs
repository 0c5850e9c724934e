//! A fault: what is done to a trial on purpose, when, and to which clients. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is done. Its name is the one in scenarios: `restart-server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames, strum::EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum FaultKind {
    /// The server is asked to end (SIGTERM), and starts again at the same address.
    RestartServer,
    /// The server stands still (SIGSTOP), and goes on.
    StopServer,
    /// The server ends at once (SIGKILL) with all that it held, and starts again at the same
    /// address.
    KillServer,
    /// Connections are reset (RST). Both ends are told.
    Cut,
    /// Connections fall silent without a FIN: what the server sends to them is lost, and not
    /// acknowledged.
    HalfOpen,
    /// Clients read a few bytes a second.
    SlowReaders,
    /// The load stands still (SIGSTOP), and goes on. Its figures are worth nothing then.
    DeafLoad,
    /// Clients leave, and come back all at once.
    FlashCrowd,
}

impl FaultKind {
    /// Whether the load does it to some of its clients. Otherwise it is done to a process.
    pub const fn is_of_clients(self) -> bool {
        use FaultKind::*;
        matches!(self, Cut | HalfOpen | SlowReaders | FlashCrowd)
    }

    /// Whether it is done to the server's process.
    pub const fn is_of_server(self) -> bool {
        self.ends_server() || matches!(self, FaultKind::StopServer)
    }

    /// Whether the server's process is replaced.
    pub const fn ends_server(self) -> bool {
        matches!(self, FaultKind::RestartServer | FaultKind::KillServer)
    }
}

/// A fault of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    /// When it begins, since the window opened.
    pub at: Duration,
    /// How long it lasts; 0 for one of a moment, `None` for one that lasts to the trial's end.
    pub lasts: Option<Duration>,
    /// The clients that it meets.
    pub clients: ClientSubset,
    /// What a slow reader reads.
    pub bytes_per_s: u64,
    /// The server still has its messages when it starts again.
    pub keeps_history: bool,
}

impl Fault {
    /// When it begins, where the window opened at `opens_ns`.
    pub fn begins_ns(&self, opens_ns: u64) -> u64 {
        opens_ns + self.at.as_nanos() as u64
    }

    /// When it ends; when it begins, if it lasts to the trial's end.
    pub fn ends_ns(&self, opens_ns: u64) -> u64 {
        self.begins_ns(opens_ns) + self.lasts.unwrap_or_default().as_nanos() as u64
    }
}

/// The index of the latest of `faults` that has begun at a time; they are one after the other.
pub fn latest(faults: &[Fault], opens_ns: u64, at_ns: u64) -> Option<usize> {
    let begun = |fault: &&Fault| fault.begins_ns(opens_ns) <= at_ns;
    faults.iter().take_while(begun).count().checked_sub(1)
}

/// A part of the clients, spread over all of them. It has its size exactly, and follows from its
/// seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSubset {
    of: u32,
    size: u32,
    factor: u32,
    offset: u32,
}

impl ClientSubset {
    /// A share (0 to 1) of `of` clients: at least one, unless the share is 0.
    pub fn new(share: f64, of: u32, seed: u64) -> Self {
        let size = (share * f64::from(of)).round() as u32;
        // n × factor + offset mod `of` takes every value once, if the factor has no divisor in
        // common with `of` (Knuth, volume 2, section 3.2.1.2). A golden section of `of` spreads
        // what follows each other.
        let near = (f64::from(of) * 0.618_033_988_749_895) as u32;
        let factor = (near.max(1)..).find(|&factor| gcd(factor, of) == 1);
        // Hashing by multiplication (Knuth, volume 3, section 6.4).
        let scattered = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        ClientSubset {
            of,
            size: if share > 0.0 { size.clamp(1, of) } else { 0 },
            factor: factor.expect("of + 1 has none in common"),
            offset: (scattered % u64::from(of.max(1))) as u32,
        }
    }

    /// No client.
    pub const NONE: ClientSubset = ClientSubset {
        of: 1,
        size: 0,
        factor: 1,
        offset: 0,
    };

    pub fn size(&self) -> u64 {
        self.size.into()
    }

    /// Whether the client of this number, from 0, is one of them.
    pub fn contains(&self, client: u32) -> bool {
        let place = u64::from(client) * u64::from(self.factor) + u64::from(self.offset);
        place % u64::from(self.of) < u64::from(self.size)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_has_its_size_whatever_its_seed_and_meets_all_parts_of_the_crowd() {
        for of in [1, 2, 3, 10, 100, 4_999, 5_000] {
            for share in [0.0, 0.001, 0.1, 0.5, 1.0] {
                for seed in [0, 1, 77] {
                    let subset = ClientSubset::new(share, of, seed);
                    let count = |from, to| (from..to).filter(|&n| subset.contains(n)).count();
                    let size = subset.size() as usize;
                    assert_eq!(count(0, of), size, "{share} of {of}");
                    assert_eq!(size == 0, share == 0.0);
                    let half = count(0, of / 2);
                    let spread = size < 50 || half.abs_diff(size / 2) <= size / 20;
                    assert!(spread, "{half} of {size}");
                }
            }
        }
        let of_seed = |seed| {
            let subset = ClientSubset::new(0.1, 5_000, seed);
            (0..5_000)
                .filter(|&n| subset.contains(n))
                .collect::<Vec<_>>()
        };
        assert_eq!(of_seed(1), of_seed(1));
        assert_ne!(of_seed(1), of_seed(2));
        assert!(!ClientSubset::NONE.contains(0));
    }
}
