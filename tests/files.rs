//! The files of a run in other programs' hands: the data dictionary, pandas, pictures.

mod support;

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;
use support::process::{Process, command};
use support::results::{Results, number, rows};
use wslab::report::dictionary;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// `results/README.md`, and the names in each of its tables.
fn tables() -> (String, HashMap<String, Vec<String>>) {
    let page = dictionary();
    let mut tables: HashMap<String, Vec<String>> = HashMap::new();
    let mut title = String::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            title = heading.replace('`', "");
        } else if let Some(row) = line.strip_prefix("| `") {
            let (name, _) = row.split_once('`').unwrap();
            tables
                .entry(title.clone())
                .or_default()
                .push(name.to_owned());
        }
    }
    (page, tables)
}

#[test]
fn the_data_dictionary_is_that_of_the_registry() {
    let (page, _) = tables();
    let path = Path::new(ROOT).join("results/README.md");
    if std::env::var("WSLAB_GOLDEN").is_ok_and(|value| value == "update") {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        committed, page,
        "WSLAB_GOLDEN=update cargo test --test files writes it"
    );
}

fn header(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let header = text.lines().next().unwrap();
    header.split(',').map(str::to_owned).collect()
}

/// What pandas makes of a file.
fn in_pandas(file: &Path) -> Value {
    let mut python = command("/usr/bin/python3");
    python
        .arg(format!("{ROOT}/tests/others/frames.py"))
        .arg(format!("{ROOT}/target/test-python"))
        .arg(file);
    serde_json::from_str(&Process::start(python).lines()[0]).unwrap()
}

/// Types of columns by the dictionary: `number` for integers too.
fn kinds(page: &str) -> HashMap<&str, &str> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| {
        let mut cells = row.split('|').map(str::trim);
        let name = cells.next().unwrap().trim_end_matches('`');
        (name, cells.next().unwrap().replace("integer", "number"))
    });
    let known = ["number", "text", "true or false"];
    cells
        .map(|(name, kind)| (name, *known.iter().find(|known| **known == kind).unwrap()))
        .collect()
}

#[test]
fn files_load_into_pandas_as_they_are_and_every_column_is_in_the_dictionary() {
    let results = Results::new();
    let short = "run --transport sse,short-polling --clients 20 --rate 20 --repeats 2 \
                 --warm-up 200ms --window 500ms --poll-interval 100ms --drain 10s --quiet";
    let output = results.wslab(&short.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{output:?}");
    let run = results.run();
    let (page, tables) = tables();
    let kinds = kinds(&page);
    for name in ["trials.csv", "summary.csv", "timeline.csv"] {
        let file = run.join(name);
        let header = header(&file);
        assert_eq!(tables[name], header, "{name} and its dictionary");
        let rows = rows(&file);
        let read = in_pandas(&file);
        assert_eq!(read["rows"], rows.len(), "{name}");
        for column in &header {
            let told = &read["columns"][column];
            let values: Vec<&str> = rows
                .iter()
                .map(|row| row[column].as_str())
                .filter(|value| !value.is_empty())
                .collect();
            assert_eq!(told["count"], values.len(), "{name}: {column}");
            let expected = match values.is_empty() {
                true => "empty",
                false => kinds[column.as_str()],
            };
            assert_eq!(told["kind"], expected, "{name}: {column}: {values:?}");
            if expected == "number" {
                let sum: f64 = values
                    .iter()
                    .map(|value| value.parse::<f64>().unwrap())
                    .sum();
                let apart = (told["sum"].as_f64().unwrap() - sum).abs();
                assert!(
                    apart <= sum.abs() * 1e-9,
                    "{name}: {column}: {told} is not {sum}"
                );
            }
        }
        if name == "summary.csv" {
            for row in rows.iter().filter(|row| !row["median"].is_empty()) {
                let median = &read["medians"][&row["cell"]][&row["metric"]];
                let ratio = median.as_f64().unwrap() / number(row, "median");
                // pandas reads decimals to the last digit but one.
                let equal = ratio.is_nan() || (ratio - 1.0).abs() < 1e-12;
                assert!(equal, "{median} of {row:?}");
            }
        }
    }
    let search = Path::new(ROOT).join("tests/golden/reports/capacity/capacity.csv");
    assert_eq!(tables["capacity.csv"], header(&search));
}

#[test]
fn every_metric_of_a_summary_is_in_the_dictionary() {
    let (_, tables) = tables();
    let derived = &tables["Metrics of summary.csv that are no columns of trials.csv"];
    let known = |name: &String| tables["trials.csv"].contains(name) || derived.contains(name);
    for run in ["classroom/20261130t122737z", "scaling/20261125t131023z"] {
        let file = Path::new(ROOT)
            .join("results")
            .join(run)
            .join("summary.csv");
        for row in rows(&file) {
            assert!(known(&row["metric"]), "{} of {run}", row["metric"]);
        }
    }
}
