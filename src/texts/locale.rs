//! The languages.

use std::env;
use std::str::FromStr;

use serde::Deserialize;

use crate::texts::{Texts, en, pt};

/// A language with its way to write numbers. Written `en` or `pt`; `pt-BR` and `pt_BR` are `pt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Locale {
    #[default]
    En,
    /// As in Brazil.
    Pt,
}

impl Locale {
    pub const fn texts(self) -> &'static Texts {
        match self {
            Locale::En => &en::TEXTS,
            Locale::Pt => &pt::TEXTS,
        }
    }

    /// Its tag, as it is written on the command line.
    pub const fn tag(self) -> &'static str {
        match self {
            Locale::En => "en",
            Locale::Pt => "pt",
        }
    }

    /// Of a text in English and in Portuguese, the one of this language.
    pub fn choose<'t>(self, english: &'t str, portuguese: &'t str) -> &'t str {
        match self {
            Locale::En => english,
            Locale::Pt => portuguese,
        }
    }

    /// Whether the language has these words, which are English in `results`, `lab` or a scenario.
    pub fn translates(self, english: &str) -> bool {
        match self {
            Locale::En => true,
            Locale::Pt => pt::translated(english).is_some(),
        }
    }

    /// The language of the user's environment: the first of LC_ALL, LC_MESSAGES and LANG that is
    /// not empty, as POSIX has it. One that is unknown is English.
    pub fn of_environment() -> Self {
        Locale::of_variables(|name| env::var(name).ok())
    }

    fn of_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut names = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
        let locale = names.find_map(|name| variable(name).filter(|value| !value.is_empty()));
        // Language_TERRITORY.ENCODING@modifier
        let locale = locale.unwrap_or_default();
        let language = locale.split(['_', '-', '.', '@']).next();
        match language {
            Some("pt") => Locale::Pt,
            _ => Locale::En,
        }
    }
}

impl FromStr for Locale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.replace('_', "-").to_lowercase().as_str() {
            "en" => Ok(Locale::En),
            "pt" | "pt-br" => Ok(Locale::Pt),
            _ => Err(format!("\"{text}\": write en (English) or pt (Portuguese)")),
        }
    }
}

impl TryFrom<String> for Locale {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_read_as_people_write_them() {
        for text in ["pt", "pt-BR", "pt_BR", "PT"] {
            assert_eq!(text.parse(), Ok(Locale::Pt), "{text}");
        }
        assert_eq!("en".parse(), Ok(Locale::En));
        let error = "fr".parse::<Locale>().unwrap_err();
        assert_eq!(error, "\"fr\": write en (English) or pt (Portuguese)");
    }

    #[test]
    fn the_first_variable_that_is_not_empty_names_the_language() {
        let table: [(&[(&str, &str)], Locale); 10] = [
            (&[], Locale::En),
            (&[("LANG", "pt_BR.UTF-8")], Locale::Pt),
            (&[("LANG", "pt_PT@euro")], Locale::Pt),
            (&[("LANG", "pt")], Locale::Pt),
            (&[("LANG", "C.UTF-8")], Locale::En),
            (&[("LANG", "de_DE.UTF-8")], Locale::En),
            (&[("LC_ALL", "C"), ("LANG", "pt_BR.UTF-8")], Locale::En),
            (&[("LC_ALL", ""), ("LANG", "pt_BR.UTF-8")], Locale::Pt),
            (&[("LC_MESSAGES", "pt_BR"), ("LANG", "en_US")], Locale::Pt),
            (&[("LC_ALL", "pt_BR"), ("LC_MESSAGES", "C")], Locale::Pt),
        ];
        for (variables, locale) in table {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Locale::of_variables(value), locale, "{variables:?}");
        }
    }
}
