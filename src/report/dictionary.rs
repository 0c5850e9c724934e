//! The data dictionary: what every column of the files of a run is, as Markdown.

use crate::results::{Better, Kind, METRICS, MetricOf, RECOVERY_METRICS};

/// The page, without the tables that the registry of metrics fills.
const PAGE: &str = include_str!("dictionary.md");

const HEAD: &str = "| Column | Type | Unit | Better | What it is | Empty if |
|---|---|---|---|---|---|
";

/// The page `results/README.md`.
pub fn dictionary() -> String {
    let table = |is: fn(Kind) -> bool| {
        let metrics = METRICS.iter().filter(|metric| is(metric.kind));
        HEAD.to_owned() + &metrics.map(row).collect::<String>()
    };
    let recovery = RECOVERY_METRICS.iter().map(row).collect::<String>();
    let columns = table(|kind| !matches!(kind, Kind::Derived | Kind::Shown));
    let derived = table(|kind| kind == Kind::Derived);
    PAGE.replace("TRIALS\n", &columns)
        .replace("DERIVED\n", &derived)
        .replace("RECOVERY\n", &(HEAD.to_owned() + &recovery))
}

fn row<R>(metric: &MetricOf<R>) -> String {
    let better = match metric.better {
        Better::Lower => "lower",
        Better::Higher => "higher",
        Better::Neither => "",
    };
    let name = format!("`{}`", metric.name);
    let (kind, unit) = (metric.cells.name, metric.unit_name());
    let cells = [&name, kind, unit, better, metric.definition, metric.absent];
    let cells = cells.map(|cell| {
        if cell.is_empty() {
            "| ".into()
        } else {
            format!("| {cell} ")
        }
    });
    cells.concat() + "|\n"
}
