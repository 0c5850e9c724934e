//! Golden copies: pages, plots, tables, comparisons and help, as files in `tests/golden`.
//!
//! A test makes each file anew and compares it with its golden copy, byte for byte. A change of the
//! source that changes a file fails the test, which names the first line that differs.
//!
//! * `runs/SCENARIO/RUN/` are the inputs: folders of runs, laid out as in `results/`. Rows and
//!   machine are made up. `scenario.toml`, `environment.json`, `trials.csv`, `timeline.csv` and
//!   `recovery.csv` are as `wslab run` writes them.
//! * `reports/SCENARIO/` is what `wslab report` makes of such a run. `report.html` opens in a
//!   browser. `plots/png.txt` has a line for each PNG: its name, its size and the SHA-256 of its
//!   pixels. `table-80.txt` is what ends a run on a terminal of 80 columns, and
//!   `capacity-80.txt` what ends a search; `details.txt` has every table, with colours.
//!   `reports/classroom-pt/` is the page and the tables in Portuguese.
//! * `compare/` is what `wslab compare` prints.
//! * `formats/` is what `--format` makes of results.
//! * `server/` is what a server answers; `tests/http.rs` makes it.
//! * `help/` is what `-h` and `--help` print at 80 and at 60 columns, and what `wslab` prints.
//!
//! After an intended change, write the golden copies anew and review the difference:
//!
//! ```text
//! WSLAB_GOLDEN=update cargo test --test golden --test http
//! git diff --stat tests/golden
//! ```
//!
//! An update also writes the files in `runs/` as this version does. They differ where a column or a
//! key was added.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use golden::{Golden, files_in};
use tempfile::TempDir;

#[path = "support/golden.rs"]
mod golden;

/// The runs, by the folders of their scenarios.
const FINISHED: &str = "classroom/20300101t100000z";
const IDLE: &str = "idle/20300103t100000z";
const CUT_OFF: &str = "cut-off/20300104t100000z";
/// Every trial is SUSPECT, for several reasons.
const SUSPECT: &str = "suspect/20300106t100000z";
const CAPACITY: &str = "capacity/20300105t100000z";
/// Three faults in every trial, twice.
const FAULTS: &str = "faults/20300107t100000z";
/// A second run of [`FINISHED`]'s scenario: some cells differ, some have no partner.
const AGAIN: &str = "classroom/20300102t100000z";

/// The library behind the tests. These functions are the only ones that name its modules.
mod library {
    use std::path::Path;

    use wslab::lab::recorded_run::RecordedRun;
    use wslab::lab::{capacity, environment::Environment, scenario::Scenario};
    use wslab::report::{self, TextStyle};
    use wslab::results::{
        RecoveryRow, TimelineRow, TrialRow, read_rows, read_rows_if_there, write_rows,
    };
    pub use wslab::texts::Locale;

    /// What `wslab run` prints at its end, on a terminal of this width.
    pub fn run_table(run: &Path, width: usize) -> String {
        in_language(run, width, Locale::En)
    }

    /// The same in a language.
    pub fn in_language(run: &Path, width: usize, locale: Locale) -> String {
        printed(run, style(width), locale)
    }

    fn printed(run: &Path, style: TextStyle, locale: Locale) -> String {
        let trials = trials(run);
        let recoveries: Vec<RecoveryRow> = read_rows_if_there(&run.join("recovery.csv")).unwrap();
        let parts = [
            report::text_table(&trials, &[], style, locale),
            report::recovery_table(&trials, &recoveries, style, locale),
        ];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let answer = report::text_answer(&trials, style, locale);
        parts.collect::<Vec<_>>().join("\n") + &answer
    }

    /// The same with `--details` and colours.
    pub fn run_details(run: &Path) -> String {
        let style = TextStyle {
            details: true,
            colour: true,
            ..style(80)
        };
        printed(run, style, Locale::En)
    }

    fn style(width: usize) -> TextStyle {
        TextStyle {
            width,
            ..TextStyle::PLAIN
        }
    }

    /// What `wslab capacity` prints at its end, on a terminal of this width.
    pub fn capacity_table(run: &Path, width: usize) -> String {
        let trials = trials(run);
        let id = run.file_name().unwrap().to_string_lossy();
        let found = capacity::rows(&read_back(run).0, &id, &trials);
        report::capacity_table(&found, &trials, style(width), Locale::En)
    }

    /// Reads the rows of a file in one folder, and writes them into another folder.
    pub fn rewrite_rows(file: &str, from: &Path, to: &Path) {
        let (from, to) = (from.join(file), to.join(file));
        match file {
            "trials.csv" => write_rows(&to, &read_rows::<TrialRow>(&from).unwrap()),
            "timeline.csv" => write_rows(&to, &read_rows::<TimelineRow>(&from).unwrap()),
            "recovery.csv" => write_rows(&to, &read_rows::<RecoveryRow>(&from).unwrap()),
            other => panic!("{other} has no rows"),
        }
        .unwrap();
    }

    /// `scenario.toml` and `environment.json` as a repeated run would write them.
    pub fn rewritten(run: &Path) -> (String, String) {
        let (scenario, environment) = read_back(run);
        (
            toml::to_string(&scenario).unwrap(),
            serde_json::to_string_pretty(&environment).unwrap(),
        )
    }

    fn trials(run: &Path) -> Vec<TrialRow> {
        read_rows(&run.join("trials.csv")).unwrap()
    }

    fn read_back(run: &Path) -> (Scenario, Environment) {
        let recorded = RecordedRun::read(run).unwrap();
        (recorded.scenario, recorded.environment)
    }
}

/// The folder of a made-up run.
fn source(run: &str) -> PathBuf {
    golden::folder().join("runs").join(run)
}

/// A temporary folder, removed when this value is dropped. A copied run has the same relative path
/// in it as in `tests/golden`, so that printed paths do not change.
struct WorkFolder(TempDir);

impl WorkFolder {
    fn new() -> Self {
        WorkFolder(TempDir::with_prefix("wslab-golden-").unwrap())
    }

    /// Copies a run, and returns its path within the working folder.
    fn copy(&self, run: &str) -> String {
        let named = format!("runs/{run}");
        let folder = self.0.path().join(&named);
        std::fs::create_dir_all(&folder).unwrap();
        for file in files_in(&source(run)) {
            std::fs::copy(source(run).join(&file), folder.join(&file)).unwrap();
        }
        named
    }

    /// Runs the program in this folder, with an empty environment and no terminal.
    fn wslab(&self, arguments: &[&str]) -> Output {
        self.wslab_at("100", arguments)
    }

    /// The same, at a width.
    fn wslab_at(&self, columns: &str, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_wslab"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .env("COLUMNS", columns)
            .output()
            .unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The size of a PNG and the SHA-256 of its decoded pixels: another encoder may compress the same
/// pixels differently.
fn pixels(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(png).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &pixels[..frame.buffer_size()]);
    let hash: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("{}x{} {hash}", frame.width, frame.height)
}

/// Makes the report of a run and compares all its files.
fn check_report(golden: &mut Golden, run: &str) {
    let work = WorkFolder::new();
    let named = work.copy(run);
    let output = work.wslab(&["report", &named]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let link = format!("{named}/report.html\n");
    assert!(
        text(&output.stdout).contains(&link),
        "{}",
        text(&output.stdout)
    );
    let folder = work.0.path().join(&named);
    check_files(golden, &folder, &files_in(&source(run)));
}

/// Compares the files that a report added to the `inputs` in a run's folder.
fn check_files(golden: &mut Golden, folder: &Path, inputs: &BTreeSet<String>) {
    let mut pngs = String::new();
    for name in files_in(folder).difference(inputs) {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        match name.strip_suffix(".png") {
            Some(stem) => pngs += &format!("{stem} {}\n", pixels(&bytes)),
            None => golden.check(name, &without_letters(bytes)),
        }
    }
    if !pngs.is_empty() {
        golden.check("plots/png.txt", pngs.replace("plots/", "").as_bytes());
    }
}

/// A page or a picture without the font in it, which would be most of its copy.
fn without_letters(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(whole) = std::str::from_utf8(&bytes) else {
        return bytes;
    };
    let mut parts = whole.split("font/woff2;base64,");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(')').unwrap();
        text += "font/woff2;base64,";
        text += &part[end..];
    }
    text.into_bytes()
}

/// Columns of a usual terminal, and of half a screen.
const WIDTHS: [usize; 2] = [80, 60];

fn check_tables(golden: &mut Golden, run: &str) {
    for width in WIDTHS {
        let table = library::run_table(&source(run), width);
        assert_fits(&table, width);
        golden.check(&format!("table-{width}.txt"), table.as_bytes());
    }
}

fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(line.chars().count() <= width, "{width}: {line}");
    }
}

#[test]
fn the_report_of_a_finished_run() {
    let mut golden = Golden::of("reports/classroom");
    check_report(&mut golden, FINISHED);
    check_tables(&mut golden, FINISHED);
    let details = library::run_details(&source(FINISHED));
    golden.check("details.txt", details.as_bytes());
    golden.finish();
}

/// The table and the answer are on one screen, however many warnings there are.
#[test]
fn a_suspect_run_fits_a_terminal() {
    let mut golden = Golden::of("reports/suspect");
    let work = WorkFolder::new();
    let named = work.copy(SUSPECT);
    for width in ["80", "60", "40"] {
        let output = work.wslab_at(width, &["report", &named]);
        let path = work.0.path().canonicalize().unwrap();
        let printed = text(&output.stdout).replace(path.to_str().unwrap(), "");
        if width == "80" {
            assert!(
                printed.lines().count() < 24,
                "no room for a prompt: {printed}"
            );
        }
        golden.check(&format!("terminal-{width}.txt"), printed.as_bytes());
    }
    golden.finish();
}

/// Recovery in the page, the plots and the tables, in both languages.
#[test]
fn the_report_of_a_run_with_faults() {
    let mut golden = Golden::of("reports/faults");
    check_report(&mut golden, FAULTS);
    check_tables(&mut golden, FAULTS);
    for width in WIDTHS {
        let table = library::in_language(&source(FAULTS), width, library::Locale::Pt);
        assert_fits(&table, width);
        golden.check(&format!("pt-table-{width}.txt"), table.as_bytes());
    }
    golden.finish();
}

#[test]
fn the_report_of_an_idle_run() {
    let mut golden = Golden::of("reports/idle");
    check_report(&mut golden, IDLE);
    check_tables(&mut golden, IDLE);
    golden.finish();
}

#[test]
fn the_report_of_a_run_cut_off_before_its_first_trial() {
    let mut golden = Golden::of("reports/cut-off");
    check_report(&mut golden, CUT_OFF);
    golden.finish();
}

#[test]
fn the_report_of_a_search_for_capacity() {
    let mut golden = Golden::of("reports/capacity");
    check_report(&mut golden, CAPACITY);
    for width in WIDTHS {
        let table = library::capacity_table(&source(CAPACITY), width);
        assert_fits(&table, width);
        golden.check(&format!("capacity-{width}.txt"), table.as_bytes());
    }
    golden.finish();
}

/// The page with its plots, and what ends the run, for a user in Brazil.
#[test]
fn the_report_in_portuguese() {
    let mut golden = Golden::of("reports/classroom-pt");
    let work = WorkFolder::new();
    let named = work.copy(FINISHED);
    let output = work.wslab(&["report", &named, "--lang", "pt"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = std::fs::read(work.0.path().join(&named).join("report.html")).unwrap();
    golden.check("report.html", &without_letters(page));
    for width in WIDTHS {
        let table = library::in_language(&source(FINISHED), width, library::Locale::Pt);
        assert_fits(&table, width);
        golden.check(&format!("table-{width}.txt"), table.as_bytes());
    }
    golden.finish();
}

/// Another folder, an absolute path, another time zone, and a plot of an older report.
#[test]
fn a_report_does_not_depend_on_its_folder_or_environment() {
    let mut golden = Golden::of("reports/idle");
    let work = WorkFolder::new();
    let named = work.0.path().join(work.copy(IDLE));
    let path = named.to_str().unwrap();
    std::fs::create_dir(named.join("plots")).unwrap();
    std::fs::write(named.join("plots/scaling.svg"), "of an older report").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wslab"))
        .args(["report", path])
        .current_dir("/")
        .envs([("TZ", "Asia/Tokyo"), ("LC_ALL", "ja_JP.UTF-8")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = std::fs::read_to_string(named.join("report.html")).unwrap();
    assert!(
        !page.contains(work.0.path().to_str().unwrap()),
        "{path} is in the page"
    );
    check_files(&mut golden, &named, &files_in(&source(IDLE)));
    golden.assert_same();
}

#[test]
fn comparisons() {
    let mut golden = Golden::of("compare");
    let work = WorkFolder::new();
    let [a, b, idle] = &[FINISHED, AGAIN, IDLE].map(|run| work.copy(run));
    let gates = [
        "--fail-if",
        "latency_p99_us > +10%",
        "--fail-if",
        "missed > 0%",
    ];
    for (name, arguments) in [
        ("within-a-run.txt", vec!["compare", a]),
        ("two-runs.txt", vec!["compare", a, b]),
        ("all-metrics.txt", vec!["compare", idle, "--metric", "all"]),
        (
            "colours.txt",
            vec![
                "compare",
                a,
                b,
                "--metric",
                "p99,bytes",
                "--color",
                "always",
            ],
        ),
        (
            "gates.txt",
            [&["compare", a, b, "--metric", "exchanges"], &gates[..]].concat(),
        ),
    ] {
        for width in [60, 40] {
            let output = work.wslab_at(&width.to_string(), &arguments);
            let printed = text(&output.stdout);
            let printed = console::strip_ansi_codes(printed);
            let tables = printed.lines().filter(|line| !line.contains("runs/"));
            assert_fits(&tables.collect::<Vec<_>>().join("\n"), width);
        }
        let output = work.wslab_at("80", &arguments);
        let printed = format!(
            "$ wslab {}\n{}--- standard error ---\n{}--- exit code {} ---\n",
            arguments.join(" "),
            text(&output.stdout),
            text(&output.stderr),
            output.status.code().unwrap()
        );
        golden.check(name, printed.as_bytes());
    }
    golden.finish();
}

/// Results for scripts.
#[test]
fn formats() {
    let mut golden = Golden::of("formats");
    let work = WorkFolder::new();
    let runs = [FINISHED, AGAIN, IDLE, CAPACITY, FAULTS];
    let [a, b, idle, capacity, faults] = &runs.map(|run| work.copy(run));
    let metric = "latency_p99_us,missed,exchanges";
    for (name, arguments) in [
        ("report", vec!["report", idle]),
        ("faults", vec!["report", faults]),
        ("capacity", vec!["report", capacity]),
        (
            "compare",
            vec!["compare", a, "--against", "websocket", "--metric", metric],
        ),
        (
            "compare-runs",
            vec![
                "compare",
                a,
                b,
                "--metric",
                metric,
                "--fail-if",
                "sse: latency_p99_us > +10%",
            ],
        ),
    ] {
        for format in ["json", "csv", "md"] {
            let output = work.wslab(&[&arguments[..], &["--format", format]].concat());
            golden.check(&format!("{name}.{format}"), &output.stdout);
        }
    }
    golden.finish();
}

#[test]
fn files_of_a_run_are_written_as_they_were_read() {
    let mut golden = Golden::of("runs");
    let work = WorkFolder::new();
    for run in [FINISHED, AGAIN, IDLE, CUT_OFF, CAPACITY, SUSPECT, FAULTS] {
        let (scenario, environment) = library::rewritten(&source(run));
        golden.check(&format!("{run}/scenario.toml"), scenario.as_bytes());
        golden.check(&format!("{run}/environment.json"), environment.as_bytes());
        for file in ["trials.csv", "timeline.csv", "recovery.csv"] {
            if source(run).join(file).exists() {
                library::rewrite_rows(file, &source(run), work.0.path());
                let rewritten = std::fs::read(work.0.path().join(file)).unwrap();
                golden.check(&format!("{run}/{file}"), &rewritten);
            }
        }
    }
    golden.assert_same();
}

#[test]
fn help() {
    let mut golden = Golden::of("help");
    let work = WorkFolder::new();
    let commands = [
        "",
        "run",
        "capacity",
        "lesson",
        "report",
        "doctor",
        "compare",
        "advise",
        "serve",
        "demo",
        "chat",
        "check",
        "wire",
        "completions",
        "man",
    ];
    for (command, columns, flag) in commands.into_iter().flat_map(|command| {
        let flags = [
            ("80", "-h"),
            ("80", "--help"),
            ("60", "-h"),
            ("60", "--help"),
        ];
        flags.map(|(columns, flag)| (command, columns, flag))
    }) {
        let arguments: Vec<&str> = command.split_terminator(' ').chain([flag]).collect();
        let output = work.wslab_at(columns, &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let name = [if command.is_empty() { "wslab" } else { command }, flag].concat();
        golden.check(&format!("{columns}/{name}.txt"), &output.stdout);
    }
    golden.check("welcome.txt", &work.wslab(&[]).stdout);
    golden.finish();
}
