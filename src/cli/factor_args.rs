//! The flags of all factors, made from the table in [`crate::lab::factors`].

use clap::{Arg, Args, Command};

use crate::cli::help::{headings, with_factor_default};
use crate::client::http::Headers;
use crate::lab::factors::{
    Bytes, Faults, List, Network, PollInterval, Proxy, Reconnect, Span, Switch, Until, factors,
    parse_transports, transports_help,
};
use crate::lab::scenario::Scenario;
use crate::lab::written::Written;
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::transport::Transport;

macro_rules! factor_args {
    ($($(#[$doc:meta])+ $key:ident: $type:ident $(<$of:ident>)? = $default:expr,
        flag $given:ident($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?
        $(, only($($only:ident),+))? $(, tag($tag:literal))?;)+) => {
        /// A flag for each factor; absent where the scenario keeps its value.
        #[derive(Debug, Args)]
        #[command(mut_args(with_factor_default))]
        pub(super) struct FactorArgs {
            $($(#[$doc])+ #[arg($($flag)+)] pub(super) $key: $given<$type $(<$of>)?>,)+
        }

        impl FactorArgs {
            /// Whether no flag was given.
            pub(super) fn is_empty(&self) -> bool {
                $(self.$key.value().is_none())&&+
            }

            /// Whether the flag of a factor was given.
            pub(super) fn is_given(&self, key: &str) -> bool {
                $((key == stringify!($key) && self.$key.value().is_some()))||+
            }

            /// Sets the factors whose flags were given.
            pub(super) fn apply(&self, scenario: &mut Scenario) {
                $(if let Some(value) = self.$key.value() {
                    scenario.$key = value;
                })+
            }
        }
    };
}
factors!(factor_args);

/// The flag that sets a key: of a factor, or of a search.
pub(super) fn flag_of(key: &str) -> String {
    let all = FactorArgs::augment_args(Command::new("factors"));
    let mut all = all.get_arguments();
    let long = all.find(|arg| arg.get_id() == key).and_then(Arg::get_long);
    format!("--{}", long.unwrap_or(key))
}

/// The values that a flag was given, as the value of its factor; `None` without any.
trait GivenValue<T> {
    fn value(&self) -> Option<T>;
}

impl<T: Clone> GivenValue<T> for Option<T> {
    fn value(&self) -> Option<T> {
        self.clone()
    }
}

impl GivenValue<Faults> for Vec<Faults> {
    fn value(&self) -> Option<Faults> {
        let (first, others) = self.split_first()?;
        // More than there is room for were refused when they were read.
        let join = |all: Faults, more: &Faults| all.and(more).unwrap_or(all);
        Some(others.iter().fold(*first, join))
    }
}

impl<T: Written> GivenValue<List<T>> for Vec<List<T>> {
    fn value(&self) -> Option<List<T>> {
        List::join(self)
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        factors: FactorArgs,
    }

    #[test]
    fn a_repeated_list_adds_to_the_first_and_another_flag_is_given_once() {
        let matches = |text: &str| Flags::command().try_get_matches_from(text.split(' '));
        let text = "run --transport websocket --transport sse,websocket --clients 3 --clients 1,2";
        let flags = Flags::from_arg_matches(&matches(text).unwrap()).unwrap();
        let mut scenario = Scenario::default();
        flags.factors.apply(&mut scenario);
        let transports = [Transport::Sse, Transport::WebSocket];
        assert_eq!(scenario.transports[..], transports);
        assert_eq!(scenario.clients[..], [1, 2, 3]);
        let error = matches("run --seed 1 --seed 2").unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict);
    }

    #[test]
    fn the_default_in_help_is_the_one_of_a_scenario() {
        let command = Flags::command();
        let mut told = vec!["run".to_owned()];
        for arg in command.get_arguments() {
            let help = arg.get_long_help().unwrap().to_string();
            let default = help
                .split("[default: ")
                .nth(1)
                .and_then(|it| it.strip_suffix(']'));
            let default = default.unwrap_or_else(|| panic!("{}: {help}", arg.get_id()));
            assert!(
                arg.get_help()
                    .unwrap()
                    .to_string()
                    .ends_with(&format!("[default: {default}]"))
            );
            told.push(format!("--{}={default}", arg.get_long().unwrap()));
        }
        let flags = Flags::from_arg_matches(&command.get_matches_from(told)).unwrap();
        let mut scenario = Scenario {
            clients: List::from([1]),
            seed: 77,
            ..Scenario::default()
        };
        flags.factors.apply(&mut scenario);
        assert_eq!(scenario, Scenario::default());
    }
}
