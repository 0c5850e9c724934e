//! Pinning: server and load each run on cores of their own and do not compete for CPU time.

use std::fmt;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::error::UsageError;
use crate::system::cpus::Cpus;
use crate::system::files::SystemFiles;

/// The CPUs of the server and those of the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinning {
    pub server: Cpus,
    pub load: Cpus,
}

impl fmt::Display for Pinning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server {}; load {}", self.server, self.load)
    }
}

impl Pinning {
    /// The pinning of a run: what the user `asked` for, else that of the run that it repeats.
    ///
    /// Fails if the recorded CPUs can't be used. A server that is not ours (`own_server` false) is
    /// not pinned.
    pub fn choose(
        asked: Option<bool>,
        recorded: Option<&Pinning>,
        own_server: bool,
    ) -> anyhow::Result<Option<Pinning>> {
        match (asked, recorded) {
            (Some(false), _) | (None, None) => Ok(None),
            (Some(true), _) if !own_server => Err(UsageError(
                "pin: the server of a target is not ours to pin; leave --target or --pin out, and \
                 use taskset where the server is started"
                    .to_owned(),
            )
            .into()),
            (None, Some(_)) if !own_server => Ok(None),
            (None, Some(recorded)) => recorded.check(&allowed()?).map(Some),
            (Some(true), _) => {
                let files = SystemFiles::host();
                Pinning::divide(&allowed()?, |cpu| files.core_siblings(cpu)).map(Some)
            }
        }
    }

    /// Divides the allowed CPUs: the lower half for the server, the upper half for the load. Of an
    /// odd number the load gets the larger part, as it must not be the bottleneck.
    ///
    /// The threads of one core stay together if there are at least two cores. `siblings` returns
    /// the CPUs that share a core with the given one.
    fn divide(allowed: &Cpus, siblings: impl Fn(usize) -> Option<Cpus>) -> anyhow::Result<Self> {
        ensure!(
            allowed.count() >= 2,
            "pin: this process may use one CPU only ({allowed}), and server and load need one \
             each; leave --pin out, or allow it more CPUs",
        );
        let core = |cpu: usize| siblings(cpu).map_or(cpu, |all| all.numbers()[0]);
        let mut by_core: Vec<(usize, usize)> = allowed
            .numbers()
            .iter()
            .map(|&cpu| (core(cpu), cpu))
            .collect();
        by_core.sort_unstable();
        let cores: Vec<&[(usize, usize)]> = by_core.chunk_by(|a, b| a.0 == b.0).collect();
        let (server, load) = match &cores[..] {
            // Of one core, divide the threads.
            [threads] => threads.split_at(threads.len() / 2),
            cores => {
                let server = cores[..cores.len() / 2].iter().map(|core| core.len()).sum();
                by_core.split_at(server)
            }
        };
        let cpus = |half: &[(usize, usize)]| Cpus::new(half.iter().map(|(_, cpu)| *cpu));
        Ok(Pinning {
            server: cpus(server).context("half of at least two is not empty")?,
            load: cpus(load).context("half of at least two is not empty")?,
        })
    }

    /// A recorded pinning, if all of its CPUs are allowed now.
    fn check(&self, allowed: &Cpus) -> anyhow::Result<Self> {
        ensure!(
            allowed.include(&self.server) && allowed.include(&self.load),
            "pin: that run had {self}, and this process may use CPUs {allowed}; add --pin to \
             divide these, or --pin=off",
        );
        Ok(self.clone())
    }
}

fn allowed() -> anyhow::Result<Cpus> {
    Cpus::allowed().context("pin: the kernel does not tell which CPUs this process may use")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpus(text: &str) -> Cpus {
        text.parse().unwrap()
    }

    fn divided(allowed: &str, siblings: impl Fn(usize) -> Option<Cpus>) -> String {
        Pinning::divide(&cpus(allowed), siblings)
            .unwrap()
            .to_string()
    }

    #[test]
    fn halves_are_disjoint_and_the_larger_is_the_loads() {
        for (allowed, expected) in [
            ("0-1", "server 0; load 1"),
            ("0-2", "server 0; load 1-2"),
            ("0-3", "server 0-1; load 2-3"),
            ("1,4,9", "server 1; load 4,9"),
            ("2-8", "server 2-4; load 5-8"),
        ] {
            assert_eq!(divided(allowed, |_| None), expected);
        }
        let refusal = Pinning::divide(&cpus("3"), |_| None)
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("one CPU only (3)"), "{refusal}");
    }

    #[test]
    fn threads_of_one_core_stay_together() {
        // Both ways in which kernels number the threads of four cores.
        let far = |cpu: usize| Cpus::new([cpu % 4, cpu % 4 + 4]);
        assert_eq!(divided("0-7", far), "server 0-1,4-5; load 2-3,6-7");
        let near = |cpu: usize| Cpus::new([cpu & !1, cpu | 1]);
        assert_eq!(divided("0-7", near), "server 0-3; load 4-7");
        // Three cores; one core; and of two cores one thread each.
        assert_eq!(divided("0-5", near), "server 0-1; load 2-5");
        assert_eq!(divided("0-1", near), "server 0; load 1");
        assert_eq!(divided("1,2", near), "server 1; load 2");
    }

    #[test]
    fn the_flag_wins_over_what_was_recorded() {
        let recorded = Pinning {
            server: cpus("1000"),
            load: cpus("1001"),
        };
        let choose = |asked, own| Pinning::choose(asked, Some(&recorded), own);
        assert_eq!(choose(Some(false), true).unwrap(), None);
        assert_eq!(choose(None, false).unwrap(), None, "a target since");
        let gone = choose(None, true).unwrap_err().to_string();
        assert!(
            gone.contains("server 1000; load 1001") && gone.contains("--pin=off"),
            "{gone}"
        );
        let target = choose(Some(true), false).unwrap_err();
        assert!(target.is::<UsageError>(), "{target}");
        assert_eq!(Pinning::choose(None, None, true).unwrap(), None);
        let same = recorded.check(&cpus("999-1001")).unwrap();
        assert_eq!(same, recorded);
    }
}
