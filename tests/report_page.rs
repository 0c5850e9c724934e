//! The report in Chromium, opened from disk: in windows of two widths, light and dark, and printed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::browser::{Browser, Page};
use support::looks::{CONTRAST, show};
use support::process::{text, wslab};
use tempfile::TempDir;

mod support;

/// Copies a committed run and makes its report in English; returns the page's address.
fn report(run: &str, work: &TempDir) -> String {
    report_in("en", run, work)
}

fn report_in(language: &str, run: &str, work: &TempDir) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(run);
    let folder = work.path().join(language).join(source.file_name().unwrap());
    fs::create_dir_all(&folder).unwrap();
    let files = fs::read_dir(source).unwrap();
    let files = files.map(|file| file.unwrap().path());
    for file in files.filter(|path: &PathBuf| path.is_file()) {
        fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    let made = wslab(&["report", folder.to_str().unwrap(), "--lang", language])
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    format!("file://{}/report.html", folder.display())
}

/// Pairs of texts of a plot that touch.
const OVERLAPS: &str = r"
    const touching = [];
    for (const svg of document.querySelectorAll('svg')) {
        const texts = [...svg.querySelectorAll('text')];
        const boxes = texts.map((text) => text.getBoundingClientRect());
        boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
            const apart = 2;
            const aside = a.right - apart < b.left || b.right - apart < a.left;
            const above = a.bottom - 4 < b.top || b.bottom - 4 < a.top;
            if (!aside && !above) {
                touching.push(texts[i].textContent + ' | ' + texts[i + 1 + j].textContent);
            }
        }));
    }
    return touching;";

#[test]
fn looks_right_on_screens_and_phones_in_light_and_dark_and_asks_for_nothing() {
    let work = TempDir::new().unwrap();
    let pages = [
        ("en", "results/classroom/20261130t122737z"),
        ("en", "results/scaling/20261125t131023z"),
        ("en", "tests/golden/runs/classroom/20300101t100000z"),
        ("en", "tests/golden/runs/idle/20300103t100000z"),
        ("en", "tests/golden/runs/capacity/20300105t100000z"),
        ("en", "tests/golden/runs/faults/20300107t100000z"),
        // Longer words.
        ("pt", "results/classroom/20261130t122737z"),
        ("pt", "results/scaling/20261125t131023z"),
        ("pt", "tests/golden/runs/classroom/20300101t100000z"),
        ("pt", "tests/golden/runs/idle/20300103t100000z"),
        ("pt", "tests/golden/runs/capacity/20300105t100000z"),
        ("pt", "tests/golden/runs/faults/20300107t100000z"),
    ]
    .map(|(language, run)| report_in(language, run, &work));
    let browser = Browser::open("about:blank");
    for page in &pages {
        for (size, scheme) in [
            ((1280, 720), "light"),
            ((1280, 720), "dark"),
            ((390, 844), "light"),
            ((390, 844), "dark"),
        ] {
            show(&browser, size, scheme);
            browser.go(page);
            let looks = format!("{page} {size:?} {scheme}");
            let over = "return document.documentElement.scrollWidth - innerWidth";
            assert!(
                browser.run(over).as_f64().unwrap() <= 0.0,
                "{looks}: too wide"
            );
            let found = "const card = document.querySelector('.scorecard');
                return card ? card.getBoundingClientRect().bottom : 0";
            let bottom = browser.run(found).as_f64().unwrap();
            assert!(
                size.0 < 1280 || bottom <= 720.0,
                "{looks}: scorecard ends at {bottom}"
            );
            let back = browser.run("return getComputedStyle(document.body).backgroundColor");
            let is_light = back == "rgb(255, 255, 255)";
            assert_eq!(is_light, scheme == "light", "{looks}: {back}");
            let contrast = browser.run(CONTRAST);
            assert!(contrast["texts"].as_u64().unwrap() > 100, "{looks}");
            assert_eq!(contrast["bad"], json!([]), "{looks}");
            assert_eq!(browser.run(OVERLAPS), json!([]), "{looks}");
            let loaded = "return performance.getEntriesByType('resource').map((one) => one.name)";
            assert_eq!(browser.run(loaded), json!([]), "{looks}");
        }
        assert_eq!(browser.errors(), Vec::<Value>::new(), "{page}");
    }
}

#[test]
fn keys_reach_what_is_closed_and_links_open_it() {
    let work = TempDir::new().unwrap();
    let page = report("results/classroom/20261130t122737z", &work);
    let browser = Browser::open(&page);
    // Everything that scrolls or opens is reached by the tabulator.
    let unreachable = "return [...document.querySelectorAll('a, summary, .scroll')]
        .filter((element) => element.tabIndex < 0).length";
    assert_eq!(browser.run(unreachable), 0);
    let open = |id: &str| browser.run(&format!("return document.querySelector('#{id}').open"));
    assert_eq!(open("trials"), false);
    browser.run("document.querySelector('#trials summary').focus()");
    browser.press("\u{e007}");
    assert_eq!(open("trials"), true);
    // A fragment leads to a row in a part that is closed, and the page shows it.
    browser.go("about:blank");
    browser.go(&format!("{page}#cell-9"));
    assert_eq!(open("comparison"), true);
    let shown = "const row = document.querySelector('#cell-9').getBoundingClientRect();
        return row.top >= 0 && row.bottom <= innerHeight";
    browser.wait_for("the row in sight", shown, |shown| *shown == true);
}

#[test]
fn prints_with_all_sections() {
    let work = TempDir::new().unwrap();
    let browser = Browser::open(&report("results/classroom/20261130t122737z", &work));
    browser.cdp("Emulation.setEmulatedMedia", json!({"media": "print"}));
    let heights = "return [...document.querySelectorAll('details')]
        .map((closed) => [closed.id, closed.open, closed.scrollHeight])";
    let heights = browser.run(heights);
    let sections = heights.as_array().unwrap();
    assert!(sections.len() > 5, "{heights}");
    for section in sections {
        assert_eq!(section[1], false, "{section}");
        assert!(
            section[2].as_u64().unwrap() > 100,
            "{section} is not in print"
        );
    }
    let pdf = browser.cdp("Page.printToPDF", json!({}));
    assert!(
        pdf["data"].as_str().unwrap().starts_with("JVBERi0"),
        "a PDF in Base64"
    );
}
