//! Predict, then measure: a question, the class's numbers, and the truth.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::classroom::measured::Measured;
use crate::classroom::room::{DeviceId, MAX_DEVICES, median};
use crate::transport::Transport;

/// A question closes by itself after so long.
const OPEN_FOR: Duration = Duration::from_secs(600);

/// Characters of a question that the teacher wrote, and of its unit.
const MAX_TEXT: usize = 200;
const MAX_UNIT: usize = 12;

/// A question's kind. Its words are in `texts`, by the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionKind {
    /// How late a message is by short polling, on average.
    PollDelay,
    /// How late a message is by WebSocket.
    PushDelay,
    /// How many of 100 short polls bring nothing.
    EmptyPolls,
    /// How many times the bytes of WebSocket short polling takes for each message.
    BytesRatio,
    /// Bytes of the head of a WebSocket frame with a short text.
    FrameHead,
    /// Of one core, what the server uses for the room.
    ServerCpu,
    /// The teacher's own.
    Free,
}

/// A question as it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub kind: QuestionKind,
    /// The poll interval that it is about.
    #[serde(default)]
    pub interval_ms: Option<f64>,
    /// The words of the teacher's own question.
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub unit: Option<String>,
}

/// Where a truth comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
pub enum Truth {
    /// The devices of the room.
    Devices { value: f64, devices: usize },
    /// The server's counters since the question was opened.
    Server { value: f64 },
    /// What follows without a measurement: half the interval, or the RFC.
    Theory { value: f64 },
    /// What the teacher said.
    Teacher { value: f64 },
}

/// Why a vote is not counted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum VoteError {
    #[error("no question is open: wait for the next one")]
    Closed,
    #[error("write a number from {least} to {most}")]
    OutOfBounds { least: f64, most: f64 },
    #[error("the class has all the {MAX_DEVICES} votes that it takes")]
    Full,
}

/// A question with its votes.
#[derive(Debug)]
struct Ballot {
    number: u32,
    question: Question,
    votes: HashMap<DeviceId, f64>,
    opened: Instant,
    /// What the server had measured when it was opened.
    before: Measured,
    result: Option<Option<Truth>>,
}

/// A ballot as pages show it. Its votes are told once it is closed, so that none follows another.
#[derive(Debug, Serialize)]
pub struct BallotView {
    pub number: u32,
    question: Question,
    least: f64,
    most: f64,
    pub open: bool,
    count: usize,
    /// In order of size.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    votes: Vec<f32>,
    median: Option<f32>,
    truth: Option<Truth>,
}

/// The ballots of a class: one at a time.
#[derive(Debug, Default)]
pub struct Votes {
    latest: Mutex<Option<Ballot>>,
}

impl Question {
    /// Checks what the teacher wrote.
    ///
    /// # Errors
    /// What to write instead.
    pub fn check(&self) -> Result<(), String> {
        if let Some(ms) = self.interval_ms
            && !(100.0..=30_000.0).contains(&ms)
        {
            return Err("interval_ms: write 100 to 30000".to_owned());
        }
        if self.kind == QuestionKind::PollDelay && self.interval_ms.is_none() {
            return Err("interval_ms is missing: write 100 to 30000".to_owned());
        }
        let is_free = self.kind == QuestionKind::Free;
        for (name, text, most) in [
            ("text", &self.text, MAX_TEXT),
            ("unit", &self.unit, MAX_UNIT),
        ] {
            let length = text
                .as_deref()
                .map_or(0, |text| text.trim().chars().count());
            if length > most {
                return Err(format!("{name} has at most {most} characters: write less"));
            }
            if !is_free && text.is_some() {
                return Err(format!("{name} belongs to a question of kind free alone"));
            }
            if is_free && name == "text" && length == 0 {
                return Err("text is missing: write the question".to_owned());
            }
        }
        Ok(())
    }

    fn bounds(&self) -> RangeInclusive<f64> {
        match self.kind {
            QuestionKind::PollDelay | QuestionKind::PushDelay => 0.0..=60_000.0,
            QuestionKind::EmptyPolls => 0.0..=100.0,
            QuestionKind::BytesRatio => 0.0..=10_000.0,
            QuestionKind::FrameHead => 0.0..=1_000.0,
            QuestionKind::ServerCpu => 0.0..=6_400.0,
            QuestionKind::Free => -1e9..=1e9,
        }
    }

    /// The truth, from what was measured while the question was open, or else from theory.
    fn truth(&self, before: &Measured, now: &Measured) -> Option<Truth> {
        let since = |value: Option<f64>| value.map(|value| Truth::Server { value });
        let devices = |transport: Transport| {
            let (value, devices) = now.delays_ms[transport.class()]?;
            Some(Truth::Devices {
                value: value.into(),
                devices,
            })
        };
        match self.kind {
            QuestionKind::PollDelay => devices(Transport::ShortPolling).or_else(|| {
                let value = self.interval_ms? / 2.0;
                Some(Truth::Theory { value })
            }),
            QuestionKind::PushDelay => devices(Transport::WebSocket),
            QuestionKind::EmptyPolls => since(now.empty_percent_since(before)),
            QuestionKind::BytesRatio => {
                let bytes = |transport| now.bytes_per_message_since(before, transport);
                let ratio = || Some(bytes(Transport::ShortPolling)? / bytes(Transport::WebSocket)?);
                since(ratio())
            }
            // RFC 6455, section 5.2: up to 125 bytes, not masked.
            QuestionKind::FrameHead => Some(Truth::Theory { value: 2.0 }),
            QuestionKind::ServerCpu => since(now.cpu_percent_since(before)),
            QuestionKind::Free => None,
        }
    }
}

impl Votes {
    /// Opens a question, in place of the one before.
    pub fn open(&self, question: Question, now: Measured) {
        let mut latest = self.lock();
        *latest = Some(Ballot {
            number: latest.as_ref().map_or(0, |ballot| ballot.number) + 1,
            question,
            votes: HashMap::new(),
            opened: Instant::now(),
            before: now,
            result: None,
        });
    }

    /// Closes the question, with the truth as the teacher says it, or else as it was measured.
    ///
    /// # Errors
    /// None is open.
    pub fn close(&self, said: Option<f64>, now: &Measured) -> Result<(), VoteError> {
        let mut latest = self.lock();
        let open = latest.as_mut().filter(|ballot| ballot.result.is_none());
        let ballot = open.ok_or(VoteError::Closed)?;
        let said = said.map(|value| Truth::Teacher { value });
        let truth = said.or_else(|| ballot.question.truth(&ballot.before, now));
        ballot.result = Some(truth);
        Ok(())
    }

    /// Whether the question has been open for too long.
    pub fn is_overdue(&self) -> bool {
        let latest = self.lock();
        let open = latest.as_ref().filter(|ballot| ballot.result.is_none());
        open.is_some_and(|ballot| ballot.opened.elapsed() >= OPEN_FOR)
    }

    /// Counts a device's vote, in place of its earlier one.
    pub fn vote(&self, number: u32, device: DeviceId, value: f64) -> Result<usize, VoteError> {
        let mut latest = self.lock();
        let is_open = |it: &&mut Ballot| it.number == number && it.result.is_none();
        let ballot = latest.as_mut().filter(is_open).ok_or(VoteError::Closed)?;
        let bounds = ballot.question.bounds();
        if !bounds.contains(&value) {
            let (least, most) = bounds.into_inner();
            return Err(VoteError::OutOfBounds { least, most });
        }
        if ballot.votes.len() >= MAX_DEVICES && !ballot.votes.contains_key(&device) {
            return Err(VoteError::Full);
        }
        ballot.votes.insert(device, value);
        Ok(ballot.votes.len())
    }

    /// The latest ballot, if there has been one.
    pub fn view(&self) -> Option<BallotView> {
        let latest = self.lock();
        let ballot = latest.as_ref()?;
        let (least, most) = ballot.question.bounds().into_inner();
        let mut votes = match ballot.result {
            Some(_) => ballot.votes.values().map(|value| *value as f32).collect(),
            None => Vec::new(),
        };
        votes.sort_unstable_by(f32::total_cmp);
        Some(BallotView {
            number: ballot.number,
            question: ballot.question.clone(),
            least,
            most,
            open: ballot.result.is_none(),
            count: ballot.votes.len(),
            median: median(votes.clone()),
            votes,
            truth: ballot.result.flatten(),
        })
    }

    /// The number of the latest ballot, and whether it is open.
    pub fn latest(&self) -> Option<(u32, bool)> {
        let latest = self.lock();
        latest
            .as_ref()
            .map(|ballot| (ballot.number, ballot.result.is_none()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ballot>> {
        self.latest.lock().expect("no panic under the lock")
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    fn device(id: u64) -> DeviceId {
        DeviceId(NonZeroU64::new(id).unwrap())
    }

    fn question(kind: QuestionKind) -> Question {
        Question {
            kind,
            interval_ms: Some(2_000.0),
            text: None,
            unit: None,
        }
    }

    #[test]
    fn a_device_has_one_vote_and_may_change_it_until_the_question_closes() {
        let votes = Votes::default();
        assert_eq!(votes.vote(1, device(1), 5.0), Err(VoteError::Closed));
        votes.open(question(QuestionKind::PollDelay), Measured::default());
        assert_eq!(votes.vote(1, device(1), 500.0), Ok(1));
        assert_eq!(votes.vote(1, device(2), 3_000.0), Ok(2));
        assert_eq!(votes.vote(1, device(1), 1_000.0), Ok(2));
        assert_eq!(
            votes.vote(2, device(1), 1.0),
            Err(VoteError::Closed),
            "another question"
        );
        for bad in [-1.0, 60_001.0, f64::NAN] {
            let refused = votes.vote(1, device(3), bad).unwrap_err();
            assert_eq!(refused.to_string(), "write a number from 0 to 60000");
        }
        let view = votes.view().unwrap();
        assert!(
            view.open && view.votes.is_empty() && view.count == 2,
            "{view:?}"
        );
        votes.close(None, &Measured::default()).unwrap();
        assert_eq!(votes.vote(1, device(1), 5.0), Err(VoteError::Closed));
        let view = votes.view().unwrap();
        assert_eq!(
            (view.votes, view.median),
            (vec![1_000.0, 3_000.0], Some(2_000.0))
        );
        assert_eq!(view.truth, Some(Truth::Theory { value: 1_000.0 }));
        assert_eq!(
            votes.close(None, &Measured::default()),
            Err(VoteError::Closed)
        );
    }

    #[test]
    fn the_truth_is_what_was_measured_or_what_the_teacher_said() {
        let mut measured = Measured::default();
        measured.delays_ms[Transport::ShortPolling.class()] = Some((1_020.0, 12));
        let votes = Votes::default();
        votes.open(question(QuestionKind::PollDelay), Measured::default());
        votes.close(None, &measured).unwrap();
        let truth = votes.view().unwrap().truth;
        assert_eq!(
            truth,
            Some(Truth::Devices {
                value: 1_020.0,
                devices: 12
            })
        );
        votes.open(question(QuestionKind::PushDelay), Measured::default());
        votes.close(None, &measured).unwrap();
        assert_eq!(votes.view().unwrap().truth, None, "no device reads by it");
        votes.open(question(QuestionKind::FrameHead), Measured::default());
        votes.close(Some(3.0), &measured).unwrap();
        let view = votes.view().unwrap();
        assert_eq!(
            (view.number, view.truth),
            (3, Some(Truth::Teacher { value: 3.0 }))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_forgotten_is_overdue() {
        let votes = Votes::default();
        votes.open(question(QuestionKind::FrameHead), Measured::default());
        assert!(!votes.is_overdue());
        tokio::time::advance(OPEN_FOR).await;
        assert!(votes.is_overdue());
    }

    #[test]
    fn what_the_teacher_writes_is_bounded() {
        let free = |text: Option<&str>, unit: Option<&str>| Question {
            kind: QuestionKind::Free,
            interval_ms: None,
            text: text.map(str::to_owned),
            unit: unit.map(str::to_owned),
        };
        assert_eq!(free(Some("How many?"), Some("ms")).check(), Ok(()));
        let long = "x".repeat(MAX_TEXT + 1);
        for (bad, why) in [
            (free(None, None), "text is missing"),
            (free(Some("  "), None), "text is missing"),
            (free(Some(&long), None), "at most 200"),
            (free(Some("x"), Some(&long)), "at most 12"),
            (
                Question {
                    kind: QuestionKind::PushDelay,
                    ..free(Some("x"), None)
                },
                "free alone",
            ),
            (
                Question {
                    interval_ms: None,
                    ..question(QuestionKind::PollDelay)
                },
                "interval_ms is missing",
            ),
            (
                Question {
                    interval_ms: Some(5.0),
                    ..question(QuestionKind::PollDelay)
                },
                "write 100 to 30000",
            ),
        ] {
            let error = bad.check().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
