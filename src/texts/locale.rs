//! The languages.

use crate::texts::Texts;
use crate::texts::en;

/// A language with its way to write numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    #[default]
    En,
}

impl Locale {
    pub const fn texts(self) -> &'static Texts {
        match self {
            Locale::En => &en::TEXTS,
        }
    }
}
