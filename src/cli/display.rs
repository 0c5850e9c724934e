//! How text is shown: the arguments that commands with tables share.

use clap::{Args, ColorChoice, ValueEnum};

use crate::error::UsageError;
use crate::lab::config::Config;
use crate::texts::Locale;

use crate::cli::help::headings;
use crate::report::TextStyle;
use crate::system::output;

#[derive(Debug, Args)]
pub(super) struct ColorArgs {
    /// Colours in what is printed
    ///
    /// auto: where standard output is a terminal, unless NO_COLOR or CLICOLOR_FORCE says otherwise.
    #[arg(long, value_name = "auto|always|never", default_value = "auto")]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    #[arg(hide_short_help = true)]
    color: ColorChoice,
}

impl ColorArgs {
    /// The style for standard output: as wide as the terminal, or as COLUMNS says where it is none,
    /// or else 80.
    pub(super) fn style(&self) -> TextStyle {
        let colour = match self.color {
            ColorChoice::Auto => console::colors_enabled(),
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        TextStyle {
            width: output::width(),
            colour,
            details: false,
        }
    }
}

/// The formats of what is one document, and no table.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum DocumentFormat {
    /// Lines for a person
    #[default]
    Text,
    /// One document
    Json,
}

#[derive(Clone, Debug, Args)]
pub(super) struct LangArgs {
    /// Language of the result: English or Portuguese
    ///
    /// Of tables, report, plots and Markdown. Help, progress, errors, JSON, CSV and the names of
    /// metrics, warnings and flags are English. Without it, the language that lang = "pt" in
    /// wslab.toml names, or else that of LC_ALL, LC_MESSAGES or LANG: pt_BR.UTF-8 is Portuguese,
    /// any other is English. wslab report --lang rebuilds a run's report in the other language.
    #[arg(long, value_name = "en|pt", help_heading = headings::OUTPUT)]
    #[arg(hide_short_help = true)]
    lang: Option<Locale>,
}

impl LangArgs {
    /// The language, where the configuration is known.
    pub(super) fn locale(&self, config: &Config) -> Locale {
        let named = self.lang.or(config.lang);
        named.unwrap_or_else(Locale::of_environment)
    }

    /// The language. Reads the configuration.
    pub(super) fn find(&self) -> Result<Locale, UsageError> {
        Ok(self.locale(&Config::find()?))
    }
}

#[derive(Debug, Args)]
pub(super) struct TableArgs {
    /// All tables, columns and warnings
    ///
    /// Every table, what their columns mean, and every warning in full.
    #[arg(long, help_heading = headings::OUTPUT)]
    details: bool,
    #[command(flatten)]
    color: ColorArgs,
}

impl TableArgs {
    pub(super) fn style(&self) -> TextStyle {
        TextStyle {
            details: self.details,
            ..self.color.style()
        }
    }
}
