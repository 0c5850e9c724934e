//! Claims: run one, run all, and what their folder shows when it is whole, cut off or damaged.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use support::process::{Process, signal, text, wslab};
use support::results::Results;
use tempfile::TempDir;
use wslab::lab::claim_cells::claims;
use wslab::results::{TrialRow, Verdict, write_rows};

const CLAIM: &str = "
transports = [\"sse\", \"websocket\"]
clients = 2
rate_hz = 50.0
window = \"200ms\"
warm_up = \"50ms\"
cool_down = \"1ms\"
repeats = 5
probe = \"off\"
[claim]
text = \"SSE needs <b>ten times</b> the bytes of WebSocket.\"
text_pt = \"SSE precisa de dez vezes os bytes de WebSocket.\"
source = \"A talk, 2012\"
says = 10
within = 1.5
figure = \"wire_bytes_per_delivery\"
of = { transport = \"sse\" }
over = { transport = \"websocket\" }
";

#[test]
fn one_claim_is_measured_and_judged() {
    let results = Results::new();
    let file = results.path().join("ten-times.toml");
    fs::write(&file, CLAIM).unwrap();
    let output = results.wslab(&["run", file.to_str().unwrap(), "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("Of 1 claim: 1 does not hold."), "{table}");
    assert!(table.contains("SSE needs <b>ten times</b>"), "{table}");
    // Its folder says the same again, in the other language too.
    let run = results.run();
    let again = wslab(&["report", run.to_str().unwrap(), "--lang", "pt"])
        .output()
        .unwrap();
    let again = text(&again.stdout);
    assert!(again.contains("De 1 afirmação: 1 não vale."), "{again}");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    for part in [
        "<h1>SSE precisa de dez vezes os bytes de WebSocket.</h1>",
        "<span class=\"badge invalid\">não vale</span>",
        "Fonte: A talk, 2012. Diz 10\u{a0}×, e vale na faixa de",
        "Entre parênteses: o intervalo de 95 %.",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// The next line of standard error with this text.
fn note_with(running: &Process, text: &str) -> String {
    let mut notes = std::iter::from_fn(|| running.next_note());
    let found = notes.find(|note| note.contains(text));
    found.unwrap_or_else(|| panic!("it ended without {text}"))
}

#[test]
fn claims_that_are_interrupted_keep_what_was_measured() {
    let results = Results::new();
    let short = "run claims --window 200ms --warm-up 50ms --repeats 1";
    let running = results.start(&short.split(' ').collect::<Vec<_>>());
    let about = note_with(&running, "claims:");
    assert!(about.contains("8 claims: 29 trials, about"), "{about}");
    note_with(&running, "delivered");
    signal(running.id(), "-INT");
    let output = running.finish();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{errors}");
    let folder = results.run();
    assert_eq!(folder.parent().unwrap().file_name().unwrap(), "claims");
    let table = text(&output.stdout);
    assert!(table.contains("no figure"), "{table}");
    let nothing = "keep-alive: there is no finished trial";
    assert!(table.contains(nothing), "{table}");
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains(nothing));
    assert!(page.contains("This run is not complete"), "{table}");
}

#[test]
fn what_all_claims_together_do_not_have_is_refused() {
    for (line, says) in [
        (
            "run claims --slo p99<1s",
            "name one: wslab run claims/push-cpu",
        ),
        ("run claims --until 10%", "write --repeats"),
        (
            "run claims --transport sse",
            "claims/header-ratio: claim: of: transports",
        ),
        ("run claims/push-cpus", "did you mean claims/push-cpu?"),
        (
            "run claims/push-cpu --poll-interval 1s --transport sse",
            "claim: over: transports",
        ),
    ] {
        let output = wslab(&line.split(' ').collect::<Vec<_>>())
            .output()
            .unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {error}");
        assert!(error.contains(says), "{line}: {error}");
    }
}

/// A figure that rises a little from trial to trial.
fn figure(of: f64, trial: u32) -> Option<f64> {
    Some(of * (1.0 + 0.001 * f64::from(trial)))
}

/// A row as a claim's run might leave it. Header fields of a browser are 700 bytes, those of
/// WebSocket 2; times depend on the transport.
fn row(asked: TrialRow, trial: u32) -> TrialRow {
    let polls = asked.transport.polls();
    let browser = asked.headers.as_deref() == Some("browser");
    let protocol = match (polls, browser) {
        (true, true) => 800.0,
        (true, false) => 200.0,
        (false, _) => 2.0,
    };
    TrialRow {
        scenario: "claim".to_owned(),
        run: "20300101t100000z".to_owned(),
        trial,
        delivered: 100,
        expected: 100,
        published: 10,
        payload_bytes_per_delivery: Some(8.0),
        envelope_bytes_per_delivery: Some(100.0),
        protocol_bytes_per_delivery: figure(protocol, trial),
        tls_bytes_per_delivery: Some(0.0),
        tcp_ip_bytes_per_delivery: Some(104.0),
        latency_mean_us: figure(if polls { 900.0 } else { 500.0 }, trial),
        server_cpu_user_us_per_delivery: figure(2.0, trial),
        server_cpu_sys_us_per_delivery: figure(if polls { 20.0 } else { 5.0 }, trial),
        verdict: Verdict::Valid,
        ..asked
    }
}

/// A folder of all claims, with rows as above: below a temporary folder.
fn whole(work: &TempDir) -> PathBuf {
    let folder = work.path().join("claims/20300101t100000z");
    let mut names = Vec::new();
    for scenario in claims().unwrap() {
        let run = folder.join(&scenario.name).join("20300101t100001z");
        fs::create_dir_all(&run).unwrap();
        let cells = scenario.cells();
        let trials = (1..=5).flat_map(|trial| cells.iter().map(move |cell| row(cell.row(), trial)));
        write_rows(&run.join("trials.csv"), &trials.collect::<Vec<_>>()).unwrap();
        fs::write(
            run.join("scenario.toml"),
            toml::to_string(&scenario).unwrap(),
        )
        .unwrap();
        let golden = "tests/golden/runs/classroom/20300101t100000z/environment.json";
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(golden);
        fs::copy(golden, run.join("environment.json")).unwrap();
        names.push(scenario.name);
    }
    let file = serde_json::json!({"wslab_version": "0.1.0", "claims": names});
    fs::write(folder.join("claims.json"), file.to_string()).unwrap();
    folder
}

fn report(folder: &Path, flags: &str) -> Output {
    let mut command = wslab(&["report", folder.to_str().unwrap()]);
    command.args(flags.split_whitespace()).env("COLUMNS", "80");
    command.output().unwrap()
}

#[test]
fn a_folder_of_claims_has_one_table_and_one_page_in_both_languages() {
    let work = TempDir::with_prefix("wslab-claims-").unwrap();
    let folder = whole(&work);
    let output = report(&folder, "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    let line = |start: &str| {
        let mut lines = table.lines();
        lines
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{start}: {table}"))
    };
    assert!(
        line("header-ratio").contains("436 ×") && line("header-ratio").ends_with("depends"),
        "{table}"
    );
    assert!(
        line("  protocol, browser headers").ends_with("holds"),
        "{table}"
    );
    assert!(
        line("  protocol, minimal headers").ends_with("does not hold"),
        "{table}"
    );
    assert!(line("reconnection").ends_with("does not hold"), "{table}");
    assert!(
        table
            .lines()
            .all(|line| line.chars().count() <= 80 || line.contains("file://"))
    );
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    for scenario in claims().unwrap() {
        let claim = scenario.claim.unwrap();
        let run = format!("href=\"{}/20300101t100001z/report.html\"", scenario.name);
        for part in [&claim.source, &claim.depends_on, &claim.note, &run] {
            assert!(page.contains(part.as_str()), "{part}");
        }
    }
    assert_eq!(report(&folder, "--lang pt").status.code(), Some(0));
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("WebSocket reduz a sobrecarga"));
    assert!(page.contains("não vale") && !page.contains("does not hold"));

    let json: Value = serde_json::from_slice(&report(&folder, "--format json").stdout).unwrap();
    let ratio = &json["claims"][0];
    assert_eq!(
        (ratio["name"].as_str(), ratio["verdict"].as_str()),
        (Some("header-ratio"), Some("depends"))
    );
    assert_eq!(ratio["figures"][0]["unit"], "×");
    assert_eq!(ratio["figures"][0]["not_shown"], Value::Null);
    let csv = text(&report(&folder, "--format csv").stdout);
    assert!(
        csv.starts_with("claim,metric,figure,says,unit,measured,low,high"),
        "{csv}"
    );
    let markdown = text(&report(&folder, "--format md").stdout);
    assert!(markdown.contains("| holds |"), "{markdown}");
}

#[test]
fn all_claims_are_a_run_of_the_list_and_may_be_the_newest() {
    let work = TempDir::with_prefix("wslab-claims-").unwrap();
    let folder = whole(&work);
    let results = work.path().to_str().unwrap();
    let report = |flags: &[&str]| {
        let output = wslab(&[&["report", "--results", results], flags].concat()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let listed = |flags: &[&str]| -> Value {
        let list = report(&[&["--list", "--format", "json"], flags].concat());
        serde_json::from_str(&list).unwrap()
    };
    let list = listed(&[]);
    let claims = &list["runs"][0];
    assert_eq!(list["runs"].as_array().unwrap().len(), 1, "{list:#}");
    assert_eq!(claims["folder"], folder.to_str().unwrap());
    assert_eq!(claims["scenario"], "claims");
    assert_eq!(claims["started_at"], "2030-01-01T10:00:00Z");
    assert_eq!(claims["complete"], true, "{list:#}");
    assert_eq!(claims["valid"], claims["trials"]);
    let table = report(&["--list", "--lang", "pt"]);
    assert!(table.contains("Afirmações sobre transportes"), "{table}");
    // It is the newest run, and then no longer.
    assert!(report(&[]).contains("Of 8 claims:"));
    assert!(folder.join("report.html").is_file());
    let newer = work.path().join("idle/20300103t100000z");
    fs::create_dir_all(&newer).unwrap();
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/runs/idle/20300103t100000z");
    for file in fs::read_dir(golden).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), newer.join(file.file_name())).unwrap();
    }
    assert_eq!(listed(&[])["runs"][1]["scenario"], "claims");
    assert!(!report(&[]).contains("claims:"));
    assert!(newer.join("report.html").is_file());
    // Where a claim was not measured, that is told.
    fs::remove_dir_all(folder.join("push-cpu")).unwrap();
    assert_eq!(listed(&[])["runs"][1]["complete"], false);
}

#[test]
fn of_a_damaged_folder_of_claims_the_rest_is_shown() {
    let work = TempDir::with_prefix("wslab-claims-").unwrap();
    let folder = whole(&work);
    fs::remove_dir_all(folder.join("push-cpu")).unwrap();
    let of = |claim: &str, file: &str| folder.join(claim).join("20300101t100001z").join(file);
    fs::write(
        of("sse-bytes", "scenario.toml"),
        "transports = [\"pigeon\"]",
    )
    .unwrap();
    let rows = fs::read_to_string(of("throughput", "trials.csv")).unwrap();
    let (rest, last) = rows.trim_end().rsplit_once('\n').unwrap();
    let broken = last.replacen("VALID", "FINE", 1);
    fs::write(
        of("throughput", "trials.csv"),
        format!("{rest}\n{broken}\n"),
    )
    .unwrap();
    let output = report(&folder, "");
    let (table, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("scenario.toml:1:") && errors.contains("found \"FINE\""),
        "{errors}"
    );
    assert!(
        table.contains("push-cpu: there is no finished trial"),
        "{table}"
    );
    assert!(table.contains("throughput: "), "{table}");
    assert!(table.contains("Of 6 claims:"), "{table}");
    fs::write(folder.join("claims.json"), "{").unwrap();
    let output = report(&folder, "");
    assert!(
        text(&output.stderr).contains("claims.json"),
        "{}",
        text(&output.stderr)
    );
    assert!(text(&output.stdout).contains("Of 6 claims:"));
}
