//! What a user needs, and how far what was measured is from it.

use serde::{Serialize, Serializer};

use crate::report::cells::ReportCell;
use crate::results::{TrialRow, Verdict};
use crate::stats::objective::TransportObjective;
use crate::texts::{Distance, Texts};

/// What a choice of transports must serve. What is absent may be anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Need {
    /// The page of a browser reads.
    pub browser: bool,
    /// Clients publish, too.
    pub two_way: bool,
    /// Intermediaries are between client and server.
    pub proxies: bool,
    pub tls: bool,
    pub clients: Option<u32>,
    pub rate_hz: Option<f64>,
    pub payload_bytes: Option<u32>,
    /// What must hold.
    #[serde(serialize_with = "as_texts")]
    pub slo: Vec<TransportObjective>,
}

fn as_texts<S: Serializer>(slo: &[TransportObjective], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(slo.iter().map(TransportObjective::to_string))
}

impl Need {
    /// The factors in which a trial is not what is needed.
    pub(super) fn distances(&self, trial: &TrialRow, texts: &Texts) -> Vec<Distance> {
        let (cell, words) = (&texts.cell, &texts.advice);
        let mut distances = Vec::new();
        let mut add = |measured: String, needed: String| {
            if measured != needed {
                distances.push(Distance { measured, needed });
            }
        };
        if let Some(clients) = self.clients {
            add(
                (cell.clients)(trial.clients.into()),
                (cell.clients)(clients.into()),
            );
        }
        if let Some(rate_hz) = self.rate_hz {
            add((cell.rate)(trial.rate_hz), (cell.rate)(rate_hz));
        }
        if let Some(bytes) = self.payload_bytes {
            let [measured, needed] =
                [trial.payload_bytes, bytes].map(|bytes| (cell.payload)(bytes.into()));
            add(measured, needed);
        }
        let tls = |on| (if on { cell.tls } else { cell.no_tls }).to_owned();
        if self.tls {
            add(tls(trial.tls), tls(true));
        }
        if self.two_way && !is_chat(trial) {
            add(words.one_way.to_owned(), words.two_way.to_owned());
        }
        distances
    }

    /// Whether a trial asks for no less than is needed.
    pub(super) fn is_covered_by(&self, trial: &TrialRow) -> bool {
        self.clients.is_none_or(|clients| trial.clients >= clients)
            && self.rate_hz.is_none_or(|rate_hz| trial.rate_hz >= rate_hz)
            && self
                .payload_bytes
                .is_none_or(|bytes| trial.payload_bytes >= bytes)
            && (trial.tls || !self.tls)
            && (is_chat(trial) || !self.two_way)
    }

    /// Whether a trial asks for no more than is needed.
    pub(super) fn covers(&self, trial: &TrialRow) -> bool {
        self.clients.is_none_or(|clients| trial.clients <= clients)
            && self.rate_hz.is_none_or(|rate_hz| trial.rate_hz <= rate_hz)
            && self
                .payload_bytes
                .is_none_or(|bytes| trial.payload_bytes <= bytes)
    }

    /// How far a trial is from what is needed, to compare trials by: 0 where it is none. A factor of
    /// e counts 1; another workload, TLS or a proxy counts more than any number.
    fn distance(&self, trial: &TrialRow) -> f64 {
        const OTHER: f64 = 100.0;
        let apart = |needed: Option<f64>, measured: f64| {
            let needed = needed.unwrap_or(measured);
            ((needed + 1e-3) / (measured + 1e-3)).ln().abs()
        };
        let other = |is: bool, needed: bool| if is == needed { 0.0 } else { OTHER };
        apart(self.clients.map(f64::from), trial.clients.into())
            + apart(self.rate_hz, trial.rate_hz)
            + apart(
                self.payload_bytes.map(f64::from),
                trial.payload_bytes.into(),
            )
            + other(trial.tls, self.tls)
            + other(trial.proxy.is_some(), false)
            + 2.0 * other(is_chat(trial), self.two_way)
    }

    /// The setting that is nearest to what is needed. Of several, that with the fewest doubts; of
    /// these the last, which asks the most.
    pub(super) fn nearest<'g, 'c, 'r>(
        &self,
        settings: &'g [(&str, Vec<&'c ReportCell<'r>>)],
    ) -> Option<&'g [&'c ReportCell<'r>]> {
        let doubts = |group: &[&ReportCell]| {
            let mut cells = group.iter();
            cells
                .by_ref()
                .filter(|cell| cell.verdict() != Verdict::Valid)
                .count()
        };
        let groups = settings.iter().rev().map(|(_, group)| &group[..]);
        groups.min_by(|a, b| {
            let far = |group: &[&ReportCell]| self.distance(group[0].trials[0]);
            far(a).total_cmp(&far(b)).then(doubts(a).cmp(&doubts(b)))
        })
    }
}

fn is_chat(trial: &TrialRow) -> bool {
    trial.workload == "chat"
}
