//! What the race shows, in any browser.

use serde_json::Value;
use wslab::transport::Transport;

use super::browser::Page;

/// What the lanes show.
pub const LANES: &str = r"
    return [...document.querySelectorAll('section[data-transport]')].map((lane) => {
        const of = (name) => lane.querySelector(`[data-${name}]`).textContent;
        return {
            transport: lane.dataset.transport,
            state: lane.querySelector('[data-state]').dataset.state,
            ready: of('ready'), why: of('why'),
            received: of('received'), missed: of('missed'), requests: of('requests'),
            last: of('last'), p50: of('p50'), down: of('down'), up: of('up'),
        };
    });";

/// Waits until there is a lane for each transport, and each fulfils `good`.
pub fn wait_for_lanes(page: &impl Page, what: &str, good: impl Fn(&Value) -> bool) {
    let transports = Transport::CHOICES.map(Transport::name);
    page.wait_for(what, LANES, |lanes| {
        let lanes = lanes.as_array().expect("a list of lanes");
        let names = lanes.iter().map(|lane| &lane["transport"]);
        names.eq(transports) && lanes.iter().all(&good)
    });
}

pub fn wait_until_live(page: &impl Page) {
    wait_for_lanes(page, "live lanes", |lane| lane["state"] == "live");
}

/// The number that a text begins with.
pub fn number(text: &Value) -> u64 {
    let text = text.as_str().expect("a text");
    let digits = text.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Sets one of the controls.
pub fn set(page: &impl Page, control: &str, value: &str) {
    page.run(&format!(
        "const control = document.querySelector('#{control}');
        control.value = '{value}';
        control.dispatchEvent(new Event('change'));"
    ));
}

/// Clicks `pause` or `cut` of each lane.
pub fn click_each(page: &impl Page, button: &str) {
    page.run(&format!(
        "document.querySelectorAll('[data-{button}]').forEach((one) => one.click())"
    ));
}
