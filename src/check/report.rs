//! What a check prints: lines for a person, or one document for a program.

use console::Style;
use serde::Serialize;
use serde_json::json;

use crate::check::entry::{Check, Section};
use crate::check::outcome::{CheckVerdict, Outcome};
use crate::check::websocket::language::Behaviour;
use crate::report::TextStyle;
use crate::texts::{CheckTexts, Locale, NO_BREAK, folded};
use crate::transport::Transport;

/// A check and what it found.
pub struct Finding {
    pub check: &'static Check,
    pub outcome: Outcome,
}

/// The findings on a server.
pub struct CheckReport {
    pub url: String,
    pub kind: Transport,
    /// The connection has TLS, whose certificate was not checked.
    pub is_secret: bool,
    /// What a WebSocket server does with messages.
    pub behaviour: Option<Behaviour>,
    pub findings: Vec<Finding>,
    pub seconds: f64,
}

/// A check in JSON.
#[derive(Serialize)]
struct CheckEntry<'a> {
    name: &'a str,
    verdict: &'static str,
    title: &'a str,
    clause: &'a str,
    seen: Vec<String>,
    means: &'a str,
    mend: &'a str,
}

impl CheckReport {
    /// How many checks have a verdict.
    pub fn count(&self, verdict: CheckVerdict) -> usize {
        let verdicts = self.findings.iter().map(|one| one.outcome.verdict);
        verdicts.filter(|one| *one == verdict).count()
    }

    pub fn is_all_right(&self) -> bool {
        self.count(CheckVerdict::Wrong) == 0
    }

    /// The document, in the language of its texts. Names and verdicts are the same in all.
    pub fn json(&self, locale: Locale) -> String {
        let texts = &locale.texts().check;
        let translate = locale.texts().translate;
        let entries = self
            .findings
            .iter()
            .map(|Finding { check, outcome }| CheckEntry {
                name: check.name,
                verdict: outcome.verdict.into(),
                title: translate(check.title),
                clause: translate(check.clause),
                seen: outcome.seen.iter().map(texts.seen).collect(),
                means: translate(check.means),
                mend: translate(check.mend),
            });
        let checks: Vec<_> = entries.collect();
        let (right, wrong) = (
            self.count(CheckVerdict::Right),
            self.count(CheckVerdict::Wrong),
        );
        let document = json!({
            "url": self.url,
            "transport": self.kind.name(),
            "passed": right,
            "total": right + wrong,
            "wrong": wrong,
            "notes": self.count(CheckVerdict::Note),
            "unknown": self.count(CheckVerdict::Unknown),
            "not_applicable": self.count(CheckVerdict::NotApplicable),
            "certificate_checked": if self.is_secret { json!(false) } else { json!(null) },
            "seconds": (self.seconds * 10.0).round() / 10.0,
            "checks": checks,
        });
        format!("{document:#}\n")
    }

    /// The lines.
    pub fn text(&self, style: TextStyle, locale: Locale) -> String {
        let texts = &locale.texts().check;
        let mut lines = vec![(texts.heading)(&self.url, self.kind.title())];
        if let Some(behaviour) = &self.behaviour {
            let told =
                (texts.behaviour)(behaviour.to_author, behaviour.exactly, behaviour.to_others);
            lines.extend(folded(told, style.width, ""));
        }
        if self.is_secret {
            lines.extend(folded(texts.certificate, style.width, ""));
        }
        let mut section = None;
        for finding in &self.findings {
            if section != Some(finding.check.section) {
                section = Some(finding.check.section);
                lines.push(String::new());
                lines.push(self.title(finding.check.section, locale));
            }
            lines.extend(finding.lines(style, locale));
        }
        lines.push(String::new());
        lines.extend(folded(&self.summary(texts), style.width, ""));
        lines.join("\n") + "\n"
    }

    fn title(&self, section: Section, locale: Locale) -> String {
        (locale.texts().translate)(section.title()).to_owned()
    }

    fn summary(&self, texts: &CheckTexts) -> String {
        let [right, wrong, notes, unknown] = [
            CheckVerdict::Right,
            CheckVerdict::Wrong,
            CheckVerdict::Note,
            CheckVerdict::Unknown,
        ]
        .map(|verdict| self.count(verdict));
        let total = right + wrong;
        (texts.summary)(right, total, notes, unknown, self.seconds)
    }
}

impl Finding {
    fn lines(&self, style: TextStyle, locale: Locale) -> Vec<String> {
        let texts = &locale.texts().check;
        let translate = locale.texts().translate;
        let verdict = self.outcome.verdict;
        let (word, colour) = match verdict {
            CheckVerdict::Right => (texts.right, Style::new().green()),
            CheckVerdict::Wrong => (texts.wrong, Style::new().red().bold()),
            CheckVerdict::Note => (texts.note, Style::new().yellow().bold()),
            CheckVerdict::Unknown => (texts.unknown, Style::new().yellow()),
            CheckVerdict::NotApplicable => (texts.not_applicable, Style::new().dim()),
        };
        let word = format!("{word:<WORD$}");
        let shown = colour.force_styling(style.colour).apply_to(&word);
        let clause = translate(self.check.clause).replace(' ', &NO_BREAK.to_string());
        let title = format!("{word}{} [{clause}]", translate(self.check.title));
        let title = title.replacen(&word, &word.replace(' ', &NO_BREAK.to_string()), 1);
        let mut lines = folded(&title, style.width, INDENT);
        lines[0] = lines[0].replacen(&word, &shown.to_string(), 1);
        let seen = self.outcome.seen.iter().map(texts.seen);
        let seen: Vec<String> = seen.collect();
        let mut more = |label: &str, text: &str| {
            if !text.is_empty() {
                let text = format!("{LEAD}{label} {text}");
                lines.extend(folded(&text, style.width, INDENT));
            }
        };
        more(texts.seen_label, &seen.join("; "));
        if matches!(verdict, CheckVerdict::Wrong | CheckVerdict::Note) {
            more(texts.means_label, translate(self.check.means));
            more(texts.mend_label, translate(self.check.mend));
        }
        lines
    }
}

/// Columns of the verdict, and the lines under it.
const WORD: usize = 10;
const INDENT: &str = "          ";
const LEAD: &str = "\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}";
