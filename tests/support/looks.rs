//! How a page looks: its size, its colours.

use serde_json::json;

use super::browser::{Browser, Page};

/// Shows the page in a window of this size, and in this scheme of colours.
pub fn show(browser: &Browser, (width, height): (u32, u32), scheme: &str) {
    let metrics = json!({
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false
    });
    browser.cdp("Emulation.setDeviceMetricsOverride", metrics);
    let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    browser.cdp(
        "Emulation.setEmulatedMedia",
        json!({"media": "screen", "features": features}),
    );
}

/// Checks that a page fits its window, that its texts have contrast, and that a reader without a
/// mouse or without eyes can use its controls. Returns how many texts it has.
#[track_caller]
pub fn assert_readable(browser: &Browser, looks: &str) -> u64 {
    let over = browser.run("return document.documentElement.scrollWidth - innerWidth");
    assert!(over.as_f64().unwrap() <= 0.0, "{looks}: {over} too wide");
    let contrast = browser.run(CONTRAST);
    assert_eq!(contrast["bad"], json!([]), "{looks}");
    assert_eq!(browser.run(UNNAMED), json!([]), "{looks}");
    contrast["texts"].as_u64().unwrap()
}

/// Controls that have no name or are not in the order of the tabulator. Arrow keys go through the
/// bytes of the microscope.
const UNNAMED: &str = r"
    const controls = document.querySelectorAll('a, button, input, select, summary, textarea');
    return [...controls].filter((one) => {
        const label = one.closest('label') ?? one.labels?.[0];
        const named = one.ariaLabel || one.textContent.trim() || label?.textContent.trim();
        return !named || (one.tabIndex < 0 && !one.matches('#bytes a'));
    }).map((one) => one.outerHTML);";

/// Texts with too little contrast (WCAG 2.2, 1.4.3), and curves and swatches (1.4.11).
pub const CONTRAST: &str = r"
    const parse = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
        return { rgb: [r, g, b], a };
    };
    const luminance = (rgb) => rgb.map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    const contrast = (one, other) => {
        const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const { rgb, a } = parse(getComputedStyle(at).backgroundColor);
            if (a === 1) return rgb;
        }
        return [255, 255, 255];
    };
    document.querySelectorAll('details').forEach((closed) => { closed.open = true; });
    const bad = [];
    const check = (element, colour, least, back) => {
        const found = contrast(parse(colour).rgb, back);
        if (found < least) {
            bad.push(`${element.tagName} ${colour} on ${back}: ${found.toFixed(2)} ` +
                element.textContent.trim().slice(0, 40));
        }
    };
    let texts = 0;
    for (const element of document.body.querySelectorAll('*')) {
        const style = getComputedStyle(element);
        if (element.tagName === 'title') continue;
        if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) {
            const colour = element.closest('svg') ? style.fill : style.color;
            check(element, colour, 4.5, behind(element));
            texts += 1;
        }
        // What says its figures; bars have outlines instead, and open dots have holes of paper.
        if (element.matches(`g > path[opacity='1']`)) {
            check(element, style.fill, 3, behind(element));
        }
        if (element.matches('g > path[stroke]') && element.getAttribute('stroke') !== '#ffffff') {
            check(element, style.stroke, 3, behind(element));
        }
        if (element.matches('section.lane, .via')) {
            check(element, style.borderLeftColor, 3, behind(element));
        }
        if (element.matches('.dot')) {
            const lane = getComputedStyle(element.parentElement.querySelector('rect'));
            const colour = style.fill === 'none' ? style.stroke : style.fill;
            check(element, colour, 3, parse(lane.fill).rgb);
        }
        if (element.className === 'swatch') {
            check(element, style.backgroundColor, 3, behind(element.parentElement));
        }
    }
    return { texts, bad };";
