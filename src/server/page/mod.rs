//! The pages of the classroom: files in the binary, without a build step.
//!
//! - `style.css`: colours, light and dark, and what all pages share
//! - `frame.js`: the language, the navigation; texts by key, from `texts/pages`
//! - `feed.js`, `subscription.js`: exchanges with the server; one transport's reading of a feed
//! - `clock.js`: the server's clock · `turns.js`: the windows of one browser
//! - `index.html`, `race.*`, `lane.js`, `plot.js`: one feed over all transports
//! - `room.*`: the chat · `sample.*`: the lecture's script against `/echo`
//! - `microscope.…`: every byte of the visitor's own connection, see `server/captures.rs`
//! - `report.js`: what any page tells the hall · `class.css`: the pages of the class
//! - `hall.html`, `hall.js`, `lanes.js`, `teacher.js`: the hall · `vote.html`, `vote.js`,
//!   `ballot.js`: the vote
//!
//! A page is an entry of [`PAGES`], and its modules are entries of `modules!`. Script and style are
//! one file each, so that a page needs few connections, and not part of the page, so that its policy
//! can forbid all others.

mod bundle;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::classroom::Classroom;
use crate::server::addresses::{Address, Route};
use crate::service::answer::ApiError;
use crate::service::state::AppState;
use crate::transport::{Descriptor, Transport};

/// What a page may load (W3C Content Security Policy 3): what this server serves. No script and no
/// style within the page, so that text which becomes markup still runs nothing. Workers may be made
/// of a text: they have no document.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; worker-src 'self' blob:; \
                      object-src 'none'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Where the files of the pages are.
pub const FILES_PATH: &str = "/page/";

/// A page.
struct Page {
    path: &'static str,
    /// The key of its title in `texts/pages/frame.json` is `nav_` and this.
    name: &'static str,
    about: &'static str,
    html: &'static str,
    /// Its style, after what all pages share.
    css: &'static str,
    /// Whether only a demonstration has it.
    is_of_class: bool,
}

/// The pages, in the order of the navigation.
static PAGES: &[Page] = &[
    Page {
        path: "/",
        name: "race",
        about: "the page, for a browser: one feed over all transports",
        html: include_str!("index.html"),
        css: include_str!("race.css"),
        is_of_class: false,
    },
    Page {
        path: "/room",
        name: "room",
        about: "a chat, for a browser",
        html: include_str!("room.html"),
        css: include_str!("room.css"),
        is_of_class: false,
    },
    Page {
        path: "/sample",
        name: "sample",
        about: "a script that uses /echo, to be changed in a browser",
        html: include_str!("sample.html"),
        css: include_str!("sample.css"),
        is_of_class: false,
    },
    Page {
        path: "/microscope",
        name: "microscope",
        about: "the page of the microscope: the bytes of the visitor's own connection",
        html: include_str!("microscope.html"),
        css: include_str!("microscope.css"),
        is_of_class: false,
    },
    Page {
        path: "/hall",
        name: "hall",
        about: "the page for the projector: every device of the room",
        html: include_str!("hall.html"),
        css: include_str!("class.css"),
        is_of_class: true,
    },
    Page {
        path: "/vote",
        name: "vote",
        about: "the page for phones: a number for the question that is open",
        html: include_str!("vote.html"),
        css: include_str!("class.css"),
        is_of_class: true,
    },
];

/// The pages of a server with or without a class.
fn pages(has_class: bool) -> impl Iterator<Item = &'static Page> {
    PAGES
        .iter()
        .filter(move |page| has_class || !page.is_of_class)
}

/// The modules of the pages, by name.
macro_rules! modules {
    ($($name:literal),+ ; $($texts:literal),+ $(,)?) => {
        /// The text of a module. The texts of a page are a module too.
        fn module(name: &str) -> &'static str {
            match name {
                $($name => include_str!($name),)+
                $(concat!($texts, ".texts.js") =>
                    include_str!(concat!("../../texts/pages/", $texts, ".json")),)+
                _ => panic!("there is no module {name}"),
            }
        }
    };
}

modules!(
    "frame.js", "feed.js", "subscription.js", "clock.js", "turns.js", "race.js", "lane.js",
    "plot.js", "room.js", "sample.js", "report.js", "svg.js", "lanes.js", "ballot.js", "hall.js",
    "teacher.js", "vote.js", "microscope.js";
    "frame", "race", "room", "sample", "class", "hall", "vote", "microscope",
);

/// The addresses of the pages.
pub fn routes(has_class: bool) -> Vec<Route> {
    let page = |page: &'static Page| {
        let answer = get(async || document(page.html));
        (Address::get(page.path, page.about), answer)
    };
    let files = (
        Address::get(&format!("{FILES_PATH}{{file}}"), "scripts and styles"),
        get(file_of_pages),
    );
    pages(has_class).map(page).chain([files]).collect()
}

/// A page with its policy.
fn document(html: &'static str) -> Response {
    let fields = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (fields, html).into_response()
}

async fn file_of_pages(
    State(state): State<Arc<AppState>>,
    classroom: Option<Extension<Arc<Classroom>>>,
    Path(name): Path<String>,
) -> Response {
    let has_class = classroom.is_some();
    let of_page = |stem: &str| pages(has_class).find(|page| page.name == stem);
    let found = name.split_once('.').and_then(|(stem, kind)| match kind {
        "js" => Some((
            "text/javascript; charset=utf-8",
            script(of_page(stem)?, &state, has_class),
        )),
        "css" => Some(("text/css; charset=utf-8", style(of_page(stem)?))),
        _ => None,
    });
    let Some((content_type, content)) = found else {
        let advice = format!("the pages have no file {name:?}");
        return ApiError::new(StatusCode::NOT_FOUND, advice).into_response();
    };
    let fields = [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (fields, content).into_response()
}

/// The script of a page.
fn script(page: &Page, state: &AppState, has_class: bool) -> String {
    let setup = ("setup.js", setup(state, has_class));
    bundle::bundle(&format!("{}.js", page.name), &[setup], module)
}

/// The style of a page.
fn style(page: &Page) -> String {
    [include_str!("style.css"), &colours(), page.css].concat()
}

/// What the pages know of the transports, of each other and of the server's language.
fn setup(state: &AppState, has_class: bool) -> String {
    let transports = Transport::CHOICES.map(|transport| {
        let Descriptor {
            name,
            title,
            colour,
            polls,
            ..
        } = transport.descriptor();
        json!({ "name": name, "title": title, "colour": colour, "polls": polls })
    });
    let pages = pages(has_class).map(|page| json!({ "path": page.path, "name": page.name }));
    let language = state.page_language.map(|language| language.tag());
    let pages: Vec<_> = pages.collect();
    json!({ "TRANSPORTS": transports, "PAGES": pages, "LANGUAGE": language }).to_string()
}

/// `--colour` of whatever belongs to a transport.
fn colours() -> String {
    let rule = |transport: Transport| {
        let (name, colour) = (transport.name(), transport.colour());
        format!("[data-transport=\"{name}\"] {{ --colour: {colour}; }}\n")
    };
    Transport::CHOICES.map(rule).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_three_small_files_and_says_what_it_needs() {
        for page in PAGES {
            let Page { name, html, .. } = page;
            assert!(html.contains("<noscript>"), "{name}");
            for file in [format!("page/{name}.js"), format!("page/{name}.css")] {
                assert!(html.contains(&format!("\"{file}\"")), "{file}");
            }
            assert_eq!(html.matches("\"page/").count(), 2, "{name}");
            let setup = ("setup.js", "{}".to_owned());
            let script = bundle::bundle(&format!("{name}.js"), &[setup], module);
            let bytes = html.len() + script.len() + style(page).len();
            assert!(bytes < 80_000, "{name}: {bytes}");
        }
    }
}
