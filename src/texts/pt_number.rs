//! Numbers with their nouns in Portuguese.

use crate::texts::{Numbers, Plural, brazilian_plural};

pub(super) const N: Numbers = Numbers::BRAZILIAN;

/// `1 ensaio`, `1.200 ensaios`, `1.000.000 de ensaios`: a count with its noun.
pub(super) fn counted(number: f64, one: &str, other: &str) -> String {
    format!("{} {}", N.count(number), noun(number, one, other))
}

/// The noun after a number: `mensagem`, `mensagens`, `de mensagens`.
pub(super) fn noun(number: f64, one: &str, other: &str) -> String {
    match brazilian_plural(number) {
        Plural::One => one.to_owned(),
        Plural::Many => format!("de {other}"),
        Plural::Other => other.to_owned(),
    }
}
