//! The proxy of a trial, between its load and its server: nginx, haproxy or caddy, of this machine,
//! with a configuration of ours.
//!
//! ```text
//! wslab run ── wslab proxy (the guard) ── nginx …
//!    stdin ends: the guard ends nginx, and removes its folder
//!                         the guard is killed: the kernel ends nginx
//! ```
//!
//! * [`configuration`]: the files of each proxy, and its command line
//! * [`guard`]: the process that starts a proxy and ends it
//! * [`process`]: the run's end of the guard

pub mod configuration;
pub mod guard;
pub mod process;

use std::collections::BTreeSet;
use std::env;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{UsageError, unknown};
use crate::lab::scenario::Scenario;
use crate::lab::written::{Written, combinations};

/// What stands between load and server: a program, and how it is configured.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown::<Proxy>)]
pub enum Proxy {
    None,
    /// Configured for messages that come when they come: nothing is buffered, upgrades pass,
    /// silence is no fault, and polls share connections to the server.
    Nginx,
    /// `proxy_pass` and nothing else.
    NginxDefault,
    /// The same, before a server that does not say `X-Accel-Buffering: no`.
    NginxBuffer,
    /// [`Proxy::Nginx`], which answers equal long polls with one answer of the server.
    NginxCache,
    /// [`Proxy::Nginx`], which cuts what is silent for 5 s, as some do after 60 s.
    #[strum(serialize = "nginx-idle-5s")]
    #[serde(rename = "nginx-idle-5s")]
    NginxIdle,
    /// As [`Proxy::Nginx`].
    Haproxy,
    /// The defaults of Debian's file.
    HaproxyDefault,
    /// As [`Proxy::Nginx`].
    Caddy,
}

/// A program that is a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    pub name: &'static str,
    /// Debian's package with it.
    package: &'static str,
}

/// What a guard is to start.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ProxyJob {
    pub proxy: Proxy,
    /// Where the server listens.
    pub server: SocketAddr,
    /// The most connections of clients at once.
    pub connections: u64,
}

/// What a guard says, one line of JSON each: that its proxy answers, then how it ended.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyReport {
    Listens { address: SocketAddr, pid: u32 },
    Ended(String),
}

impl Proxy {
    /// `None` for no proxy.
    pub fn program(self) -> Option<Program> {
        let (name, package) = match self {
            Proxy::None => return None,
            Proxy::Nginx
            | Proxy::NginxDefault
            | Proxy::NginxBuffer
            | Proxy::NginxCache
            | Proxy::NginxIdle => ("nginx", "nginx-light"),
            Proxy::Haproxy | Proxy::HaproxyDefault => ("haproxy", "haproxy"),
            Proxy::Caddy => ("caddy", "caddy"),
        };
        Some(Program { name, package })
    }
}

impl Written for Proxy {
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
    }

    /// `use = "nginx"`, or a list.
    fn of_table(table: toml::Table) -> Result<Vec<Self>, String> {
        let all = combinations(table)?;
        let read = |parts: &Vec<(String, String)>| match &parts[..] {
            [(key, name)] if key == "use" => Proxy::read(name),
            _ => Err("write use = \"nginx\", or a list of names, and no other key".to_owned()),
        };
        all.iter().map(read).collect()
    }
}

impl Program {
    /// The first file of this name in the folders of PATH, and in those beside them for the system's
    /// own programs (`/usr/sbin` beside `/usr/bin`), which few users have in PATH.
    pub fn find(self) -> Option<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = env::split_paths(&path).collect();
        let beside = folders.iter().map(|folder| folder.with_file_name("sbin"));
        let mut files = folders
            .iter()
            .cloned()
            .chain(beside)
            .map(|folder| folder.join(self.name));
        files.find(|file| is_program(file))
    }
}

fn is_program(file: &Path) -> bool {
    let is = |file: std::fs::Metadata| file.is_file() && file.permissions().mode() & 0o111 != 0;
    file.metadata().is_ok_and(is)
}

/// Checks that this machine has the proxies of a scenario.
///
/// # Errors
/// Those that are missing, and how they are installed.
pub fn check_installed(scenario: &Scenario) -> Result<(), UsageError> {
    let cells = scenario.cells().into_iter();
    let programs = cells.filter_map(|cell| cell.factors.proxy.program());
    let missing = programs.filter(|program| program.find().is_none());
    let missing: BTreeSet<Program> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = |word: fn(&Program) -> &'static str, separator| {
        let words: Vec<&str> = missing.iter().map(word).collect();
        words.join(separator)
    };
    let (names, packages) = (list(|p| p.name, ", "), list(|p| p.package, " "));
    Err(UsageError(format!(
        "proxy: this machine has no {names}; on Debian and Ubuntu: apt-get install {packages}; \
         wslab starts what it needs itself, so a service of that name may be off"
    )))
}
