//! How text is shown: the arguments that commands with tables share.

use clap::{Args, ColorChoice};

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
