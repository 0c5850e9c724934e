//! A statement on a transport, and what it rests on.

use serde::Serialize;

use crate::results::Verdict;
use crate::transport::Transport;

/// What a statement rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    Measured,
    /// It follows from a protocol or a standard.
    Protocol,
    Theory,
    NotKnown,
}

/// What a statement is to a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    For,
    Against,
    Neither,
    /// It rules the transport out.
    Out,
}

/// A statement. What does not apply is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// `None` for one that concerns all.
    pub transport: Option<Transport>,
    /// The transport with its variant, as in tables; empty for one that concerns all.
    pub name: String,
    pub ground: Ground,
    pub side: Side,
    pub text: String,
    pub cell: Option<u32>,
    /// A column of `trials.csv`, or a metric derived from columns.
    pub metric: Option<&'static str>,
    /// The median of the trials that are not INVALID, in the metric's unit.
    pub value: Option<f64>,
    /// The 95 % interval of the median.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Those that the median counts.
    pub trials: Option<usize>,
    /// SUSPECT where a warning touches the figure.
    pub verdict: Option<Verdict>,
    /// Those warnings, separated by spaces.
    pub warnings: Option<String>,
    /// Section of a standard.
    pub source: Option<&'static str>,
    /// What to run to know more.
    pub command: Option<String>,
}

impl Statement {
    /// One on all transports.
    pub fn general(ground: Ground, side: Side, text: String) -> Self {
        Statement {
            transport: None,
            name: String::new(),
            ground,
            side,
            text,
            cell: None,
            metric: None,
            value: None,
            low: None,
            high: None,
            trials: None,
            verdict: None,
            warnings: None,
            source: None,
            command: None,
        }
    }

    /// One on a transport, under a name.
    pub fn on(
        (transport, name): (Transport, &str),
        ground: Ground,
        side: Side,
        text: String,
    ) -> Self {
        Statement {
            transport: Some(transport),
            name: name.to_owned(),
            ..Statement::general(ground, side, text)
        }
    }
}
