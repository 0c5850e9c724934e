//! What can stand in a column of `trials.csv`.

use serde::{Deserialize, Deserializer, Serialize};

use crate::results::Verdict;
use crate::transport::Transport;

/// What the cells of a column hold. Any of them may be empty where [`ColumnKind::optional`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnKind {
    /// `integer`, `number`, `text`, or `true` or `false`.
    pub name: &'static str,
    pub optional: bool,
}

impl ColumnKind {
    pub const NUMBER: ColumnKind = ColumnKind::of("number");

    const fn of(name: &'static str) -> ColumnKind {
        let optional = false;
        ColumnKind { name, optional }
    }
}

/// The type of a column.
pub(super) trait ColumnType {
    const KIND: ColumnKind;

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

/// Numbers: the type, the name of its kind, and how it becomes the text of CSV.
macro_rules! numbers {
    ($($type:ty => $name:literal, $format:literal;)*) => {$(
        impl ColumnType for $type {
            const KIND: ColumnKind = ColumnKind::of($name);

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

numbers! {
    u32 => "integer", "{}";
    u64 => "integer", "{}";
    i64 => "integer", "{}";
    f64 => "number", "{:?}";
}

impl<T: ColumnType> ColumnType for Option<T> {
    const KIND: ColumnKind = ColumnKind {
        optional: true,
        ..T::KIND
    };

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
    const KIND: ColumnKind = ColumnKind::of("text");

    fn empty() -> Self {
        String::new()
    }

    fn text(&self) -> String {
        self.clone()
    }
}

/// The network between load and server, as it was asked for. In files without the column it was
/// loopback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct NetworkName(pub String);

impl NetworkName {
    pub fn is_loopback(&self) -> bool {
        self.0 == NetworkName::LOOPBACK
    }

    const LOOPBACK: &str = "loopback";
}

impl<'de> Deserialize<'de> for NetworkName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        Ok(name.map_or_else(NetworkName::empty, NetworkName))
    }
}

impl ColumnType for NetworkName {
    const KIND: ColumnKind = ColumnKind::of("text");

    fn empty() -> Self {
        NetworkName(NetworkName::LOOPBACK.to_owned())
    }

    fn text(&self) -> String {
        self.0.clone()
    }
}

impl ColumnType for bool {
    const KIND: ColumnKind = ColumnKind::of("true or false");

    fn empty() -> Self {
        false
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl ColumnType for Transport {
    const KIND: ColumnKind = ColumnKind::of("text");

    fn empty() -> Self {
        Transport::CHOICES[0]
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl ColumnType for Verdict {
    const KIND: ColumnKind = ColumnKind::of("text");

    fn empty() -> Self {
        Verdict::Valid
    }

    fn text(&self) -> String {
        self.to_string()
    }
}
