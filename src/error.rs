//! The error that means exit code 2.

use strum::VariantNames;

/// The arguments or the scenario are wrong. The text says what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The text of the error for a word that names no variant of `T`. It lists those that do.
pub fn unknown<T: VariantNames>(word: &str) -> String {
    let (last, others) = T::VARIANTS.split_last().expect("an enum with variants");
    let others = others.join(", ");
    format!("unknown value \"{word}\": write {others} or {last}")
}
