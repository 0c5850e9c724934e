//! What is said of a command line that clap refuses: what is wrong, and what to write.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::cli::foreign::{self, is_url};
use crate::error::{choice, nearest, unknown_word};
use crate::lab::scenario::BUILT_IN;
use crate::transport::Transport;

/// What to write instead; `None` where clap has no error but text to print, such as help.
pub(super) fn explain(
    error: &clap::Error,
    wslab: &Command,
    arguments: &[String],
) -> Option<String> {
    let line = CommandLine::of(wslab, arguments);
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let (arg, value) = (
        named(ContextKind::InvalidArg),
        named(ContextKind::InvalidValue),
    );
    let name = name(&arg);
    Some(match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with('-') => line.unknown_flag(&arg),
        ErrorKind::UnknownArgument => line.one_word_too_many(&arg),
        ErrorKind::InvalidSubcommand => {
            unknown_command(&named(ContextKind::InvalidSubcommand), wslab)
        }
        ErrorKind::InvalidValue if value.is_empty() => line.no_value(name, &arg),
        ErrorKind::InvalidValue => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(known)) => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                format!("{name}: {}", unknown_word(&value, &known))
            }
            _ => format!("{name}: {value} is none of its values"),
        },
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            match why.unwrap_or_default() {
                why if why.contains(&value) => format!("{name}: {why}"),
                why => format!("{name} {value}: {why}"),
            }
        }
        ErrorKind::NoEquals => format!("{name}: write its value after ="),
        ErrorKind::ArgumentConflict => match self::name(&named(ContextKind::PriorArg)) {
            prior if prior == name || prior.is_empty() => {
                format!("{name} is there more than once: write it once")
            }
            prior => format!("{name} and {prior} exclude each other: write one of them"),
        },
        ErrorKind::MissingRequiredArgument => format!("{arg} is missing: {}", line.hint(&arg)),
        ErrorKind::TooManyValues => format!("{name} takes no value: write {name} alone"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{name} has another number of values: write {arg}")
        }
        _ => return None,
    })
}

/// A flag of `--flag <VALUE>`, or the name of a `[WORD]...`.
fn name(arg: &str) -> &str {
    match arg.strip_prefix('-') {
        Some(_) => arg.split([' ', '=', '[']).next().unwrap_or(arg),
        None => arg.trim_matches(['[', ']', '<', '>', '.']),
    }
}

/// What was written.
struct CommandLine<'a> {
    wslab: &'a Command,
    /// The command; that of `wslab run` where none is named.
    command: &'a Command,
    is_named: bool,
    arguments: &'a [String],
}

impl<'a> CommandLine<'a> {
    fn of(wslab: &'a Command, arguments: &'a [String]) -> Self {
        let named = arguments
            .iter()
            .find_map(|word| wslab.find_subcommand(word));
        CommandLine {
            wslab,
            command: named.or(wslab.find_subcommand("run")).unwrap_or(wslab),
            is_named: named.is_some(),
            arguments,
        }
    }

    fn unknown_flag(&self, flag: &str) -> String {
        let (command, long) = (self.command.get_name(), flag.trim_start_matches('-'));
        let prefix = if self.is_named { "" } else { "wslab run " };
        let longs = || flags(self.command).filter_map(Arg::get_long);
        if let Some(foreign) = self.foreign(flag) {
            let (first, rest) = (&foreign[0], &foreign[1..]);
            let rest = rest
                .iter()
                .map(|(flag, write)| format!("; no {flag}: write {write}"));
            let rest: String = rest.collect();
            return format!("wslab has no {}: write {prefix}{}{rest}", first.0, first.1);
        }
        let begins = |word: &String| word.starts_with(flag);
        let at = self.arguments.iter().position(begins).unwrap_or(0);
        if let Some(before) = at.checked_sub(1).map(|before| &self.arguments[before])
            && self.takes_value(before)
        {
            let value = &self.arguments[at];
            return format!("a value that begins with - is written with =: {before}={value}");
        }
        if !self.is_named && longs().any(|known| known == long) {
            return format!(
                "write the command first: wslab run {}",
                self.arguments.join(" ")
            );
        }
        let has = |it: &&Command| flags(it).any(|arg| arg.get_long() == Some(long));
        let others: Vec<String> = self
            .wslab
            .get_subcommands()
            .filter(|it| !it.is_hide_set() && flag.starts_with("--"))
            .filter(has)
            .map(|it| format!("wslab {}", it.get_name()))
            .collect();
        let lists = format!("wslab {command} --help lists all options");
        match (&others[..], nearest(long, longs())) {
            ([_, ..], _) => format!(
                "wslab {command} has no {flag}, which belongs to {}",
                others.join(", ")
            ),
            ([], Some(near)) if flag.starts_with("--") => {
                format!("wslab {command} has no {flag}: did you mean --{near}? {lists}")
            }
            _ => format!("wslab {command} has no {flag}: {lists}"),
        }
    }

    /// What to write instead of the flags of other tools, of which `flag` is one: each is translated,
    /// so that one answer is enough.
    fn foreign(&self, flag: &str) -> Option<Vec<(String, String)>> {
        let translated = |flag: &str| {
            let write = foreign::flag(flag, self.command, self.arguments)?;
            Some((flag.to_owned(), write))
        };
        let mut all = vec![translated(flag)?];
        let words = self.arguments.iter().take_while(|word| *word != "--");
        for word in words.filter(|word| word.starts_with('-')) {
            let name = match word.starts_with("--") {
                true => word.split('=').next(),
                false => word
                    .char_indices()
                    .nth(2)
                    .map_or(Some(&**word), |(at, _)| word.get(..at)),
            };
            let name = name.unwrap_or(word);
            if !self.is_flag(name) && !all.iter().any(|(known, _)| known == name) {
                all.extend(translated(name));
            }
        }
        Some(all)
    }

    fn one_word_too_many(&self, word: &str) -> String {
        let command = self.command.get_name();
        let has = |long: &str| flags(self.command).any(|arg| arg.get_long() == Some(long));
        if let (true, Some(all)) = (has("transport"), transports(self.arguments)) {
            return format!("transports are named by a flag: write --transport {all}");
        }
        if is_url(word) && has("target") {
            let url = foreign::http_form(word);
            return format!("a server that already runs is --target {url}");
        }
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        for (long, fits) in [("bind", is_number || is_url(word)), ("clients", is_number)] {
            if fits && has(long) {
                return format!("\"{word}\" needs its flag: write --{long} {word}");
            }
        }
        match self.command.get_positionals().count() {
            0 => format!(
                "wslab {command} takes flags alone, and not \"{word}\": see wslab {command} -h"
            ),
            _ => format!(
                "\"{word}\" is one name too many for wslab {command}: see wslab {command} -h"
            ),
        }
    }

    fn no_value(&self, name: &str, arg: &str) -> String {
        let mut after = self.arguments.iter().skip_while(|word| *word != name);
        match after.nth(1) {
            Some(next) if next.starts_with('-') && !self.is_flag(next) => {
                format!("a value that begins with - is written with =: {name}={next}")
            }
            _ => format!("{name} needs a value: write {arg}"),
        }
    }

    fn is_flag(&self, word: &str) -> bool {
        let word = word.split('=').next().unwrap_or(word);
        let mut all = flags(self.command);
        match word.strip_prefix("--") {
            Some(long) => all.any(|arg| arg.get_long() == Some(long)),
            None => {
                let short = word.strip_prefix('-').and_then(|it| it.parse().ok());
                short.is_some() && all.any(|arg| arg.get_short() == short)
            }
        }
    }

    fn takes_value(&self, word: &str) -> bool {
        let long = word.strip_prefix("--");
        let mut named = flags(self.command).filter(|arg| long.is_some() && arg.get_long() == long);
        named.any(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set())
    }

    /// What an argument is, or its values.
    fn hint(&self, arg: &str) -> String {
        let mut all = self.command.get_arguments();
        let Some(arg) = all.find(|it| it.to_string() == arg) else {
            return format!("see wslab {} -h", self.command.get_name());
        };
        let values = arg.get_possible_values();
        let values: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        match &values[..] {
            [] => arg.get_help().map(ToString::to_string).unwrap_or_default(),
            values => format!("write {}", choice(values)),
        }
    }
}

fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    let all = command.get_arguments();
    all.filter(|arg| !arg.is_positional() && !arg.is_hide_set())
}

fn unknown_command(word: &str, wslab: &Command) -> String {
    if let Some(write) = foreign::command(word) {
        return write;
    }
    if let Some(all) = transports(&[word.to_owned()]) {
        return format!("{word} is no command: write wslab run --transport {all}");
    }
    let path = Path::new(word);
    if path.exists() {
        let command = if path.is_dir() { "report" } else { "run" };
        return format!("{word} is no command: write wslab {command} {word}");
    }
    let commands = wslab.get_subcommands().filter(|it| !it.is_hide_set());
    let scenarios = BUILT_IN.map(|(name, _)| name);
    if let Some(near) = nearest(word, commands.map(Command::get_name)) {
        return format!("wslab has no command {word}: did you mean wslab {near}?");
    }
    match nearest(word, scenarios) {
        Some(near) => format!("wslab has no command {word}: did you mean wslab run {near}?"),
        None => format!("wslab has no command {word}: wslab --help lists them"),
    }
}

/// The transports among these words, as --transport takes them.
fn transports(words: &[String]) -> Option<String> {
    let of = |word: &String| {
        word.split(',')
            .map(str::parse::<Transport>)
            .collect::<Result<Vec<_>, _>>()
    };
    let all: Vec<_> = words
        .iter()
        .filter_map(|word| of(word).ok())
        .flatten()
        .collect();
    let names: Vec<&str> = all.iter().map(|one| one.name()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// What to write where a word is no scenario. `given` are the transports of --transport.
pub(super) fn no_scenario(named: &Path, given: &[Transport]) -> Option<String> {
    let word = named.to_str().filter(|_| !named.exists())?;
    if is_url(word) {
        let url = foreign::http_form(word);
        return Some(format!(
            "\"{word}\" is no scenario: write --target {url} to measure that server"
        ));
    }
    if transports(&[word.to_owned()]).is_some() {
        let given = given.iter().map(Transport::to_string);
        let words: Vec<String> = given.chain([word.to_owned()]).collect();
        let all = transports(&words)?;
        return Some(format!(
            "\"{word}\" is no scenario: write --transport {all}"
        ));
    }
    match word {
        "on" | "off" => Some(format!(
            "\"{word}\" is no scenario: the value of --tls and --pin is written with =, as \
             --tls={word}"
        )),
        number if number.starts_with(|c: char| c.is_ascii_digit()) && !number.contains('/') => {
            Some(format!(
                "\"{word}\" is no scenario, and needs its flag: --clients {word}, --rate {word}, \
                 --window {word} (-q is --quiet)"
            ))
        }
        _ => None,
    }
}
