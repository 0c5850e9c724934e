//! `[reconnect]` of a scenario, and `--reconnect`: how clients come back.
//!
//! ```toml
//! [reconnect]
//! jitter = ["0s", "500ms", "2s", "8s"]
//! ```

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::client::reconnect::ReconnectPolicy;
use crate::lab::values::Span;
use crate::lab::written::{Written, combinations};

const KEYS: &str = "write jitter=TIME, back_off=TIME or silence=TIME, separated by commas";

/// How clients come back after their connection has ended; in text `jitter=2s,back_off=100ms`, or
/// `usual`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Reconnect(pub ReconnectPolicy);

impl Reconnect {
    pub const USUAL: Reconnect = Reconnect(ReconnectPolicy::DEFAULT);
}

impl Written for Reconnect {
    fn read(text: &str) -> Result<Self, String> {
        if text == "usual" {
            return Ok(Reconnect::USUAL);
        }
        let pairs = text.split(',').map(|pair| {
            let pair = pair.trim().split_once('=');
            pair.ok_or_else(|| format!("\"{text}\": {KEYS}, or usual"))
        });
        of_pairs(pairs.collect::<Result<Vec<_>, _>>()?)
    }

    fn of_table(table: toml::Table) -> Result<Vec<Self>, String> {
        let of = |parts: Vec<(String, String)>| {
            let pairs = parts.iter().map(|(key, value)| (&**key, &**value));
            of_pairs(pairs.collect())
        };
        combinations(table)?.into_iter().map(of).collect()
    }
}

fn of_pairs(pairs: Vec<(&str, &str)>) -> Result<Reconnect, String> {
    let mut policy = ReconnectPolicy::DEFAULT;
    for (key, value) in pairs {
        let time = time(value).map_err(|why| format!("{key}: {why}"));
        match key {
            "jitter" => policy.jitter = time?,
            "back_off" | "back-off" => policy.back_off = time?,
            "silence" => policy.silence = Some(time?).filter(|silence| !silence.is_zero()),
            _ => return Err(format!("\"{key}\": {KEYS}")),
        }
    }
    Ok(Reconnect(policy))
}

/// A time that may be 0, or `off`.
fn time(text: &str) -> Result<Duration, String> {
    match text {
        "off" | "0" | "0s" | "0ms" => Ok(Duration::ZERO),
        text => Span::read(text).map(|span| span.0),
    }
}

impl fmt::Display for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = ReconnectPolicy::DEFAULT;
        let time = |time: Duration| {
            humantime::format_duration(time)
                .to_string()
                .replace(' ', "")
        };
        let parts = [
            (self.0.jitter != usual.jitter).then(|| format!("jitter={}", time(self.0.jitter))),
            (self.0.back_off != usual.back_off)
                .then(|| format!("back_off={}", time(self.0.back_off))),
            self.0
                .silence
                .map(|silence| format!("silence={}", time(silence))),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => f.write_str("usual"),
            false => f.write_str(&parts.join(",")),
        }
    }
}

impl Serialize for Reconnect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::lab::written::List;

    #[test]
    fn a_policy_is_read_as_it_is_written() {
        for text in ["usual", "jitter=0s", "jitter=8s,back_off=500ms,silence=30s"] {
            assert_eq!(Reconnect::read(text).unwrap().to_string(), text);
        }
        let silent = Reconnect::read("silence=off").unwrap();
        assert_eq!(silent, Reconnect::USUAL);
        for (text, part) in [
            ("soon", "jitter=TIME"),
            ("jiter=1s", "jitter=TIME"),
            ("jitter=soon", "500ms, 10s or 1m"),
        ] {
            let error = Reconnect::read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_table_of_a_list_is_several_policies() {
        #[derive(Deserialize)]
        struct File {
            reconnect: List<Reconnect>,
        }
        let file: File = toml::from_str("[reconnect]\njitter = [0, 0.5, \"2s\"]").unwrap();
        let texts: Vec<_> = file.reconnect.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["jitter=0s", "jitter=500ms", "jitter=2s"]);
    }
}
