//! The command line: one file a command, and the arguments that several commands share.

pub mod advise;
mod args;
mod browser;
pub mod capacity;
pub mod chat;
pub mod check;
mod claims;
pub mod compare;
pub mod completions;
pub mod demo;
mod display;
pub mod doctor;
mod examples;
mod factor_args;
mod foreign;
mod help;
mod judged_claim;
pub mod lesson;
mod list;
pub mod load;
pub mod man;
pub mod network;
mod predict;
mod process;
pub mod proxy;
mod refusal;
pub mod report;
mod result;
pub mod run;
mod run_args;
mod run_files;
mod scenarios;
pub mod serve;
mod together;
pub mod wire;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::client::token;
use crate::error::UsageError;
use crate::system::output;

/// Polling, SSE or WebSocket? Measures the same feed over each transport
#[derive(Parser)]
#[command(version, max_term_width = help::MOST_WIDE)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Measure: run a scenario, or what the flags say
    Run(Box<run::RunCommand>),
    /// Compare two runs, or the transports within one
    Compare(compare::CompareArgs),
    /// What a run says for and against each transport
    ///
    /// For a need that the flags describe. Each statement says what it rests on: a figure of the
    /// run, a standard, theory; or what to run to know it. The answer says which transports remain,
    /// in groups that the data can tell apart, and which are out, and why.
    Advise(advise::AdviseArgs),
    /// Search for the most clients that each transport holds
    ///
    /// Or for the most messages per second. The search doubles the value until a trial fails. Then
    /// it halves the bracket until its ends are close. The result must hold again in further
    /// trials. A trial holds if it is VALID and within the objective. It fails if it is VALID and
    /// beyond the objective, or INVALID because messages were missed, connections were refused or
    /// the server died. Any other trial shows nothing and is repeated, after a pause if other
    /// processes disturbed it. A value without a trial that shows something is reported as not
    /// told, and never as held.
    Capacity(Box<capacity::CapacityArgs>),
    /// Predict, measure and read a question of the lecture
    Lesson(lesson::LessonArgs),
    /// Rebuild report.html and the plots of a run from its files
    Report(report::ReportArgs),
    /// What on this machine would spoil a measurement, and the fix
    Doctor(doctor::DoctorArgs),
    /// Serve the feeds, and the page that shows them
    Serve(Box<serve::ServeArgs>),
    /// Serve a page with live feeds and a chat
    ///
    /// The feeds are readings of this machine, simulated sensors, and a chat.
    Demo(Box<demo::DemoArgs>),
    /// Read and write a feed over any transport
    ///
    /// At a terminal or behind a pipe. At a terminal, the last line shows the feed, the transport,
    /// its latency and the number of members. Otherwise each line of standard input is published,
    /// which needs --user, and standard output has one line a message ("alice: oi", "* bob
    /// joined"). The state of the connection goes to standard error. With --user the command ends
    /// after its input.
    Chat(chat::ChatArgs),
    /// Show one connection byte by byte
    ///
    /// Every byte both ways: heads line by line, chunks, events, frames field by field; what each
    /// field is for, where it is specified, and the shell command that derives its value. The last
    /// lines are the bytes of each layer.
    Wire(Box<wire::WireArgs>),
    /// Check a server against the rules of its transport
    ///
    /// Tries a server as a careful client would, with good input and with bad, and prints what is
    /// right and what is wrong: the clause of the standard, what it means for a user, and how to
    /// mend it. It takes about ten seconds and a handful of connections. It sends test messages,
    /// which the other clients of a chat see.
    Check(check::CheckArgs),
    /// Print the completions of a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual, or write one page for each command
    Man(man::ManArgs),
    /// Run the load of one trial; wslab run starts it
    #[command(hide = true)]
    Load(load::LoadArgs),
    /// Run the proxy of one trial; wslab run starts it
    #[command(hide = true)]
    Proxy(proxy::ProxyArgs),
    /// Run the network of one trial; wslab run starts it
    #[command(hide = true)]
    Network(network::NetworkArgs),
}

impl Cli {
    /// Reads the command line. Prints help, and what is wrong with an argument, and exits; of an
    /// argument that is not UTF-8 it returns which one.
    pub fn read() -> anyhow::Result<Self> {
        let is_bad = |text: &OsString| text.to_str().is_none();
        match Cli::try_parse() {
            Err(error) if error.kind() == ErrorKind::InvalidUtf8 => {
                // It may be a token, so it is not shown.
                let which = match std::env::args_os().position(|argument| is_bad(&argument)) {
                    Some(number) => format!("argument {number}"),
                    None => token::VARIABLE.to_owned(),
                };
                let why = format!("{which} is not UTF-8: only paths may have other bytes");
                Err(UsageError(why).into())
            }
            Err(error) => {
                let words = std::env::args_os().skip(1);
                let words = words.filter_map(|word| word.into_string().ok());
                let words: Vec<String> = words.collect();
                let mut wslab = Cli::command();
                wslab.build();
                match refusal::explain(&error, &wslab, &words) {
                    Some(advice) => Err(UsageError(advice).into()),
                    None => error.exit(),
                }
            }
            Ok(cli) => Ok(cli),
        }
    }

    /// Runs the command. [`exit_code`](crate::error::exit_code) has the code of an error.
    pub fn execute(self) -> anyhow::Result<ExitCode> {
        let Some(command) = self.command else {
            output::write(help::welcome())?;
            return Ok(ExitCode::SUCCESS);
        };
        match command {
            Command::Run(args) => args.execute(),
            Command::Capacity(args) => args.execute(),
            Command::Advise(args) => args.execute(),
            Command::Lesson(args) => args.execute(),
            Command::Report(args) => args.execute(),
            Command::Doctor(args) => args.execute(),
            Command::Compare(args) => args.execute(),
            Command::Serve(args) => args.execute(),
            Command::Demo(args) => args.execute(),
            Command::Chat(args) => args.execute(),
            Command::Wire(args) => args.execute(),
            Command::Check(args) => args.execute(),
            Command::Completions(args) => args.execute(Cli::command()),
            Command::Man(args) => args.execute(Cli::command()),
            Command::Load(args) => args.execute(),
            Command::Proxy(args) => args.execute(),
            Command::Network(args) => args.execute(),
        }
    }
}
