//! What a check finds.

use strum::IntoStaticStr;

use crate::texts::Seen;

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum CheckVerdict {
    Right,
    Wrong,
    /// Allowed, but it may be a danger: the user must judge.
    Note,
    /// The check could not tell.
    Unknown,
    /// The server does nothing to which the check applies.
    NotApplicable,
}

/// A verdict, and what it rests on.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub verdict: CheckVerdict,
    pub seen: Vec<Seen>,
}

impl Outcome {
    pub fn right() -> Self {
        Outcome::new(CheckVerdict::Right, [])
    }

    pub fn right_with(seen: Seen) -> Self {
        Outcome::new(CheckVerdict::Right, [seen])
    }

    pub fn wrong(seen: impl IntoIterator<Item = Seen>) -> Self {
        Outcome::new(CheckVerdict::Wrong, seen)
    }

    pub fn note(seen: Seen) -> Self {
        Outcome::new(CheckVerdict::Note, [seen])
    }

    pub fn unknown(seen: Seen) -> Self {
        Outcome::new(CheckVerdict::Unknown, [seen])
    }

    pub fn not_applicable(seen: Seen) -> Self {
        Outcome::new(CheckVerdict::NotApplicable, [seen])
    }

    /// Right if it holds, and otherwise wrong with what was seen.
    pub fn of(holds: bool, seen: Seen) -> Self {
        match holds {
            true => Outcome::right(),
            false => Outcome::wrong([seen]),
        }
    }

    pub fn is_right(&self) -> bool {
        self.verdict == CheckVerdict::Right
    }

    fn new(verdict: CheckVerdict, seen: impl IntoIterator<Item = Seen>) -> Self {
        let seen = seen.into_iter().collect();
        Outcome { verdict, seen }
    }
}
