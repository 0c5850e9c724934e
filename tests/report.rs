//! Plots, page and tables from made-up rows.

use ab_glyph::{Font, FontRef};
use wslab::report::{
    Plot, Report, ReportedRun, TextStyle, capacity_table, html, plots, text_table, write,
};
use wslab::results::{
    CapacityRow, RecoveryRow, SearchVerdict, TimelineRow, TrialLatency, TrialRow, Verdict,
};
use wslab::texts::Locale;
use wslab::transport::Transport;

use rows::{idle, latency, timeline, trial, trials};

#[path = "report/answers.rs"]
mod answers;
#[path = "report/repeated.rs"]
mod repeated;
#[path = "report/rows.rs"]
mod rows;
#[path = "report/traced.rs"]
mod traced;

const EN: Locale = Locale::En;
const LANGUAGES: [Locale; 2] = [EN, Locale::Pt];
/// Every table, on a terminal as wide as the widest of them.
const DETAILS: TextStyle = TextStyle {
    width: 110,
    details: true,
    ..TextStyle::PLAIN
};

fn report<'a>(trials: &'a [TrialRow], timeline: &'a [TimelineRow]) -> Report<'a> {
    Report {
        locale: EN,
        scenario: "classroom",
        run: "2030-01-01T10-00-00",
        question: Some("What does it cost to show a sensor to a class?"),
        machine: &[],
        trials,
        runs: &[],
        missing: &[],
        unread: &[],
        until: None,
        claim: None,
        timeline,
        latencies: &[],
        recoveries: &[],
        objectives: &[],
        capacity: &[],
    }
}

fn plot<'p>(plots: &'p [Plot], name: &str) -> &'p Plot {
    plots
        .iter()
        .find(|plot| plot.name == name)
        .unwrap_or_else(|| panic!("no plot {name}"))
}

fn names(plots: &[Plot]) -> Vec<&str> {
    plots.iter().map(|plot| plot.name).collect()
}

/// Checks that tags are closed in the right order, and that no bare `<` or `&` stands between them.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag must end");
        assert!(!text.contains('>'), "a bare > in {text:?}");
        for (at, _) in text.match_indices('&') {
            let entity = text[at..].split_once(';').map(|(name, _)| name);
            assert!(matches!(
                entity,
                Some("&lt" | "&gt" | "&amp" | "&quot" | "&apos")
            ));
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in {tag:?}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().expect("a tag has a name")),
        }
    }
    assert!(open.is_empty(), "{open:?} left open");
}

/// Checks that a page loads nothing, and that its links lead to its own parts or to files of its
/// run, in at most 60 characters.
fn assert_refers_to_nothing(page: &str) {
    let page = page.replace("url(data:font/woff2;base64,", "");
    for reference in ["src=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(reference), "the page has {reference}");
    }
    let links = page.split("href=\"").skip(1);
    for link in links.map(|rest| rest.split_once('"').unwrap().0) {
        assert!(link.len() <= 60, "{link}");
        match link.strip_prefix('#') {
            Some(id) => {
                let count = page.matches(&format!("id=\"{id}\"")).count();
                assert_eq!(count, 1, "places with the id {id}");
            }
            None => {
                let (name, kind) = link.rsplit_once('.').unwrap();
                assert!(["csv", "hlog", "svg", "png"].contains(&kind), "{link}");
                let is_plain = |c: char| c.is_ascii_lowercase() || c == '-' || c == '/';
                assert!(
                    name.chars().all(is_plain) && !name.starts_with('/'),
                    "{link}"
                );
            }
        }
    }
}

#[test]
fn every_plot_is_a_well_formed_svg_and_a_png_of_twice_its_size() {
    let trials = trials(&[10, 100, 1_000], 3);
    let timeline: Vec<_> = trials.iter().flat_map(timeline).collect();
    let latencies = latencies(&trials, &timeline);
    let report = Report {
        latencies: &latencies,
        ..report(&trials, &timeline)
    };
    let plots = plots(&report).unwrap();
    let all = [
        "scaling",
        "latency",
        "distribution",
        "bytes",
        "cpu",
        "memory",
        "heat-map",
        "latency-over-time",
        "deliveries-over-time",
    ];
    assert_eq!(names(&plots), all);
    for plot in &plots {
        assert_well_formed(&plot.svg);
        // Programs without the first fonts take one of their own.
        let fonts = "font-family=\"wslab, DejaVu Sans, Verdana, sans-serif\"";
        assert!(plot.svg.contains(fonts), "{}", plot.name);
        let size = match plot.name {
            "scaling" => "1,000",
            _ => "1,000 clients",
        };
        assert!(plot.svg.contains(size), "{}", plot.name);
        for transport in Transport::CHOICES {
            let colour = transport.colour();
            assert!(plot.svg.contains(colour), "{} lacks {colour}", plot.name);
            assert!(
                plot.svg.contains(transport.name()),
                "{} lacks {transport}",
                plot.name
            );
        }
        assert_eq!(&plot.png[..8], b"\x89PNG\r\n\x1a\n");
        let side = |at: usize| u32::from_be_bytes(plot.png[at..at + 4].try_into().unwrap());
        let svg_size = format!(
            "<svg width=\"{}\" height=\"{}\"",
            side(16) / 2,
            side(20) / 2
        );
        assert!(plot.svg.starts_with(&svg_size), "{svg_size}");
    }
}

#[test]
fn axes_have_units() {
    let trials = trials(&[100], 1);
    let timeline: Vec<_> = trials.iter().flat_map(timeline).collect();
    let latencies = latencies(&trials, &timeline);
    let report = Report {
        latencies: &latencies,
        ..report(&trials, &timeline)
    };
    let plots = plots(&report).unwrap();
    for (name, unit) in [
        ("latency", "(µs, ms, s)"),
        ("distribution", "(µs, ms, s)"),
        ("distribution", "(%)"),
        ("heat-map", "window began (s)"),
        ("heat-map", "(µs, ms, s)"),
        ("bytes", "(B, kB)"),
        ("cpu", "(µs, ms)"),
        ("memory", "(B, kB, MB)"),
        ("latency-over-time", "window began (s)"),
        ("deliveries-over-time", "(1/s)"),
    ] {
        assert!(plot(&plots, name).svg.contains(unit), "{name} lacks {unit}");
    }
}

/// Dots with this stroke in a plot.
fn dots(plot: &Plot, colour: &str) -> usize {
    let paths = plot.svg.split("<path ").skip(1);
    let round = paths.filter(|path| {
        let (tag, _) = path.split_once('>').unwrap();
        tag.contains("stroke-linecap=\"round\"") && tag.contains(colour)
    });
    round.map(|path| path.matches("h0").count()).sum()
}

#[test]
fn figures_that_a_warning_touches_have_open_dots_and_a_note() {
    let mut trials = trials(&[100], 1);
    let note = "○ a warning touches this figure.";
    let before = plots(&report(&trials, &[])).unwrap();
    let latency = plot(&before, "latency");
    assert_eq!(dots(latency, "#ffffff"), 0);
    assert!(!latency.svg.contains(note));
    let websocket = trials.last_mut().unwrap();
    websocket.verdict = Verdict::Suspect;
    websocket.warnings = "publisher-late".to_owned();
    websocket.doubted_figures = Some("publisher-late:p99,max".to_owned());
    let plots = plots(&report(&trials, &[])).unwrap();
    let latency = plot(&plots, "latency");
    assert_eq!(
        dots(latency, "#ffffff"),
        1,
        "p99; the maximum is no percentile"
    );
    assert!(latency.svg.contains(note));
    assert_texts_have_room(latency);
    let (_, said) = latency.svg.split_once("<title>websocket: ").unwrap();
    let (said, _) = said.split_once("</title>").unwrap();
    assert_eq!(said.matches('?').count(), 1, "{said}");
}

#[test]
fn the_page_is_complete_and_refers_to_nothing_outside() {
    let mut trials = trials(&[100, 1_000], 1);
    (trials[1].verdict, trials[1].warnings) = (Verdict::Suspect, "publisher-late".to_owned());
    trials[6].verdict = Verdict::Invalid;
    trials[6].warnings = "missed-messages <b>new</b>".to_owned();
    let report = Report {
        machine: &[("CPU".to_owned(), "two <cores>".to_owned())],
        ..report(&trials, &[])
    };
    let plots = plots(&report).unwrap();
    let page = html(&report, &plots);
    for said in [
        "<html lang=\"en\">",
        "<title>classroom ",
        "What does it cost to show a sensor to a class?",
        ">VALID<",
        ">SUSPECT<",
        ">INVALID<",
        "started messages later than the schedule said",
        "never received messages",
        "&lt;b&gt;new&lt;/b&gt;",
        "two &lt;cores&gt;",
        "intended at",
        "percent of one core",
        "share this machine",
    ] {
        assert!(page.contains(said), "the page lacks {said}");
    }
    assert_eq!(page.matches("<svg ").count(), plots.len());
    assert_refers_to_nothing(&page);
    // A plot shows verdicts itself, because it is used without the page.
    for plot in &plots {
        assert!(
            plot.svg.contains("SUSPECT") && plot.svg.contains("INVALID"),
            "{}",
            plot.name
        );
    }
}

/// A text of an SVG as left, top, right and bottom in pixels, measured with the plots' font.
fn text_boxes(svg: &str) -> Vec<(String, [f64; 4])> {
    let texts = svg.split("<text").skip(1);
    let boxes = texts.map(|piece| {
        let (tag, rest) = piece.split_once('>').unwrap();
        let attribute = |name: &str| {
            let (_, value) = tag.split_once(&format!(" {name}=\""))?;
            Some(value.split_once('"').unwrap().0)
        };
        let number = |name: &str| attribute(name).unwrap().parse::<f64>().unwrap();
        let text = rest.split_once('<').unwrap().0.trim();
        let size_px = attribute("font-size").map_or(14.0, |_| number("font-size"));
        let (x, y) = (number("x"), number("y"));
        assert!(size_px >= 13.99, "{text} is too small to read on a wall");
        let width = width_px(text, size_px, tag.contains("bold"));
        let before = match attribute("text-anchor") {
            None => 0.0,
            Some("middle") => width / 2.0,
            Some(_) => width,
        };
        let half = size_px * 0.4;
        let place = match tag.contains("rotate(270") {
            true => [x - half, y - before, x + half, y + width - before],
            false => [x - before, y - half, x + width - before, y + half],
        };
        (text.to_owned(), place)
    });
    boxes.collect()
}

fn width_px(text: &str, size_px: f64, bold: bool) -> f64 {
    let bytes = if bold {
        dejavu::sans::bold()
    } else {
        dejavu::sans::regular()
    };
    let font = FontRef::try_from_slice(bytes).unwrap();
    let units = |letter| f64::from(font.h_advance_unscaled(font.glyph_id(letter)));
    text.chars().map(units).sum::<f64>() * size_px / f64::from(font.units_per_em().unwrap())
}

fn assert_texts_have_room(plot: &Plot) {
    let size = |name: &str| {
        let (_, value) = plot.svg.split_once(name).unwrap();
        value.split_once('"').unwrap().0.parse::<f64>().unwrap()
    };
    let (width, height) = (size("width=\""), size("height=\""));
    let boxes = text_boxes(&plot.svg);
    assert!(!boxes.is_empty(), "{} has no text", plot.name);
    for (i, (text, [left, top, right, bottom])) in boxes.iter().enumerate() {
        let inside = *left >= 0.0 && *top >= 0.0 && *right <= width && *bottom <= height;
        assert!(inside, "{}: {text:?} leaves the picture", plot.name);
        for (other, [l, t, r, b]) in &boxes[i + 1..] {
            let apart = l >= right || r <= left || t >= bottom || b <= top;
            assert!(apart, "{}: {text:?} touches {other:?}", plot.name);
        }
    }
}

#[test]
fn three_numbers_of_clients_are_lines_over_them_and_fewer_are_not() {
    let drawn = |trials: &[TrialRow]| plots(&report(trials, &[])).unwrap();
    let has = |plots: &[Plot]| names(plots).contains(&"scaling");
    assert!(!has(&drawn(&trials(&[1_000], 3))));
    assert!(
        !has(&drawn(&trials(&[100, 1_000], 3))),
        "two points are no line"
    );

    let mut sizes = trials(&[100, 1_000, 5_000, 15_000], 1);
    for (cell, verdict) in [
        (6, Verdict::Suspect),
        (11, Verdict::Suspect),
        (7, Verdict::Invalid),
    ] {
        sizes[cell].verdict = verdict;
    }
    let panels = [
        "Server: CPU time per delivery",
        "Load: CPU time per delivery",
        "Server: memory per client",
        "Load: memory per client",
        "first recipient",
        "median recipient",
        "last recipient",
        "Messages per write",
    ];
    let plots = drawn(&sizes);
    let svg = &plot(&plots, "scaling").svg;
    for said in panels.iter().chain(&[
        ">15,000<",
        "SUSPECT: long-polling (1,000; 5,000)",
        "INVALID: sse (1,000)",
    ]) {
        assert!(svg.contains(said), "{said}");
    }
    assert_texts_have_room(plot(&plots, "scaling"));

    // For a server that wslab did not start, only the clients' figures exist.
    for trial in &mut sizes {
        trial.server_cpu_user_us_per_delivery = None;
        trial.server_rss_bytes_per_client = None;
        trial.messages_per_write = None;
    }
    let svg = &plot(&drawn(&sizes), "scaling").svg.clone();
    let left: Vec<_> = panels
        .iter()
        .filter(|panel| svg.contains(**panel))
        .collect();
    assert_eq!(left.len(), 5, "{left:?}");

    // Where another factor varies too, a line would join cells that cannot be compared.
    for trial in sizes
        .iter_mut()
        .filter(|trial| trial.transport == Transport::Sse)
    {
        trial.rate_hz = 1.0;
    }
    assert!(!has(&drawn(&sizes)));
}

#[test]
fn three_rates_payloads_or_poll_intervals_are_lines_over_them_and_fewer_are_not() {
    let drawn = |values: &[f64], set: fn(&mut TrialRow, f64)| {
        let cells = values.iter().enumerate().flat_map(|(at, value)| {
            [Transport::ShortPolling, Transport::Sse].map(|transport| (at, *value, transport))
        });
        let trials: Vec<TrialRow> = cells
            .map(|(at, value, transport)| {
                let cell = 2 * at as u32 + u32::from(transport == Transport::Sse);
                let mut trial = trial(cell, 1, transport, 100);
                set(&mut trial, value);
                trial
            })
            .collect();
        plots(&report(&trials, &[])).unwrap()
    };
    let rate = |trial: &mut TrialRow, value: f64| trial.rate_hz = value;
    let payload = |trial: &mut TrialRow, value: f64| trial.payload_bytes = value as u32;
    // Only one transport has an interval, so that the cells of others are the same one.
    let interval = |trial: &mut TrialRow, value: f64| match trial.transport {
        Transport::ShortPolling => trial.poll_interval_ms = Some(value),
        _ => trial.cell = 1,
    };
    type Set = fn(&mut TrialRow, f64);
    let kinds: [(&str, Set, &str); 3] = [
        ("rate", rate, ">100<"),
        ("payload", payload, ">100 B<"),
        ("poll-interval", interval, ">100 ms<"),
    ];
    for (name, set, label) in kinds {
        let three = drawn(&[10.0, 100.0, 1_000.0], set);
        assert_eq!(names(&three)[..1], [name]);
        let svg = &plot(&three, name).svg;
        assert!(
            svg.contains(label) && svg.contains("Delivery latency, p50"),
            "{svg}"
        );
        let dashes = svg.matches("stroke-dasharray=\"7 5\"").count();
        assert_eq!(dashes > 0, name == "poll-interval", "push has no interval");
        assert_texts_have_room(plot(&three, name));
        assert_eq!(names(&drawn(&[10.0, 100.0], set)).len(), 4, "{name}");
    }
}

/// The latencies of trials, whose windows and warm-up are in `timeline`.
fn latencies(trials: &[TrialRow], timeline: &[TimelineRow]) -> Vec<TrialLatency> {
    trials
        .iter()
        .map(|trial| latency(trial, timeline))
        .collect()
}

#[test]
fn a_percentile_is_drawn_from_ten_deliveries_beyond_it_on() {
    let drawn = |clients: u32, has_histogram: bool| {
        let trials = [trial(1, 1, Transport::ShortPolling, clients)];
        let latencies = latencies(&trials[usize::from(!has_histogram)..], &[]);
        let report = Report {
            latencies: &latencies,
            ..report(&trials, &[])
        };
        let plots = plots(&report).unwrap();
        let (_, said) = plot(&plots, "latency")
            .svg
            .split_once("<title>short-polling: ")
            .unwrap();
        let (said, _) = said.split_once("</title>").unwrap();
        said.split(", ")
            .map(|figure| figure.split_once(' ').unwrap().0.to_owned())
            .collect()
    };
    // 300, 3,000 and 30,000 deliveries.
    for has_histogram in [true, false] {
        let few: Vec<String> = drawn(1, has_histogram);
        assert_eq!(few, ["0", "50", "90"], "{has_histogram}");
        assert_eq!(drawn(10, has_histogram), ["0", "50", "90", "99"]);
        assert_eq!(drawn(100, has_histogram), ["0", "50", "90", "99", "99.9"]);
    }
}

#[test]
fn a_heat_map_shows_seconds_phases_and_faults_and_a_distribution_its_quantiles() {
    let trials = trials(&[100], 1);
    let timeline: Vec<_> = trials.iter().flat_map(timeline).collect();
    let latencies = latencies(&trials, &timeline);
    let recoveries = [
        (12.0, Some(14.0), "stop-server@7s:2s"),
        (25.4, Some(25.4), "cut@20.4s"),
    ]
    .map(|(begins_at_s, ends_at_s, fault)| RecoveryRow {
        cell: 1,
        trial: 1,
        fault: fault.to_owned(),
        begins_at_s,
        ends_at_s,
        ..RecoveryRow::default()
    });
    let recorded = Report {
        latencies: &latencies,
        recoveries: &recoveries,
        ..report(&trials, &timeline)
    };
    let drawn = plots(&recorded).unwrap();
    let heat = plot(&drawn, "heat-map");
    assert_texts_have_room(heat);
    // Three seconds of warm-up, thirty of window; the faults count from the window's beginning.
    for said in [
        ">warm-up<",
        ">window<",
        ">drain<",
        ">fault 1: stop-server@7s:2s<",
        ">fault 2: cut@20.4s<",
        ">1 stop-server<",
        ">2 cut<",
        "<title>stop-server@7s:2s</title>",
        // 1,000 deliveries a second, up to twice the median of 260 ms.
        "<title>0–6 s: 7,200 deliveries, ",
        "681 ms</title>",
        "below 1 % of an average second",
    ] {
        assert!(heat.svg.contains(said), "{said} is not in {}", heat.svg);
    }
    let distribution = plot(&drawn, "distribution");
    for said in [
        "<title>short-polling: p1 3.9",
        "p25 129 ms, ",
        ", p99 514 ms</title>",
    ] {
        assert!(distribution.svg.contains(said), "{said} is not in it");
    }

    // Older runs have no latencies of seconds.
    let mut windows = latencies.clone();
    windows.iter_mut().for_each(|one| one.seconds.clear());
    let older = Report {
        latencies: &windows,
        ..recorded
    };
    let plots = plots(&older).unwrap();
    assert!(!names(&plots).contains(&"heat-map") && names(&plots).contains(&"distribution"));
}

#[test]
fn a_picture_has_its_letters_and_what_it_shows_in_words() {
    let trials = trials(&[100], 1);
    let plots = plots(&report(&trials, &[])).unwrap();
    for plot in &plots {
        let file = plot.svg_file();
        assert_well_formed(&file);
        let letters = "@font-face{font-family:wslab;font-weight:";
        assert_eq!(file.matches(letters).count(), 2, "{}", plot.name);
        assert!(
            file.len() - plot.svg.len() < 15_600,
            "{} bytes",
            file.len() - plot.svg.len()
        );
        let about = format!("<title>{}</title><desc>", plot.title);
        assert!(
            file.contains(&about) && file.contains("width=\"960\""),
            "{}",
            plot.name
        );
    }
    let page = html(&report(&trials, &[]), &plots);
    assert_eq!(
        page.matches("data:font/woff2").count(),
        2,
        "once for all plots"
    );
}

#[test]
fn bars_and_the_claim_name_the_batching_that_makes_a_figure_cheap() {
    let mut trials = trials(&[100], 1);
    trials[0].messages_per_exchange = Some(2.5);
    let report = report(&trials, &[]);
    let plots = plots(&report).unwrap();
    let said = "* short-polling: 2.5 messages an answer; polled every 100 ms, each costs more.";
    for (name, is_named) in [("bytes", true), ("cpu", true), ("memory", false)] {
        let svg = &plot(&plots, name).svg;
        assert_eq!(svg.contains(said), is_named, "{name}");
    }
    assert!(plot(&plots, "bytes").svg.contains("kB*"));
    assert!(plot(&plots, "cpu").svg.contains(">server 35.0 µs*"));
    let page = html(&report, &plots);
    let (_, claim) = page.split_once("871 ").unwrap();
    let (claim, _) = claim.split_once("</p>").unwrap();
    assert!(claim.contains(said), "{claim}");
}

#[test]
fn plots_of_runs_on_different_machines_say_so() {
    let trials = trials(&[100], 1);
    let run = |id: &str, processor: &str| ReportedRun {
        id: id.to_owned(),
        started_at: String::new(),
        facts: vec![("Processor".to_owned(), processor.to_owned())],
    };
    for (processor, is_said) in [("one", false), ("another", true)] {
        let runs = [run("a", "one"), run("b", processor)];
        let together = Report {
            runs: &runs,
            ..report(&trials, &[])
        };
        for plot in plots(&together).unwrap() {
            let said = plot.svg.contains("The runs are of different machines.");
            assert_eq!(said, is_said, "{}", plot.name);
        }
    }
}

#[test]
fn no_text_overlaps_another_or_leaves_the_picture() {
    let mut many = trials(&[1, 10, 100, 1_000, 5_000, 10_000], 2);
    for trial in many.iter_mut().filter(|trial| trial.clients >= 5_000) {
        trial.verdict = [Verdict::Suspect, Verdict::Invalid][trial.cell as usize % 2];
        trial.tls_bytes_per_delivery = None;
        trial.tcp_ip_bytes_per_delivery = None;
        trial.load_cpu_user_us_per_delivery = None;
    }
    many[0].server_rss_bytes_per_client = Some(123_456_789.0);
    // Eight kinds of one transport, and factors with long names.
    let mut long = Vec::new();
    for cell in 1..=8 {
        let mut trial = trial(cell, 1, Transport::ShortPolling, 1_000);
        trial.poll_interval_ms = Some(1_250.0 * f64::from(cell));
        trial.keep_alive = Some(["on", "off"][cell as usize % 2].to_owned());
        trial.workload = ["monitoring", "chat"][cell as usize % 2].to_owned();
        trial.rate_hz = 2_500.0 / f64::from(cell);
        trial.feeds = cell;
        trial.tls = cell % 2 == 0;
        trial.latency_max_us = Some(80_000_000.0);
        trial.verdict = Verdict::Invalid;
        long.push(trial);
    }
    for trials in [
        many,
        long,
        trials(&[100], 1),
        vec![trial(1, 1, Transport::Sse, 1)],
    ] {
        let timeline: Vec<_> = trials.iter().flat_map(timeline).collect();
        let latencies = latencies(&trials, &timeline);
        for locale in LANGUAGES {
            let report = Report {
                locale,
                latencies: &latencies,
                ..report(&trials, &timeline)
            };
            let plots = plots(&report).unwrap();
            plots.iter().for_each(assert_texts_have_room);
        }
    }
}

/// Results of a search, one a transport: held, failed and not told at, and its end.
fn found(factor: &str, most: f64) -> Vec<CapacityRow> {
    let ends = [
        (None, Some(1.0), None, SearchVerdict::Fails),
        (
            Some(most * 0.9),
            Some(most),
            Some(most * 0.95),
            SearchVerdict::AtLeast,
        ),
        (
            Some(most * 0.5),
            Some(most * 0.52),
            None,
            SearchVerdict::Found,
        ),
        (None, None, Some(most * 0.5), SearchVerdict::NotTold),
        (Some(most), None, None, SearchVerdict::Unfinished),
    ];
    let rows = Transport::CHOICES.into_iter().zip(ends);
    rows.map(
        |(transport, (held, failed_at, not_told_at, verdict))| CapacityRow {
            scenario: "capacity".to_owned(),
            run: "2030-01-01T10-00-00".to_owned(),
            transport,
            factor: factor.to_owned(),
            objective: "p99<100ms and max<1s".to_owned(),
            held,
            failed_at,
            not_told_at,
            max: most,
            verdict,
            why: "load-saturated, publisher-late".to_owned(),
            trials: 12,
        },
    )
    .collect()
}

#[test]
fn a_search_has_one_plot_whose_texts_have_room_and_a_table_that_fits() {
    let trials = trials(&[100], 1);
    for (factor, most, unit) in [
        ("clients", 123_456.0, "clients (number)"),
        ("rate_hz", 0.75, "messages a second to each feed (number)"),
    ] {
        let capacity = found(factor, most);
        let report = Report {
            capacity: &capacity,
            ..report(&trials, &[])
        };
        let plots = wslab::report::plots(&report).unwrap();
        assert_eq!(names(&plots), ["capacity"]);
        plots.iter().for_each(assert_texts_have_room);
        assert!(plots[0].svg.contains(unit) && plots[0].svg.contains("p99&lt;100ms"));
        for transport in Transport::CHOICES {
            assert!(plots[0].svg.contains(transport.colour()));
        }
        let page = html(&report, &plots);
        assert_refers_to_nothing(&page);
        assert!(page.contains("p99&lt;100ms") && !page.contains("Theory and practice"));
        for locale in LANGUAGES {
            let report = Report { locale, ..report };
            let plots = wslab::report::plots(&report).unwrap();
            plots.iter().for_each(assert_texts_have_room);
            let table = capacity_table(&capacity, &trials, DETAILS, locale);
            let fits = |line: &str| line.chars().count() <= 110;
            assert!(table.lines().all(fits), "{table}");
        }
    }
}

/// 5 transports with 4 numbers of clients, 10 trials each.
#[test]
fn a_report_of_200_trials_is_small() {
    let mut trials = trials(&[10, 100, 1_000, 5_000], 10);
    for trial in trials.iter_mut().filter(|trial| trial.clients == 5_000) {
        trial.verdict = Verdict::Suspect;
        trial.warnings = "load-saturated publisher-late".to_owned();
    }
    assert_eq!(trials.len(), 200);
    let timeline: Vec<_> = trials.iter().flat_map(timeline).collect();
    let latencies = latencies(&trials, &timeline);
    let report = Report {
        latencies: &latencies,
        ..report(&trials, &timeline)
    };
    let page = html(&report, &plots(&report).unwrap());
    assert!(page.len() <= 400_000, "{} bytes", page.len());
    assert!(page.contains("id=\"trial-20-10\""), "a row for every trial");
}

#[test]
fn a_scorecard_says_of_each_objective_whether_it_is_met_and_by_how_much() {
    let mut trials = trials(&[100], 1);
    trials[3].verdict = Verdict::Suspect;
    trials[3].warnings = "machine-busy".to_owned();
    let objectives = ["p99<100ms", "sse: server_cpu_us_per_delivery<1us"];
    let objectives = objectives.map(|text| text.parse().unwrap());
    let report = Report {
        objectives: &objectives,
        ..report(&trials, &[])
    };
    let page = html(&report, &[]);
    let row = |name: &str| {
        let rows = page.split("<tr>").filter(|row| row.contains("data-cell"));
        let mut rows = rows.filter(|row| row.contains(&format!(">{name}</a>")));
        rows.next().unwrap().to_owned()
    };
    // 546 ms and 651 µs against 100 ms.
    let short = row("short-polling");
    assert!(
        short.contains(">FAILED<") && short.contains("446 ms over 100 ms"),
        "{short}"
    );
    let sse = row("sse");
    assert!(
        sse.contains(">passed<") && sse.contains("under 100 ms"),
        "{sse}"
    );
    assert!(sse.contains(">FAILED<"), "its own objective: {sse}");
    assert!(
        row("ndjson").contains(">CANNOT TELL<"),
        "a warning touches it"
    );
    assert!(
        row("websocket").contains("<td>–</td></tr>"),
        "not concerned"
    );
}

#[test]
fn hostile_names_stay_text() {
    let evil = "<script>alert(1)</script>\"'&";
    let mut trials = trials(&[1], 1);
    for trial in &mut trials {
        trial.scenario = evil.to_owned();
        trial.workload = evil.to_owned();
        trial.warnings = "<script>".to_owned();
        trial.keep_alive = Some(format!("{evil}{}", trial.cell % 2));
    }
    trials.push(TrialRow {
        cell: 9,
        keep_alive: Some("off".to_owned()),
        ..trials[0].clone()
    });
    trials.push(TrialRow {
        cell: 10,
        workload: "chat".to_owned(),
        ..trials[0].clone()
    });
    let machine = [(evil.to_owned(), evil.to_owned())];
    let report = Report {
        scenario: evil,
        run: evil,
        question: Some(evil),
        machine: &machine,
        ..report(&trials, &[])
    };
    let plots = plots(&report).unwrap();
    assert_refers_to_nothing(&html(&report, &plots));
    assert!(!plots.is_empty());
    plots.iter().for_each(|plot| assert_well_formed(&plot.svg));
}

#[test]
fn without_a_finished_trial_the_page_says_so() {
    let report = report(&[], &[]);
    let plots = plots(&report).unwrap();
    assert!(plots.is_empty());
    let page = html(&report, &plots);
    assert!(page.contains("No trial finished"));
    assert!(page.contains("<title>classroom "));
    assert_eq!(text_table(&[], &[], DETAILS, EN), "No trial finished.\n");
}

#[test]
fn an_idle_run_keeps_memory_and_says_why_the_rest_is_missing() {
    let trials: Vec<_> = Transport::CHOICES
        .into_iter()
        .zip(1..)
        .map(|(t, i)| idle(i, t, 100))
        .collect();
    let mut timeline: Vec<_> = trials.iter().flat_map(timeline).collect();
    timeline.iter_mut().for_each(|row| row.delivered = 0);
    let report = report(&trials, &timeline);
    let plots = plots(&report).unwrap();
    assert_eq!(names(&plots), ["memory"]);
    assert!(html(&report, &plots).contains("Nothing was delivered"));
    assert!(text_table(&trials, &[], DETAILS, EN).contains('–'));
}

#[test]
fn one_row_is_enough() {
    let trials = [trial(1, 1, Transport::Sse, 1)];
    let timeline = timeline(&trials[0]);
    let report = report(&trials, &timeline[..6]);
    let plots = plots(&report).unwrap();
    // A second of the window is no line over time.
    assert_eq!(names(&plots), ["latency", "bytes", "cpu", "memory"]);
    assert!(plot(&plots, "latency").svg.contains("1 client"));
    assert!(html(&report, &plots).contains("1 trial"));
}

#[test]
fn a_figure_that_was_not_measured_is_said_and_not_drawn() {
    let mut trials = trials(&[100], 1);
    trials[0].server_rss_bytes_per_client = None;
    trials[1].tcp_ip_bytes_per_delivery = None;
    trials[2].latency_p50_us = None;
    trials[3] = idle(4, Transport::WebSocket, 100);
    let plots = plots(&report(&trials, &[])).unwrap();
    assert_eq!(names(&plots), ["latency", "bytes", "cpu", "memory"]);
    assert!(plot(&plots, "memory").svg.contains("server not measured"));
    assert!(plot(&plots, "bytes").svg.contains("(TCP-IP not measured)"));
    assert!(
        plot(&plots, "latency")
            .svg
            .contains("not measured: websocket")
    );
}

#[test]
fn repeats_become_medians_with_the_worst_verdict() {
    let mut trials = trials(&[100], 3);
    trials[1].verdict = Verdict::Invalid;
    trials[1].missed = 12;
    trials[1].warnings = "missed-messages".to_owned();
    let report = report(&trials, &[]);
    let page = html(&report, &plots(&report).unwrap());
    // 260 ms, 278 ms and 296 ms.
    assert!(page.contains(">278 ms<"));
    assert!(page.contains(">INVALID</span><br><small>(1 of 3 trials)</small>"));
    assert!(page.contains("0 to 12"));
    let (summary, all) = page.split_once("<details id=\"trials\">").unwrap();
    assert_eq!(
        summary.matches("<th scope=\"row\"").count(),
        5 + 5 + 5 + 5,
        "scorecard, comparison, beyond, theory"
    );
    let all = all.split_once("</details>").unwrap().0;
    assert_eq!(all.matches("<th class=\"name\"").count(), 15);
    assert!(text_table(&trials, &[], DETAILS, EN).contains("100 clients: INVALID (1 of 3 trials)"));
}

#[test]
fn the_answer_fits_a_terminal() {
    let mut trials = trials(&[100, 10_000], 3);
    trials[0].warnings = "load-saturated publisher-late from-the-future".to_owned();
    trials[0].verdict = Verdict::Suspect;
    let styles = [
        (40, false),
        (60, false),
        (60, true),
        (80, false),
        (80, true),
    ];
    for (width, details, locale) in styles
        .into_iter()
        .flat_map(|(width, details)| LANGUAGES.map(|locale| (width, details, locale)))
    {
        let style = TextStyle {
            width,
            details,
            colour: false,
        };
        let text = text_table(&trials, &[], style, locale);
        for line in text.lines() {
            let columns = line.chars().count();
            assert!(columns <= width, "{columns} of {width}: {line}");
        }
        let setting = (locale.texts().cell.clients)(10_000.0);
        assert!(text.contains(&format!("\n{setting}\n")), "{text}");
        assert!(text.contains("from-the-future") && text.contains("websocket"));
    }
}

#[test]
fn a_new_report_replaces_the_old_one_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::create_dir_all(dir.join("plots")).unwrap();
    std::fs::write(dir.join("plots/mine.svg"), "mine").unwrap();
    let trials_then = trials(&[100], 1);
    let page = write(dir, &report(&trials_then, &[])).unwrap();
    assert_eq!(page, dir.join("report.html"));
    assert!(dir.join("plots/latency.png").exists());
    let trials_now = [idle(1, Transport::WebSocket, 100)];
    write(dir, &report(&trials_now, &[])).unwrap();
    assert!(!dir.join("plots/latency.png").exists() && !dir.join("plots/latency.svg").exists());
    assert!(dir.join("plots/memory.svg").exists() && dir.join("plots/mine.svg").exists());
}

#[test]
fn each_transport_is_set_against_the_baseline() {
    let mut trials = trials(&[100], 1);
    let mut baseline = trial(6, 1, Transport::Sse, 100);
    baseline.transport = Transport::BASELINE;
    baseline.latency_p50_us = trials[4].latency_p50_us.map(|us| us / 1.25);
    trials.push(baseline);
    let table = text_table(&trials, &[], DETAILS, EN);
    let (_, ratios) = table
        .split_once("100 clients: times raw-tcp")
        .expect(&table);
    let line = |name: &str| {
        let mut lines = ratios.lines();
        lines
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(line("websocket").contains("1.25 ×"), "{table}");
    assert!(line("raw-tcp").contains("1.00 ×"), "{table}");
    let report = report(&trials, &[]);
    let plots = plots(&report).unwrap();
    let page = html(&report, &plots);
    assert!(page.contains("Against the least protocol") && page.contains(">1.25 ×<"));
    let cpu = &plot(&plots, "cpu").svg;
    assert!(cpu.contains(Transport::BASELINE.colour()) && cpu.contains("× raw-tcp)"));
    plots.iter().for_each(assert_texts_have_room);
    assert!(!text_table(&trials[..4], &[], DETAILS, EN).contains("raw-tcp"));
}
