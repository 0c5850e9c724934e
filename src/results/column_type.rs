//! What can stand in a column of `trials.csv`.

use crate::results::Verdict;
use crate::transport::Transport;

/// The type of a column.
pub(super) trait ColumnType {
    /// The value of a row without figures.
    fn empty() -> Self;

    /// The value as a number; `None` where there is none, or it is no number.
    fn figure(&self) -> Option<f64> {
        None
    }

    /// Empties a figure that is no number, such as what nothing was divided by.
    fn keep_finite(&mut self) {}

    /// The value as in the file.
    fn text(&self) -> String;
}

/// Numbers: the type's name, and how it becomes the text of CSV.
macro_rules! numbers {
    ($($type:ty => $format:literal),*) => {$(
        impl ColumnType for $type {
            fn empty() -> Self {
                <$type>::default()
            }

            fn figure(&self) -> Option<f64> {
                Some(*self as f64)
            }

            fn text(&self) -> String {
                format!($format, self)
            }
        }
    )*};
}

numbers!(u32 => "{}", u64 => "{}", i64 => "{}", f64 => "{:?}");

impl<T: ColumnType> ColumnType for Option<T> {
    fn empty() -> Self {
        None
    }

    fn figure(&self) -> Option<f64> {
        self.as_ref()?.figure()
    }

    fn keep_finite(&mut self) {
        if self.figure().is_some_and(|figure| !figure.is_finite()) {
            *self = None;
        }
    }

    fn text(&self) -> String {
        self.as_ref().map(T::text).unwrap_or_default()
    }
}

impl ColumnType for String {
    fn empty() -> Self {
        String::new()
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl ColumnType for bool {
    fn empty() -> Self {
        false
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl ColumnType for Transport {
    fn empty() -> Self {
        Transport::CHOICES[0]
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl ColumnType for Verdict {
    fn empty() -> Self {
        Verdict::Valid
    }

    fn text(&self) -> String {
        self.to_string()
    }
}
