//! Folders of runs as they are found later: cut off, edited, saved by a spreadsheet, removed, read
//! by two programs at once.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use support::process::{Process, text, wslab};
use support::wait_until;
use tempfile::TempDir;

mod support;

/// A copy of a made-up run: four cells of one trial, in which nothing was published.
fn idle_run(work: &TempDir) -> PathBuf {
    copy(work, "idle/20300103t100000z")
}

/// A copy of a made-up run: five cells of two trials with three faults.
fn run_with_faults(work: &TempDir) -> PathBuf {
    copy(work, "faults/20300107t100000z")
}

fn copy(work: &TempDir, run: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/runs");
    let source = source.join(run);
    let folder = work.path().join(source.file_name().unwrap());
    fs::create_dir(&folder).unwrap();
    for file in fs::read_dir(source).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    folder
}

/// Changes a file of a run.
fn edit(file: &Path, change: impl Fn(&str) -> String) {
    let was = fs::read_to_string(file).unwrap();
    let is = change(&was);
    assert_ne!(was, is, "nothing changed");
    fs::write(file, is).unwrap();
}

fn report(run: &Path) -> Output {
    wslab(&["report", run.to_str().unwrap()]).output().unwrap()
}

/// The page as it is.
fn written(run: &Path) -> String {
    fs::read_to_string(run.join("report.html")).unwrap()
}

fn page(run: &Path) -> String {
    let output = report(run);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    fs::read_to_string(run.join("report.html")).unwrap()
}

#[test]
fn a_run_that_a_brazilian_spreadsheet_has_saved_makes_the_same_report() {
    let work = TempDir::new().unwrap();
    let run = idle_run(&work);
    let before = page(&run);
    let saved = |was: &str| {
        let mut table = csv::WriterBuilder::new()
            .delimiter(b';')
            .from_writer("\u{feff}".as_bytes().to_vec());
        let mut rows = csv::ReaderBuilder::new();
        for row in rows
            .has_headers(false)
            .from_reader(was.as_bytes())
            .records()
        {
            let row = row.unwrap();
            let cells = row.iter().map(|cell| match (cell, cell.parse::<f64>()) {
                ("false", _) => "FALSO".to_owned(),
                (number, Ok(_)) => number.replace('.', ","),
                (text, Err(_)) => text.to_owned(),
            });
            table.write_record(cells).unwrap();
        }
        String::from_utf8(table.into_inner().unwrap()).unwrap()
    };
    edit(&run.join("trials.csv"), saved);
    edit(&run.join("timeline.csv"), saved);
    for file in ["environment.json", "scenario.toml"] {
        edit(&run.join(file), |was| format!("\u{feff}{was}"));
    }
    assert!(page(&run) == before, "the reports differ");
}

#[test]
fn an_edited_figure_that_is_none_is_refused_with_its_place() {
    let work = TempDir::new().unwrap();
    let run = idle_run(&work);
    let trials = run.join("trials.csv");
    let whole = fs::read_to_string(&trials).unwrap();
    for (new, expected) in [
        ("NaN", "line 3, column poll_interval_ms: expected a number"),
        ("-inf", "line 3, column poll_interval_ms: expected a number"),
    ] {
        fs::write(
            &trials,
            whole.replace(",false,,5000.0", &format!(",false,{new},5000.0")),
        )
        .unwrap();
        let output = report(&run);
        assert_eq!(output.status.code(), Some(2));
        let error = text(&output.stderr);
        assert!(
            error.contains(expected) && error.contains("trials.csv"),
            "{error}"
        );
    }
    fs::write(&trials, whole.replacen(",16.0,0,", ",16.0,-3,", 1)).unwrap();
    let error = text(&report(&run).stderr);
    let expected = "line 2, column published: expected a whole number of 0 or more, found \"-3\"";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_run_that_was_cut_off_says_which_trials_it_lacks() {
    let work = TempDir::new().unwrap();
    let run = idle_run(&work);
    assert!(!page(&run).contains("not complete"));
    edit(&run.join("trials.csv"), |was| {
        was.lines()
            .take(4)
            .map(|line| format!("{line}\n"))
            .collect()
    });
    let lacks = "This run is not complete. Missing trials: websocket, 1,000 clients (1 of 1).";
    assert!(page(&run).contains(lacks));
    // A gate passes on nothing that it has not seen, also where both runs lack it.
    let run = run.to_str().unwrap();
    for folders in [&[run][..], &[run, run]] {
        let gate = ["--metric", "exchanges", "--fail-if", "connect_failed > 0%"];
        let compare = wslab(&[&["compare"], folders, &gate].concat());
        let output = { compare }.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        // Lines are folded.
        let printed = text(&output.stdout).replace("\n  ", " ").replace('\n', " ");
        assert!(printed.contains(lacks), "{printed}");
        let error = text(&output.stderr);
        let unjudged = "websocket, 1,000 clients (1 of 1): not measured: no gate can judge it";
        assert!(error.contains(unjudged), "{error}");
    }
}

/// The newest is by when a run began, whatever the times of its files are.
#[test]
fn runs_are_listed_newest_first_and_the_newest_is_opened() {
    let work = TempDir::new().unwrap();
    let results = work.path().join("results");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/runs");
    // Copied in the order of their ages, the newest first.
    for run in [
        "idle/20300103t100000z",
        "classroom/20300102t100000z",
        "classroom/20300101t100000z",
    ] {
        let folder = results.join(run);
        fs::create_dir_all(&folder).unwrap();
        for file in fs::read_dir(golden.join(run)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
    let report = |flags: &[&str]| {
        let mut command = wslab(&["report", "--results"]);
        command.arg(&results).args(flags);
        command.env("COLUMNS", "80");
        command
    };
    let list = report(&["--list"]).output().unwrap();
    let list = text(&list.stdout);
    let heads: Vec<&str> = list
        .lines()
        .filter(|line| line.starts_with("2030"))
        .collect();
    let [idle, again, finished] = heads[..] else {
        panic!("{list}")
    };
    assert!(
        idle.starts_with("2030-01-03T10:00:00Z")
            && idle.ends_with("  4 trials: 3 VALID, 1 SUSPECT"),
        "{idle}"
    );
    assert!(again.starts_with("2030-01-02"), "{again}");
    assert!(finished.starts_with("2030-01-01"), "{finished}");
    let verdicts = "55 trials: 53 VALID, 1 SUSPECT, 1 INVALID";
    assert!(finished.ends_with(verdicts), "{finished}");
    assert!(list.contains("what does waiting"), "{list}");
    assert!(list.contains("/idle/20300103t100000z  14."), "{list}");
    let is_long = |line: &&str| line.chars().count() > 80 && !line.contains("/results/");
    assert_eq!(list.lines().find(is_long), None);
    let narrow = report(&["--list"]).env("COLUMNS", "40").output().unwrap();
    let narrow = text(&narrow.stdout);
    let is_long = |line: &&str| line.chars().count() > 40 && !line.contains("/results/");
    assert_eq!(narrow.lines().find(is_long), None);
    assert!(
        narrow.contains("2030-01-03T10:00:00Z\n    4 trials: 3 VALID, 1 SUSPECT\n"),
        "{narrow}"
    );
    let json = report(&["--list", "--format", "json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["runs"][2]["suspect"], 1);
    assert!(json["runs"][0]["bytes"].as_u64().unwrap() > 1_000);

    let opened = work.path().join("opened");
    let browser = work.path().join("browser");
    fs::write(
        &browser,
        format!("#!/bin/sh\necho $1 > {}\n", opened.display()),
    )
    .unwrap();
    fs::set_permissions(&browser, Permissions::from_mode(0o755)).unwrap();
    let output = report(&["--open"])
        .env("BROWSER", &browser)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let read = || fs::read_to_string(&opened).unwrap_or_default();
    wait_until("the browser has the page", || read().ends_with('\n'));
    assert!(
        read().ends_with("/idle/20300103t100000z/report.html\n"),
        "{}",
        read()
    );
}

/// A kind of damage, what is said of it, and whether the other trials are shown.
#[test]
fn what_can_be_read_of_a_damaged_run_is_shown_and_the_rest_named_with_file_and_line() {
    type Damage = fn(&str) -> String;
    let kinds: [(&str, Damage, &str); 9] = [
        (
            "trials.csv",
            |was| was[..was.len() - 40].to_owned(),
            "trials.csv is not as wslab wrote it: line 5 has ",
        ),
        (
            "trials.csv",
            |was| was.replacen(",16.0,0,", ",NaN,0,", 1),
            "line 2, column window_s: expected a number",
        ),
        (
            "trials.csv",
            |was| was.replacen(",sse,", ",pigeon,", 1),
            "line 4, column transport: ",
        ),
        (
            "trials.csv",
            |was| was.replacen("VALID", "PERHAPS", 1),
            "line 2, column verdict: ",
        ),
        (
            "timeline.csv",
            |was| was.replacen("window", "window,window", 1),
            "timeline.csv is not as wslab wrote it: line ",
        ),
        (
            "environment.json",
            |was| was[..60].to_owned(),
            "environment.json: EOF while parsing a value at line 4",
        ),
        (
            "environment.json",
            |was| was.replacen("\"seed\"", "\"sed\"", 1),
            "environment.json: missing field `seed` at line ",
        ),
        (
            "scenario.toml",
            |was| was.replacen("[100", "[[100", 1) + "from_the_future = 1\n",
            "scenario.toml",
        ),
        (
            "scenario.toml",
            |was| was.replacen("hold", "held", 1),
            "scenario.toml",
        ),
    ];
    for (file, damage, said) in kinds {
        let work = TempDir::new().unwrap();
        let run = idle_run(&work);
        edit(&run.join(file), damage);
        let output = report(&run);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(said), "{said}: {error}");
        let page = fs::read_to_string(run.join("report.html")).unwrap();
        let notice = page
            .split_once("Left out, since it cannot be read")
            .unwrap()
            .1;
        let notice = notice
            .split_once("</div>")
            .unwrap()
            .0
            .replace("&quot;", "\"");
        assert!(notice.contains(said), "{said}: {notice}");
        // Four cells, less the one that cannot be read.
        let cells = page.matches("<tr id=\"cell-").count();
        assert_eq!(cells, if file == "trials.csv" { 3 } else { 4 }, "{said}");
        // A script gets all of it or none.
        let format = ["report", run.to_str().unwrap(), "--format", "json"];
        let output = wslab(&format).output().unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stdout).as_str()),
            (Some(2), "")
        );
    }
}

/// Columns of another version are no damage: unknown ones are left out, and figures that it lacks
/// are missing ones.
#[test]
fn a_run_of_another_version_opens() {
    let work = TempDir::new().unwrap();
    let run = idle_run(&work);
    edit(&run.join("trials.csv"), |was| {
        let mut reader = csv::Reader::from_reader(was.as_bytes());
        let header = reader.headers().unwrap().clone();
        let lacks = header.iter().position(|name| name == "ramp_up_s").unwrap();
        let mut table = csv::Writer::from_writer(Vec::new());
        let older = |row: &csv::StringRecord, new: &str| {
            let cells = row.iter().enumerate().filter(|(at, _)| *at != lacks);
            let cells = cells.map(|(_, cell)| cell.to_owned());
            cells.chain([new.to_owned()]).collect::<Vec<_>>()
        };
        table.write_record(older(&header, "hope_percent")).unwrap();
        for row in reader.records() {
            table.write_record(older(&row.unwrap(), "99.5")).unwrap();
        }
        String::from_utf8(table.into_inner().unwrap()).unwrap()
    });
    assert!(page(&run).contains("id=\"cell-4\""));
}

#[test]
fn reports_of_one_run_at_the_same_time_all_succeed() {
    let work = TempDir::new().unwrap();
    let run = idle_run(&work);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2 {
                    let output = report(&run);
                    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
                }
            });
        }
    });
    let plots = fs::read_dir(run.join("plots")).unwrap();
    let mut names: Vec<_> = plots.map(|plot| plot.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["memory.png", "memory.svg"]);
}

#[test]
fn a_run_whose_folder_was_removed_says_so_and_shows_what_it_measured() {
    let work = TempDir::new().unwrap();
    let results = work.path().join("results");
    let mut run = wslab(&["run", "--transport", "sse", "--clients", "2", "--rate", "5"]);
    run.args([
        "--warm-up",
        "200ms",
        "--window",
        "1s",
        "--repeats",
        "2",
        "--quiet",
        "--results",
    ]);
    let run = Process::start({
        run.arg(&results);
        run
    });
    let parent = results.join("custom");
    // The last file that it writes before it measures.
    wait_until("the run has begun", || {
        let begun = |run: fs::DirEntry| run.path().join("environment.json").is_file();
        fs::read_dir(&parent).is_ok_and(|runs| runs.flatten().any(begun))
    });
    fs::remove_dir_all(&results).unwrap();
    let output = run.finish();
    let (shown, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("was removed while it ran"), "{error}");
    assert!(shown.contains("sse"), "{shown}");
}

#[test]
fn several_runs_make_one_report_that_says_what_cannot_be_compared() {
    let work = TempDir::new().unwrap();
    let (results, golden) = (work.path().to_str().unwrap(), "tests/golden/runs/classroom");
    let [a, b] = ["20300101t100000z", "20300102t100000z"].map(|run| format!("{golden}/{run}"));
    let report = |runs: &[&str]| {
        let mut command = wslab(&[&["report", "--results", results], runs].concat());
        let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output();
        output.unwrap()
    };
    let output = report(&[&a, &b]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let tables = text(&output.stdout);
    for run in ["20300101t100000z", "20300102t100000z"] {
        assert!(
            tables.contains(&format!("1,000 clients, run {run}")),
            "{tables}"
        );
    }
    let folder = work
        .path()
        .join("together/20300101t100000z-20300102t100000z");
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    let open = page.split("<details").next().unwrap();
    let scorecards = open.matches("class=\"scorecard\"").count();
    assert_eq!(scorecards, 2, "the main setting of each run is open");
    let differs = page.split("<h2>The runs</h2>").nth(1).unwrap();
    assert!(differs.contains("keep_alive") && differs.contains("The transports that poll."));
    // All rows of both, each cell with a number of its own.
    let lines = |file: PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let whole = lines(folder.join("trials.csv"));
    let parts = [&a, &b].map(|run| {
        lines(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(run)
                .join("trials.csv"),
        )
    });
    assert_eq!(whole, parts[0] + parts[1] - 1);

    for (runs, why) in [
        (vec![a.as_str(), a.as_str()], "is named twice"),
        (
            vec![a.as_str(), "tests/golden/runs/capacity/20300105t100000z"],
            "is a search for capacity",
        ),
    ] {
        let output = report(&runs);
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(
            text(&output.stderr).contains(why),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn what_faults_did_is_shown_without_the_rows_that_are_damaged_and_not_at_all_without_the_file() {
    let work = TempDir::new().unwrap();
    let run = run_with_faults(&work);
    let output = report(&run);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let tables = text(&output.stdout);
    let heading = "After cut@3s,share=50%: half of the clients to the last";
    assert!(tables.contains(heading), "{tables}");
    assert!(written(&run).contains("<section id=\"recovery\">"));
    let first = "short-polling,100,1,\"cut@3s";
    edit(&run.join("recovery.csv"), |was| {
        was.replacen(first, "short-polling,many,1,\"cut@3s", 1)
    });
    let output = report(&run);
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    let place = "recovery.csv is not as wslab wrote it: line 2, column clients: ";
    assert!(error.contains(place), "{error}");
    // The other trial of that cell is still there.
    let page_of_rest = written(&run);
    assert!(page_of_rest.contains(place) && page_of_rest.contains("<section id=\"recovery\">"));

    fs::remove_file(run.join("recovery.csv")).unwrap();
    let output = report(&run);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains(heading));
    assert!(!written(&run).contains("id=\"recovery\""));
    assert!(!run.join("plots/recovery.svg").exists());
}

#[test]
fn a_report_on_several_runs_keeps_what_faults_did() {
    let work = TempDir::new().unwrap();
    let (idle, faults) = (idle_run(&work), run_with_faults(&work));
    let results = work.path().to_str().unwrap();
    let runs = [&idle, &faults].map(|run| run.to_str().unwrap());
    let arguments = [&["report", "--results", results], &runs[..]].concat();
    let output = wslab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("After stop-server@10s:1s: "));
    let folder = work
        .path()
        .join("together/20300103t100000z-20300107t100000z");
    let rows = fs::read_to_string(folder.join("recovery.csv")).unwrap();
    // The cells of the first run come before.
    let first = rows.lines().nth(1).unwrap();
    assert!(first.starts_with("faults,20300107t100000z,5,1,"), "{first}");
    assert_eq!(rows.lines().count(), 31);
    assert!(written(&folder).contains("<section id=\"recovery\">"));
}
