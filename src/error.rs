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
    let (last, others) = T::VARIANTS.split_last().expect("an enum with variants");
    let others = others.join(", ");
    format!("unknown value \"{word}\": write {others} or {last}")
}
