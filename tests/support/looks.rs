//! How a page looks: its size, its colours.

use serde_json::json;

use super::browser::Browser;

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
        if (element.className === 'swatch') {
            check(element, style.backgroundColor, 3, behind(element.parentElement));
        }
    }
    return { texts, bad };";
