//! What `wslab demo` prints: which texts there are.

/// The lines of a demonstration at its start.
#[derive(Debug)]
pub struct DemoTexts {
    /// Before the page's address.
    pub page: &'static str,
    /// Before another address of it.
    pub also: &'static str,
    /// Before the address of the hall, with the teacher's key.
    pub hall: &'static str,
    /// The Wi-Fi's name and password.
    pub wifi: fn(&str, &str) -> String,
    /// Above the code that joins the Wi-Fi, and above the one that opens the page.
    pub to_join: &'static str,
    pub to_open: &'static str,
    /// How the server of this port is opened to others.
    pub for_this_machine: fn(u16) -> String,
    pub no_network: &'static str,
    /// The servers of the exercises: the URLs of the WebSocket and of the events.
    pub lab: fn(&str, &str) -> String,
}
