//! `only` and `skip` of a scenario: which cells of its matrix are measured.
//!
//! ```toml
//! transports = ["short-polling", "sse"]
//! clients = [100, 10000]
//! skip = [{ transport = "short-polling", clients = 10000 }]
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::http::Headers;
use crate::lab::factors::{
    Bytes, List, Network, PollInterval, Proxy, Reconnect, Span, Switch, factors,
};
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::transport::Transport;

/// Values of factors. A cell matches if it has one of the values of each factor that is named. It
/// has no value of a factor of other transports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, toml::Value>")]
pub struct CellPattern(pub(super) BTreeMap<&'static str, Vec<String>>);

macro_rules! pattern {
    ($($(#[$doc:meta])+ $key:ident: $type:ident $(<$of:ident>)? = $default:expr,
        flag $given:ident($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?
        $(, only($($only:ident),+))? $(, tag($tag:literal))?;)+) => {
        /// The factors that may have several values.
        pub(super) const LISTS: &[&str] = &[$($({
            let _: Option<$of>;
            stringify!($key)
        },)?)+];

        /// The values of a factor in a file, as texts.
        fn texts(key: &str, value: toml::Value) -> Result<Vec<String>, String> {
            $($(if key == stringify!($key) {
                let list: List<$of> = value.try_into().map_err(|error| error.to_string())?;
                return Ok(list.iter().map(ToString::to_string).collect());
            })?)+
            Err(format!("write one of {}", LISTS.join(", ")))
        }
    };
}
factors!(pattern);

impl TryFrom<BTreeMap<String, toml::Value>> for CellPattern {
    type Error = String;

    fn try_from(keys: BTreeMap<String, toml::Value>) -> Result<Self, String> {
        if keys.is_empty() {
            return Err("name at least one factor and its values".to_owned());
        }
        let read = keys.into_iter().map(|(given, value)| {
            // As the flag has it.
            let key = if given == "transport" {
                "transports"
            } else {
                &given
            };
            let values = texts(key, value).map_err(|why| format!("{given}: {}", why.trim_end()))?;
            let key = LISTS.iter().find(|list| **list == key);
            Ok((*key.expect("its values were read"), values))
        });
        read.collect::<Result<_, String>>().map(CellPattern)
    }
}
