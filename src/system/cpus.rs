//! The CPUs that a process may run on, as the kernel numbers them.

use std::fmt;
use std::io;
use std::str::FromStr;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

/// A non-empty set of CPUs, written as the kernel writes it (cpuset(7), list format):
/// `0`, `0-3`, `0-1,8`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cpus(Vec<usize>);

impl Cpus {
    /// The set of these numbers. None if it would be empty or exceed the kernel's mask.
    pub fn new(numbers: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut numbers: Vec<usize> = numbers.into_iter().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let fits = *numbers.last()? < CpuSet::MAX_CPU;
        fits.then_some(Cpus(numbers))
    }

    /// The CPUs that this thread may run on.
    pub fn allowed() -> io::Result<Self> {
        let set = sched_getaffinity(None)?;
        let numbers = (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu));
        Cpus::new(numbers).ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    /// Confines the calling thread, and all threads and processes that it starts from now on.
    ///
    /// Threads that run already are not confined, so a process calls this first. Fails if one of
    /// the CPUs may not be used; the kernel alone would use the others and say nothing.
    pub fn confine(&self) -> io::Result<()> {
        let allowed = Cpus::allowed()?;
        if !allowed.include(self) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("this process may use {allowed} only"),
            ));
        }
        let mut set = CpuSet::new();
        self.0.iter().for_each(|&cpu| set.set(cpu));
        Ok(sched_setaffinity(None, &set)?)
    }

    /// In ascending order.
    pub fn numbers(&self) -> &[usize] {
        &self.0
    }

    /// Number of CPUs, at least 1.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether this set contains all of `others`.
    pub fn include(&self, others: &Cpus) -> bool {
        others.0.iter().all(|cpu| self.0.contains(cpu))
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let follows = |pair: &usize, next: &usize| *next == pair + 1;
        for (index, range) in self.0.chunk_by(follows).enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match range {
                [one] => write!(f, "{comma}{one}")?,
                [first, .., last] => write!(f, "{comma}{first}-{last}")?,
                [] => {}
            }
        }
        Ok(())
    }
}

impl FromStr for Cpus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = || format!("\"{text}\" is no list of CPUs: write numbers such as 0,1 or 0-3");
        let number = |text: &str| match text.trim().parse::<usize>() {
            Ok(cpu) if cpu < CpuSet::MAX_CPU => Ok(cpu),
            _ => Err(advice()),
        };
        let mut numbers = Vec::new();
        for range in text.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let range = number(first)?..=number(last)?;
            if range.is_empty() {
                return Err(advice());
            }
            numbers.extend(range);
        }
        Cpus::new(numbers).ok_or_else(advice)
    }
}

impl TryFrom<String> for Cpus {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cpus> for String {
    fn from(cpus: Cpus) -> String {
        cpus.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written_as_the_kernel_does() {
        for (text, numbers, written) in [
            ("0", &[0][..], "0"),
            ("0,1", &[0, 1], "0-1"),
            ("3,0-1", &[0, 1, 3], "0-1,3"),
            ("7,5,5-6", &[5, 6, 7], "5-7"),
            ("2-2", &[2], "2"),
        ] {
            let cpus: Cpus = text.parse().unwrap();
            assert_eq!((cpus.numbers(), &*cpus.to_string()), (numbers, written));
        }
        for bad in ["", "a", "1-0", "0,", "-1", "0-", "4096", "0-99999999"] {
            let error = bad.parse::<Cpus>().unwrap_err();
            assert!(error.contains("0,1 or 0-3"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_confined_thread_and_those_it_starts_stay_where_they_are_put() {
        // A thread of its own: the test runner's other threads are left alone.
        let confined = std::thread::spawn(|| {
            let first = Cpus::new([Cpus::allowed().unwrap().numbers()[0]]).unwrap();
            first.confine().unwrap();
            let child = std::thread::spawn(|| Cpus::allowed().unwrap());
            assert_eq!(child.join().unwrap(), first);
            let threads = std::thread::available_parallelism().unwrap().get();
            assert_eq!(threads, 1, "what counts threads by the CPUs follows");
            let beyond = Cpus::new([first.numbers()[0], CpuSet::MAX_CPU - 1]).unwrap();
            let refusal = beyond.confine().unwrap_err().to_string();
            assert!(
                refusal.contains(&format!("may use {first} only")),
                "{refusal}"
            );
        });
        confined.join().unwrap();
    }
}
