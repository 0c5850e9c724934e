//! Opening a page in the browser.

use std::env;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// The longest wait for a launcher to fail. One that still runs then has the page.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens a page in the browser: in the first that the variable BROWSER names and that exists, or
/// else in the desktop's. Where there is none, a line of standard error says so. That is no error,
/// since the page is written.
pub(super) fn open(page: &Path) {
    // Another program need not know the folder that a path begins at.
    let page = page.canonicalize().unwrap_or_else(|_| page.to_owned());
    open_url(page);
}

/// Opens an address likewise.
pub(super) fn open_url(page: impl AsRef<OsStr>) {
    let named = env::var("BROWSER").unwrap_or_default();
    let mut named = named.split(':').filter(|browser| !browser.is_empty());
    let is_open = named.any(|browser| open::with_detached(&page, browser).is_ok())
        || open::that_detached_with_timeout(&page, PATIENCE).is_ok();
    if !is_open {
        let note = "not opened: no browser was found; open the link above, or name one in BROWSER";
        let _ = writeln!(std::io::stderr(), "{note}");
    }
}
