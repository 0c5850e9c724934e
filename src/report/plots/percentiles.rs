//! Delivery latency from its minimum to its maximum, one line a transport.

use crate::report::cells::{ReportCell, settings};
use crate::report::marks;
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::{cell_colour, cell_keys, log_axis_us, notes, open_dots};
use crate::report::plots::legend::Sample;
use crate::report::plots::panels::{Curve, Look, Panel, Panels, draw};
use crate::report::plots::sheet::Sheet;
use crate::results::{Table, TableColumn, shown_in};
use crate::texts::Numbers;

/// Lines beside each other are moved apart by this much.
const ASIDE_PX: f64 = 9.0;

/// `None` where nothing was delivered, so that there is no latency.
pub(super) fn sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    let texts = cells.first()?.texts;
    let percentiles = shown_in(Table::Percentiles);
    let curve = |cell: &ReportCell, aside_px| curve(cell, &percentiles, aside_px);
    let curves: Vec<Curve> = cells.iter().map(|cell| curve(cell, 0.0)).collect();
    let y = log_axis_us(&curves)?;
    let panels = settings(cells).into_iter().map(|(setting, group)| {
        let curves = group
            .iter()
            .enumerate()
            .map(|(i, cell)| curve(cell, (i as f64 - (group.len() - 1) as f64 / 2.0) * ASIDE_PX));
        let curves: Vec<Curve> = curves.collect();
        let mut notes = notes(&group, |cell| curve(cell, 0.0).points.is_empty());
        notes.extend(open_dots(&curves, texts));
        Panel {
            title: setting.to_owned(),
            notes,
            x: Axis::linear_to(percentiles.len() as f64, 1),
            x_labels: (0..percentiles.len())
                .map(|i| {
                    (
                        i as f64 + 0.5,
                        (texts.translate)(percentiles[i].title).to_owned(),
                    )
                })
                .collect(),
            y: y.clone(),
            y_label: Numbers::round_duration_us,
            numbers: texts.numbers,
            curves,
        }
    });
    Some(draw(&Panels {
        title: title.to_owned(),
        x_title: texts.plot.axes.percentile.to_owned(),
        y_title: texts.plot.axes.latency.to_owned(),
        legend: cell_keys(cells, Sample::Line),
        panels: panels.collect(),
    }))
}

fn curve(cell: &ReportCell, percentiles: &[TableColumn], aside_px: f64) -> Curve {
    let points = percentiles.iter().enumerate().filter_map(|(i, column)| {
        let spread = cell.spread(|trial| column.metric.figure(trial))?;
        Some((i as f64 + 0.5, spread))
    });
    let doubted = percentiles.iter().enumerate();
    let doubted = doubted.filter(|(_, column)| marks::doubted(column.metric, cell));
    Curve {
        points: points.collect(),
        doubted: doubted.map(|(i, _)| i as f64 + 0.5).collect(),
        name: cell.name(),
        colour: cell_colour(cell),
        width_px: 2.5,
        look: Look::Dots { aside_px },
    }
}
