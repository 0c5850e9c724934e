//! Results in English and Portuguese: which language a user gets, and that nothing of the other is
//! in it. `tests/golden.rs` has copies of a Portuguese report.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use strum::IntoEnumIterator;
use support::process::{text, wslab};
use support::results::Results;
use tempfile::TempDir;
use wslab::lab::environment::Environment;
use wslab::lab::scenario::{BUILT_IN, Scenario};
use wslab::results::{
    METRICS, MetricOf, RECOVERY_METRICS, Table, Warning, recovery_shown_in, shown_in,
};
use wslab::texts::Locale;
use wslab::transport::Transport;

const FINISHED: &str = "classroom/20300101t100000z";
const AGAIN: &str = "classroom/20300102t100000z";
const IDLE: &str = "idle/20300103t100000z";
const FAULTS: &str = "faults/20300107t100000z";
const RUNS: [&str; 5] = [
    FAULTS,
    FINISHED,
    IDLE,
    "cut-off/20300104t100000z",
    "capacity/20300105t100000z",
];

/// English words that no Portuguese text has.
const ENGLISH: &str = "the and of with is are was were that which not than then where while has \
                       have only every each from by its it trial trials clients server delivery \
                       deliveries message messages transport verdict window load measured \
                       memory warning figure runs";

fn golden(folder: &str) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    golden.join(folder)
}

/// A folder with copies of the golden runs, in which wslab is run.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = TempDir::with_prefix("wslab-languages-").unwrap();
        for run in [&RUNS[..], &[AGAIN]].concat() {
            let to = folder.path().join(run);
            std::fs::create_dir_all(&to).unwrap();
            for file in std::fs::read_dir(golden("runs").join(run)).unwrap() {
                let file = file.unwrap().path();
                std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
            }
        }
        Folder(folder)
    }

    fn path(&self, run: &str) -> PathBuf {
        self.0.path().join(run)
    }

    fn wslab(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = wslab(&words);
        command.current_dir(self.0.path()).env("COLUMNS", "80");
        command.env("XDG_CONFIG_HOME", self.0.path().join("none"));
        command.env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command.env_remove("LANG").envs(variables.iter().copied());
        command.output().unwrap()
    }
}

/// The words of a text, without markup, code and names of flags.
fn words(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        plain.push(' ');
        // "p99<100ms" is no tag.
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            rest = tag;
            continue;
        }
        let closing = ["style", "code"]
            .iter()
            .find(|name| tag.starts_with(**name));
        let end = closing.map_or(">".to_owned(), |name| format!("</{name}>"));
        rest = tag.split_once(&end).map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    let words = plain.split(|c: char| !c.is_alphanumeric() && !"-_./`'’".contains(c));
    words.map(str::to_lowercase).collect()
}

fn assert_no_english(what: &str, text: &str) {
    // The title of an article.
    let text = text.replace("A Quantum Leap in Scalability for the Web", "");
    let words = words(&text);
    let english = |at: &usize| {
        let mut english = ENGLISH.split_whitespace();
        english.any(|word| word == words[*at])
    };
    if let Some(at) = (0..words.len()).find(english) {
        let around = &words[at.saturating_sub(5)..(at + 6).min(words.len())];
        panic!("{what}: \"{}\" in: {}", words[at], around.join(" "));
    }
}

/// Every English word of a metric.
fn words_of<R>(metric: &'static MetricOf<R>) -> impl Iterator<Item = &'static str> {
    let beneath = metric.beneath.iter().map(|(word, _)| *word);
    let instead = metric.instead.map(|(_, word)| word);
    let titles = [metric.group, metric.title, metric.short];
    let cells = [
        metric.definition,
        metric.cells.name,
        metric.unit_name(),
        metric.absent,
    ];
    let own = titles.into_iter().chain(cells);
    own.chain(beneath).chain(instead)
}

#[test]
fn every_metric_warning_and_question_is_translated() {
    let check = |what: &str, english: &str| {
        let known = english.is_empty() || Locale::Pt.translates(english);
        assert!(
            known,
            "{what}: no Portuguese for \"{english}\" in src/texts/pt_*.rs"
        );
    };
    for metric in METRICS.iter() {
        words_of(metric).for_each(|word| check(metric.name, word));
    }
    for column in Table::iter().flat_map(shown_in) {
        check(column.metric.name, column.group);
        check(column.metric.name, column.title);
    }
    for metric in RECOVERY_METRICS.iter() {
        words_of(metric).for_each(|word| check(metric.name, word));
    }
    for column in Table::iter().flat_map(recovery_shown_in) {
        check(column.metric.name, column.group);
        check(column.metric.name, column.title);
    }
    for warning in Warning::iter() {
        check(warning.name(), warning.sentence());
        check(warning.name(), warning.advice());
    }
    for transport in Transport::ALL {
        check(transport.name(), transport.title());
    }
    for (name, _) in BUILT_IN {
        let scenario = Scenario::find(Path::new(name)).unwrap();
        check(name, &scenario.question);
    }
    for one in wslab::check::table::checks() {
        let section = one.section.title();
        for text in [section, one.title, one.means, one.mend] {
            check(one.name, text);
        }
    }
    let environment = Environment::read(1, None, None);
    for (name, _) in environment.lines(Locale::Pt.texts()) {
        check("environment.json", &name);
    }
}

#[test]
fn no_english_is_in_a_portuguese_result() {
    let folder = Folder::new();
    for run in RUNS {
        let md = folder.wslab(&format!("report {run} --lang pt --format md"), &[]);
        assert_eq!(md.status.code(), Some(0), "{}", text(&md.stderr));
        assert_no_english(&format!("{run} as Markdown"), &text(&md.stdout));
        let page = match run {
            FINISHED => golden("reports/classroom-pt"),
            _ => {
                let table = folder.wslab(&format!("report {run} --lang pt --details"), &[]);
                assert_eq!(table.status.code(), Some(0), "{}", text(&table.stderr));
                assert_no_english(run, &text(&table.stdout));
                folder.path(run)
            }
        };
        let page = std::fs::read_to_string(page.join("report.html")).unwrap();
        assert!(page.contains("<html lang=\"pt-BR\">"));
        assert_no_english(run, &page);
    }
    for line in [
        "compare A --lang pt",
        "compare A --lang pt --details",
        "compare A B --lang pt",
        "compare A B --lang pt --format md",
        "report IDLE B --lang pt",
        "report --list --results . --lang pt",
        "report --list --results . --lang pt --format md",
    ] {
        let line = line.replace(" A", &format!(" {FINISHED}"));
        let line = line.replace("IDLE", IDLE);
        let output = folder.wslab(&line.replace(" B", &format!(" {AGAIN}")), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_no_english(&line, &text(&output.stdout));
    }
}

#[test]
fn the_language_is_that_of_the_flag_then_of_the_file_then_of_the_locale() {
    let folder = Folder::new();
    let brazil = ("LANG", "pt_BR.UTF-8");
    let is_portuguese = |flags: &str, variables: &[(&str, &str)]| {
        let line = format!("report {FINISHED} --format md {flags}");
        let output = folder.wslab(&line, variables);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        let has = |text| printed.contains(text);
        assert_ne!(has("1 mensagem/s"), has("1 message/s"), "{printed}");
        has("1 mensagem/s")
    };
    assert!(!is_portuguese("", &[]));
    assert!(is_portuguese("", &[brazil]));
    assert!(!is_portuguese("", &[brazil, ("LC_ALL", "C")]));
    assert!(!is_portuguese("--lang en", &[brazil]));
    assert!(is_portuguese("--lang pt-BR", &[]));
    std::fs::write(folder.path("wslab.toml"), "lang = \"pt\"\n").unwrap();
    assert!(is_portuguese("", &[("LC_ALL", "en_US.UTF-8")]));
    assert!(!is_portuguese("--lang en", &[brazil]));
    std::fs::write(folder.path("wslab.toml"), "lang = \"fr\"\n").unwrap();
    let output = folder.wslab(&format!("report {FINISHED}"), &[]);
    let why = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{why}");
    assert!(
        why.contains("wslab.toml") && why.contains("write en"),
        "{why}"
    );
}

#[test]
fn formats_for_programs_and_errors_are_english() {
    let folder = Folder::new();
    for line in [
        format!("report {FINISHED} --format json"),
        format!("report {FINISHED} --format csv"),
        format!("compare {FINISHED} {AGAIN} --format json"),
        format!("compare {FINISHED} {AGAIN} --format csv"),
        "report --list --results . --format json".to_owned(),
        "report capacity/20300105t100000z --format json".to_owned(),
    ] {
        let [english, portuguese] =
            ["en", "pt"].map(|lang| folder.wslab(&format!("{line} --lang {lang}"), &[]));
        assert!(!english.stdout.is_empty(), "{line}");
        assert!(english.stdout == portuguese.stdout, "{line}");
    }
    let gate = format!("compare {FINISHED} {AGAIN} --metric missed --fail-if latency_p99_us>+10%");
    let [english, portuguese] =
        ["en", "pt"].map(|lang| folder.wslab(&format!("{gate} --lang {lang}"), &[]));
    assert_eq!(portuguese.status.code(), Some(1));
    assert_eq!(text(&portuguese.stderr), text(&english.stderr));
    assert!(text(&portuguese.stderr).contains("\nFAILED: latency_p99_us > +10%: sse, 100 clients"));
    let unknown = folder.wslab("report --lang fr", &[]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("write en (English) or pt (Portuguese)"));
}

#[test]
fn a_report_is_rebuilt_in_the_other_language() {
    let folder = Folder::new();
    let page = |lang: &str| {
        let output = folder.wslab(&format!("report {IDLE} --lang {lang}"), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let page = std::fs::read_to_string(folder.path(IDLE).join("report.html"));
        page.unwrap()
    };
    let english = page("en");
    assert!(page("pt") != english);
    assert!(
        page("en") == english,
        "nothing of the other language is kept"
    );
}

/// A run of half a second, with a guess, a demand and what it says at its end.
#[test]
fn a_run_ends_in_the_language_of_the_user() {
    let results = Results::new();
    let line = "run --transport sse,websocket --clients 2 --rate 20 --warm-up 100ms --window 500ms \
                --slo missed<1 --lang pt --predict";
    let mut run = results.start(&line.split_whitespace().collect::<Vec<_>>());
    run.write_line("2ms");
    let output = run.finish();
    let (printed, told) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("Quanto uma mensagem demora, em média?"),
        "{told}"
    );
    for part in [
        "20 mensagens/s",
        "transporte",
        "latência média",
        "palpite",
        "cumprido: missed<1: sse, 2 clientes",
        "relatório: ",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert_no_english("the end of a run", &printed.replace("file:", " "));
}

/// The forms of a text of a page in one language: singular and plural, or one for both.
fn forms(text: &Value) -> Vec<&str> {
    let list = text.as_array().map(Vec::as_slice);
    let list = list.unwrap_or(std::slice::from_ref(text));
    assert!([1, 2].contains(&list.len()), "{text}");
    list.iter().filter_map(Value::as_str).collect()
}

/// The names in braces.
fn placeholders(texts: &[&str]) -> BTreeSet<String> {
    let of = |text: &str| {
        let after = text.split('{').skip(1);
        let names = after.filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()));
        names.collect::<Vec<_>>()
    };
    texts.iter().flat_map(|text| of(text)).collect()
}

#[test]
fn every_text_of_the_pages_is_in_both_languages_with_the_same_values() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/texts/pages");
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let texts = std::fs::read_to_string(&file).unwrap();
        let texts: BTreeMap<String, Value> = serde_json::from_str(&texts).unwrap();
        for (key, pair) in &texts {
            let place = format!("{}: {key}", file.display());
            let [english, portuguese] = &pair.as_array().expect("a list")[..] else {
                panic!("{place}: not a pair");
            };
            let (english, portuguese) = (forms(english), forms(portuguese));
            let mut all = english.iter().chain(&portuguese);
            assert!(all.all(|text| !text.trim().is_empty()), "{place}");
            assert_eq!(placeholders(&english), placeholders(&portuguese), "{place}");
            assert_no_english(&place, &portuguese.join(" "));
        }
    }
}
