//! `wslab demo`: the server with demonstration feeds, and its page.

use std::env;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Arg, Args};

use crate::classroom::Classroom;
use crate::classroom::key::{self, TeacherKey};
use crate::classroom::lab::{LabPorts, LabServers, events};
use crate::classroom::qr::{self, Wifi};
use crate::cli::args::{GivenToken, parse_token};
use crate::cli::browser;
use crate::cli::help::{self, headings};
use crate::cli::serve::{Listening, ServeArgs};
use crate::client::token::Token;
use crate::error::UsageError;
use crate::lab::config::Config;
use crate::server::host::HostName;
use crate::service::state::AppState;
use crate::system::{lan, output};
use crate::texts::{DemoTexts, Locale};

/// Simulated sensors, unless a flag says how many.
const SENSORS: u32 = 4;

#[derive(Args)]
#[command(mut_args(with_sensors))]
#[command(after_help = help::brief(help::DEMO))]
#[command(after_long_help = help::full(help::DEMO, help::SERVE_CODES))]
pub(super) struct DemoArgs {
    #[command(flatten)]
    serve: ServeArgs,
    /// Name of this machine in the page's address
    ///
    /// A name or an IP address by which the class reaches this machine, for the address and the QR
    /// code. Without it, the address that most likely fits is chosen among those of the machine's
    /// networks.
    #[arg(long, value_name = "NAME|IP", help_heading = headings::NETWORK)]
    host: Option<PageHost>,
    /// The hall's Wi-Fi, as a QR code to join it
    ///
    /// The first colon ends the name; a colon in the name is written \:. Without a password, write
    /// SSID: alone. The environment variable WSLAB_WIFI hides the password from other users of this
    /// machine.
    #[arg(
        long,
        value_name = "SSID:PASSWORD",
        env = "WSLAB_WIFI",
        hide_env = true
    )]
    #[arg(help_heading = headings::NETWORK)]
    wifi: Option<Wifi>,
    /// What the teacher shows to cut, slow and ask
    ///
    /// The hall's page asks for it: 12 characters or more that are hard to guess. Without it, a
    /// new one is made and printed. The environment variable WSLAB_TEACHER_KEY hides it from other
    /// users of this machine.
    #[arg(long, value_name = "KEY", env = "WSLAB_TEACHER_KEY", hide_env = true)]
    #[arg(value_parser = parse_token, help_heading = headings::ACCESS)]
    teacher_key: Option<GivenToken>,
    /// Listen where the course's exercises expect a server
    ///
    /// WebSocket on port 8765 of this machine: answers each text with "Servidor confirmou
    /// recebimento: …". Events at /eventos of port 8000, for pages of any origin: JSON with contador,
    /// mensagem and horario every 2 s; with ?sensores also temperatura, umidade, pressao and alerta.
    #[arg(long, help_heading = headings::FEEDS)]
    lab: bool,
    /// Ports of the exercises' servers
    ///
    /// The WebSocket's and that of the events. Implies --lab.
    #[arg(long, value_name = "WS,SSE", help_heading = headings::FEEDS, hide_short_help = true)]
    lab_ports: Option<LabPorts>,
    /// Print the address and open no browser
    ///
    /// Without it, the page opens where the variable BROWSER names one, or where a terminal has a
    /// desktop.
    #[arg(long, help_heading = headings::OUTPUT)]
    no_open: bool,
}

/// The host that the page's address names: a name, or an IP address with or without brackets.
#[derive(Clone, Debug)]
enum PageHost {
    Name(HostName),
    Ip(IpAddr),
}

impl FromStr for PageHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) if ip.is_unspecified() => {
                Err(format!("{ip} stands for all networks: write one address"))
            }
            Ok(ip) => Ok(PageHost::Ip(ip)),
            Err(_) => text.parse().map(PageHost::Name),
        }
    }
}

impl DemoArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let is_local = self.serve.is_local();
        if self.wifi.is_some() && is_local && self.host.is_none() {
            let why = "--wifi: the page is for this machine alone; add --bind 0.0.0.0";
            return Err(UsageError(why.to_owned()).into());
        }
        let named = self.serve.lang().or(Config::find()?.lang);
        let locale = named.unwrap_or_else(Locale::of_environment);
        let lab = self.lab_ports.or(self.lab.then(LabPorts::default));
        let lab = lab.map(LabServers::bind).transpose()?;
        let name = match &self.host {
            Some(PageHost::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let key = match self.teacher_key {
            Some(key) => checked(key)?,
            None => TeacherKey::random(),
        };
        let demo = Demo {
            host: self.host,
            key,
            wifi: self.wifi,
            opens: !self.no_open && can_open(),
            texts: &locale.texts().demo,
        };
        let serve = self.serve.demonstrating(SENSORS, name);
        let texts = demo.texts;
        serve.run(|listening, state| {
            let classroom = demo.start(&listening, state)?;
            lab.map_or(Ok(()), |lab| start_lab(lab, texts))?;
            Ok(Some(classroom))
        })
    }
}

/// What a demonstration does once it listens.
struct Demo {
    host: Option<PageHost>,
    key: Token,
    wifi: Option<Wifi>,
    opens: bool,
    texts: &'static DemoTexts,
}

impl Demo {
    fn start(self, listening: &Listening, state: &AppState) -> anyhow::Result<Arc<Classroom>> {
        let Listening {
            scheme, address, ..
        } = *listening;
        let at = |host: &str| format!("{scheme}://{host}:{}/", address.port());
        let others = self.hosts(address);
        let own = match address.ip().is_unspecified() {
            true => at(&loopback(address)),
            false => format!("{scheme}://{address}/"),
        };
        let pages: Vec<String> = others.iter().map(|host| at(host)).collect();
        let page = pages.first().unwrap_or(&own);
        let texts = self.texts;
        let feeds = format!("{page}?feed=system, {page}?feed=sensors");
        output::write(format!("{}{page}, {feeds}\n", texts.page))?;
        for also in pages.iter().skip(1) {
            output::write(format!("{}{also}\n", texts.also))?;
        }
        // In the fragment, the key reaches no server and no log.
        let hall = format!("{}{page}hall#key={}\n", texts.hall, self.key.reveal());
        output::write(hall)?;
        match pages.first() {
            Some(page) => self.write_codes(page)?,
            None => self.write_advice(address),
        }
        if self.opens {
            browser::open_url(&own);
        }
        let (key, page) = (TeacherKey::new(self.key), pages.into_iter().next());
        let classroom = Classroom::new(key, page, self.wifi, state.metrics.clone());
        Ok(Arc::new(classroom))
    }

    /// The hosts by which others reach this server, the most likely first: none where it is for
    /// this machine alone.
    fn hosts(&self, address: SocketAddr) -> Vec<String> {
        let ips = match &self.host {
            Some(PageHost::Name(name)) => return vec![name.to_string()],
            Some(PageHost::Ip(ip)) => vec![*ip],
            None if address.ip().is_loopback() => Vec::new(),
            None if address.ip().is_unspecified() => lan::addresses().unwrap_or_default(),
            None => vec![address.ip()],
        };
        // A socket of all IPv6 addresses takes IPv4 as well, but not the other way round.
        let fits = |ip: &IpAddr| address.is_ipv6() || ip.is_ipv4() || self.host.is_some();
        ips.into_iter().filter(fits).map(host_of).collect()
    }

    /// On a terminal, the codes of the page and of the Wi-Fi.
    fn write_codes(&self, page: &str) -> anyhow::Result<()> {
        let texts = self.texts;
        if let Some(Wifi { ssid, password }) = &self.wifi {
            output::write(format!("{}\n", (texts.wifi)(ssid, password)))?;
        }
        if !stdout().is_terminal() {
            return Ok(());
        }
        let wifi = self.wifi.as_ref().map(|it| (texts.to_join, it.payload()));
        for (what, text) in wifi.into_iter().chain([(texts.to_open, page.to_owned())]) {
            let lines = qr::lines(&text, console::colors_enabled()).unwrap_or_default();
            let fits = |line: &String| console::measure_text_width(line) <= output::width();
            if lines.iter().all(fits) {
                output::write(format!("\n{what}\n{}\n", lines.join("\n")))?;
            }
        }
        Ok(())
    }

    /// Says how others can reach the server, who can't yet.
    fn write_advice(&self, address: SocketAddr) {
        let advice = match address.ip().is_loopback() {
            true => (self.texts.for_this_machine)(address.port()),
            false => self.texts.no_network.to_owned(),
        };
        let _ = writeln!(stderr(), "{advice}");
    }
}

/// A key that a teacher has chosen.
fn checked(key: GivenToken) -> Result<Token, UsageError> {
    let key = key.map_err(|error| UsageError(format!("--teacher-key: {error}")))?;
    match key.reveal().len() {
        key::LENGTH.. => Ok(key),
        given => {
            let least = key::LENGTH;
            let why = format!(
                "--teacher-key: write at least {least} characters, not {given}: a student can try \
                 keys as fast as the server answers",
            );
            Err(UsageError(why))
        }
    }
}

/// Serves the exercises and says where.
fn start_lab(lab: LabServers, texts: &DemoTexts) -> anyhow::Result<()> {
    let websocket = format!("ws://{}/", lab.websocket_address);
    let events = format!("http://{}{}", lab.events_address, events::PATH);
    lab.serve()?;
    output::write((texts.lab)(&websocket, &events) + "\n")?;
    Ok(())
}

/// Whether a browser can be opened: one is named, or this is a terminal of a desktop.
fn can_open() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_display = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    is_set("BROWSER") || (has_display && stdout().is_terminal())
}

fn loopback(address: SocketAddr) -> String {
    match address.is_ipv4() {
        true => host_of(Ipv4Addr::LOCALHOST.into()),
        false => host_of(Ipv6Addr::LOCALHOST.into()),
    }
}

/// An address as a URL has it (RFC 3986, section 3.2.2).
fn host_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Adds the default of demo to the help of --sensors.
fn with_sensors(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "sensors" => help::with_default(arg, &SENSORS.to_string()),
        _ => arg,
    }
}
