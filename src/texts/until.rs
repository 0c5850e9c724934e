//! What a run knows that repeats until differences are known: which texts there are.

/// The sentences after a run with `--until`.
#[derive(Debug)]
pub struct UntilTexts {
    /// The words of the figures that are compared, by column.
    pub figures: [(&'static str, &'static str); 6],
    /// Rounds, differences that are resolved and that are below the bound, of how many, and the
    /// bound in percent.
    pub known: fn(u32, [usize; 2], usize, &str) -> String,
    /// The bound in percent, and the differences that are smaller.
    pub below: fn(&str, &str) -> String,
    pub open: fn(&str) -> String,
    /// Figures that some pairs lack.
    pub lacking: fn(&str) -> String,
    /// A figure, how many pairs lack it, and of how many.
    pub lacking_in: fn(&str, usize, usize) -> String,
    /// A pair, and its figures.
    pub pair: fn(&str, &str) -> String,
    /// A pair, and its setting.
    pub at: fn(&str, &str) -> String,
    /// Rounds, and after how many there is the first look.
    pub too_few: fn(u32, u32) -> String,
    /// No trial has figures that can be compared.
    pub nothing: &'static str,
    /// The budget, which is spent.
    pub budget: fn(&str) -> String,
    pub most_trials: &'static str,
    /// A signal or an error ended the run.
    pub cut: &'static str,
}
