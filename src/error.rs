//! The errors that have exit codes of their own.

use strum::VariantNames;

/// The arguments or the scenario are wrong. The text says what to write instead. Exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// A signal ended the command before it was done. The exit code is 128 and the signal's number, as
/// shells have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped by {name}")]
pub struct Interrupted {
    pub name: &'static str,
    pub number: u8,
}

/// The exit code of an error: 1, unless it has its own.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let mut own = error.chain().filter_map(|cause| {
        let signal = cause.downcast_ref::<Interrupted>();
        let signal = signal.map(|signal| 128 + signal.number);
        signal.or(cause.is::<UsageError>().then_some(2))
    });
    own.next().unwrap_or(1)
}

/// The text of the error for a word that names no variant of `T`. It lists those that do.
pub fn unknown<T: VariantNames>(word: &str) -> String {
    unknown_word(word, T::VARIANTS)
}

/// The text of the error for a word that is none of those known, with the nearest of them.
pub fn unknown_word(word: &str, known: &[&str]) -> String {
    let near = did_you_mean(word, known.iter().copied());
    format!("unknown value \"{word}\"{near}: write {}", choice(known))
}

/// ` (did you mean …?)`; empty where no known word is near.
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let near = nearest(word, known);
    near.map_or(String::new(), |near| format!(" (did you mean {near}?)"))
}

/// `a, b or c`
pub fn choice(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The known word that was meant by a mistyped or shortened one.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    /// Below it, a word is another one: two letters of five may differ.
    const ALIKE: f64 = 0.6;
    let likeness = |known: &str| {
        let is_begun = known.starts_with(word) && word.len() > 2;
        f64::from(u8::from(is_begun)) + strsim::normalized_damerau_levenshtein(word, known)
    };
    let known = known.into_iter().map(|known| (likeness(known), known));
    let near = known.filter(|(likeness, _)| *likeness >= ALIKE);
    near.max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
