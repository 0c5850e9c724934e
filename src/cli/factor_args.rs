//! The flags of all factors, made from the table in [`crate::lab::factors`].

use clap::Args;

use crate::client::http::Headers;
use crate::lab::factors::{
    List, Span, Switch, factors, parse_list, parse_transports, transports_help,
};
use crate::lab::scenario::Scenario;
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::transport::Transport;

macro_rules! factor_args {
    ($($(#[$doc:meta])+ $key:ident: $type:ty = $default:expr, flag($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?;)+) => {
        /// A flag for each factor; absent where the scenario keeps its value.
        #[derive(Debug, Args)]
        pub(super) struct FactorArgs {
            $($(#[$doc])+ #[arg($($flag)+)] pub(super) $key: Option<$type>,)+
        }

        impl FactorArgs {
            /// Sets the factors whose flags were given.
            pub(super) fn apply(&self, scenario: &mut Scenario) {
                $(if let Some(value) = &self.$key {
                    scenario.$key.clone_from(value);
                })+
            }
        }
    };
}
factors!(factor_args);
