//! Access: requests need the token, and pages of other origins need `--allow-origin`.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;

use support::process::{text, wslab};
use support::results::{Results, children, number};
use support::websocket::UPGRADE;
use support::{JSON, Server, ask, wait_until};
use wslab::transport::Transport;

const OI: &str = r#"{"from":"alice","text":"oi"}"#;
const FEED: &str = "/feeds/a/messages";

/// Every address, each with the method and headers that it takes.
fn addresses() -> Vec<(&'static str, &'static str, String)> {
    let get = |path| ("GET", path, String::new());
    let upgrade = |path| ("GET", path, UPGRADE.to_owned());
    let mut all: Vec<_> = [
        "/",
        "/metrics",
        FEED,
        "/feeds/a/poll",
        "/feeds/a/long-poll?hold_ms=1",
        "/feeds/a/sse",
        "/events",
        "/nothing/here",
    ]
    .map(get)
    .into();
    all.extend(["/feeds/a/ws", "/chat", "/echo"].map(upgrade));
    all.push(("POST", FEED, JSON.to_owned()));
    all
}

/// The status of the response to a request.
fn status(server: &Server, method: &str, path: &str, headers: &str) -> u16 {
    status_at(server, &server.address, method, path, headers)
}

/// The same for a request to this `Host`.
fn status_at(server: &Server, host: &str, method: &str, path: &str, headers: &str) -> u16 {
    let length = OI.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n{OI}"
    );
    ask(&mut server.connect(), &request)[9..12].parse().unwrap()
}

#[test]
fn without_the_token_nobody_enters_and_health_is_told_all_the_same() {
    let server = Server::start(&["--token", "s3cret+1"]);
    for (method, path, headers) in addresses() {
        let with = |more: &str| status(&server, method, path, &format!("{headers}{more}"));
        for wrong in [
            "",
            "Bearer s3cret+",
            "Bearer s3cret+12",
            "Basic s3cret+1",
            "Bearer",
        ] {
            let header = format!("Authorization: {wrong}\r\n");
            assert_eq!(with(&header), 401, "{method} {path} with {wrong:?}");
        }
        let known = with("Authorization: bearer s3cret+1\r\n");
        assert_ne!(known, 401, "{method} {path}");
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}token=s3cret%2b1");
        assert_eq!(status(&server, method, &path, &headers), known, "{path}");
        let twice = format!("{path}&token=s3cret%2b1");
        assert_eq!(status(&server, method, &twice, &headers), 401, "{twice}");
    }
    assert_eq!(server.get("/healthz").status, 200);
    let refused = server.get("/feeds/a/poll?token=wrong");
    assert!(
        refused.head.contains("\r\nwww-authenticate: bearer\r\n"),
        "{}",
        refused.head
    );
    assert!(
        refused.body.contains("Authorization: Bearer"),
        "{}",
        refused.body
    );
}

#[test]
fn the_token_may_come_from_the_environment_and_a_bad_one_is_not_shown() {
    let mut wslab = wslab(&["serve", "--bind", "127.0.0.1:0"]);
    let output = wslab.env("WSLAB_TOKEN", "two words").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("openssl rand") && !error.contains("two words"),
        "{error}"
    );
}

/// Whether any file of a folder holds a text.
fn holds(folder: &Path, secret: &str) -> bool {
    let found = |path: &Path| match path.is_dir() {
        true => holds(path, secret),
        false => {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(secret.len()).any(|w| w == secret.as_bytes())
        }
    };
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths.any(|path| found(&path))
}

/// All that is answered to a request.
fn all(stream: &mut TcpStream, request: &str) -> Vec<u8> {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

fn said(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn who_knows_the_token_measures_such_a_server_and_nothing_tells_it_on() {
    let (results, server) = (Results::new(), Server::start(&["--token", "s3cret"]));
    let url = server.url();
    let mut run = vec!["run", "--transport", "all", "--baseline", "--target", &url];
    // A chat also publishes with POSTs, and the probe is a process of its own.
    run.extend(["--workload", "chat", "--clients", "5", "--rate", "10"]);
    run.extend([
        "--warm-up",
        "100ms",
        "--window",
        "500ms",
        "--poll-interval",
        "50ms",
    ]);
    let run = results.start(&[&run[..], &["--token", "s3cret"]].concat());
    let load = || {
        children(run.id())
            .into_iter()
            .find(|(_, line)| line.contains(" load"))
    };
    wait_until("a load runs", || load().is_some());
    let (pid, line) = load().unwrap();
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    assert!(
        !format!("{line} {}", text(&environment)).contains("s3cret"),
        "{line}"
    );

    let output = run.finish();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let folder = results.run();
    for row in &results.trials(Transport::CHOICES.len() + 1) {
        assert_eq!(number(row, "delivered"), 25.0, "{}", row["transport"]);
    }
    assert!(holds(&folder, "long-polling"), "every file is searched");
    assert!(!said(&output).contains("s3cret") && !holds(&folder, "s3cret"));

    // The folder does not hold the token: a repeated run needs it again.
    let again = [
        "run",
        folder.to_str().unwrap(),
        "--transport",
        "sse",
        "--quiet",
    ];
    let output = results.wslab(&again);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("asks for its token: give --token"),
        "{}",
        said(&output)
    );
    let mut known = results.command(&again);
    let output = known.env("WSLAB_TOKEN", "s3cret").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let folder = results.runs().pop().unwrap();
    assert!(!said(&output).contains("s3cret") && !holds(&folder, "s3cret"));
}

#[test]
fn a_wrong_token_is_told_at_once_and_never_shown() {
    let (results, server) = (Results::new(), Server::start(&["--token", "s3cret"]));
    let url = server.url();
    for (arguments, says) in [
        (
            &["run", "--target", &url][..],
            "asks for its token: give --token",
        ),
        (
            &["run", "--target", &url, "--token", "guessed"],
            "asks for another token",
        ),
        (
            &["run", "--target", &url, "--token", "gu essed"],
            "openssl rand",
        ),
        (&["run", "--token", "guessed"], "--token goes with --target"),
    ] {
        let output = results.wslab(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            said(&output)
        );
        let said = said(&output);
        assert!(said.contains(says) && !said.contains("essed"), "{said}");
    }
    assert_eq!(results.runs().len(), 0);
}

#[test]
fn a_token_meant_for_other_servers_is_not_asked_for_by_a_runs_own() {
    let results = Results::new();
    let run = [
        "run",
        "--transport",
        "ws",
        "--clients",
        "2",
        "--window",
        "200ms",
        "--quiet",
    ];
    let output = results
        .command(&run)
        .env("WSLAB_TOKEN", "s3cret")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(results.trials(1)[0]["connect_failed"], "0");
}

#[test]
fn a_foreign_page_can_neither_read_nor_write() {
    let server = Server::start(&[
        "--allow-origin",
        "https://lab.example.org,http://b.example:81",
    ]);
    let own = format!("http://{}", server.address);
    let tls = format!("https://{}", server.address);
    for (method, path, headers) in addresses() {
        let from = |origin: &str| {
            let headers = format!("{headers}Origin: {origin}\r\n");
            status(&server, method, path, &headers)
        };
        let welcome = status(&server, method, path, &headers);
        for origin in [&own, &tls, "https://lab.example.org", "http://B.example:81"] {
            assert_eq!(from(origin), welcome, "{method} {path} from {origin}");
        }
        for origin in [
            "https://evil.example",
            "http://lab.example.org",
            "https://lab.example.org:444",
            "http://b.example",
            "null",
            "http://127.0.0.1",
            &own.replace("http", "ftp"),
            &own.replace("http", "chrome-extension"),
            &format!("{own}\r\nOrigin: {own}"),
        ] {
            let refused = if origin.contains("Origin") { 400 } else { 403 };
            assert_eq!(from(origin), refused, "{method} {path} from {origin}");
        }
    }
    assert_eq!(
        server.history("a").len(),
        5,
        "one before, and four that are welcome"
    );
}

#[test]
fn a_page_that_is_welcome_is_told_so() {
    let flags = ["--allow-origin", "https://lab.example.org", "--token", "t"];
    let server = Server::start(&flags);
    let origin = "Origin: https://lab.example.org\r\n";
    let allows = "\r\naccess-control-allow-origin: https://lab.example.org\r\nvary: origin\r\n";
    let preflight = format!(
        "{origin}Access-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: content-type\r\n"
    );
    // A preflight never carries a token.
    let asked = server.exchange("OPTIONS", FEED, &preflight, "");
    assert_eq!((asked.status, &*asked.body), (204, ""));
    for field in [
        allows,
        "\r\naccess-control-allow-methods: get, post\r\n",
        "\r\naccess-control-allow-headers: authorization, content-type, last-event-id\r\n",
    ] {
        assert!(asked.head.contains(field), "{}", asked.head);
    }
    let posted = format!("{origin}{JSON}Authorization: Bearer t\r\n");
    let posted = server.exchange("POST", FEED, &posted, OI);
    posted.assert(201, &[allows]);
    let refused = server.exchange("POST", FEED, &format!("{origin}{JSON}"), OI);
    refused.assert(401, &[allows]);

    let evil = preflight.replace("lab.example.org", "evil.example");
    let refused = server.exchange("OPTIONS", FEED, &evil, "");
    refused.assert(403, &["--allow-origin https://evil.example"]);
    assert!(!refused.head.contains("access-control"), "{}", refused.head);
    let own = server.exchange("OPTIONS", FEED, "Authorization: Bearer t\r\n", "");
    assert_eq!(own.status, 405, "no page asks here");
}

/// A page may make its own name resolve to this machine: to the browser, the server is then that
/// of the page.
#[test]
fn a_page_at_a_name_that_resolves_to_the_server_can_neither_read_nor_write() {
    let server = Server::start(&["--allow-host", "lab.example.org,proxy.example"]);
    let port = server.address.rsplit_once(':').unwrap().1;
    let mut welcome = Vec::new();
    for (method, path, headers) in addresses() {
        let at = |name: &str| {
            let host = format!("{name}:{port}");
            let headers = format!("{headers}Origin: http://{host}\r\n");
            status_at(&server, &host, method, path, &headers)
        };
        for host in ["evil.example", "lab.example.org.evil.example", "evil.local"] {
            assert_eq!(at(host), 421, "{method} {path} at {host}");
        }
        // What an address book, a proxy and a teacher's whiteboard say.
        for host in [
            "192.168.0.7",
            "localhost",
            "server",
            "Lab.example.org",
            "[::1]",
        ] {
            welcome.push(at(host));
        }
        assert!(
            welcome.iter().all(|status| *status != 421),
            "{method} {path}"
        );
    }
    assert_eq!(server.history("a").len(), 5);
    // A request line with a host counts more than Host.
    let absolute = format!("http://evil.example:{port}/feeds/a/poll");
    assert_eq!(status(&server, "GET", &absolute, ""), 421);
    assert_eq!(
        status_at(&server, "evil.example", "GET", "/healthz", ""),
        421
    );

    let mut stream = server.connect();
    let request = "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let answer = text(&all(&mut stream, request));
    assert!(answer.contains("--allow-host evil.example\""), "{answer}");
    assert!(answer.contains("write its IP address"), "{answer}");
}

/// A browser says to https and to its own machine which site caused a request, and to no other
/// host. There, as in a hall, the page is named or it is not.
#[test]
fn a_browser_joins_for_a_page_of_this_server_and_for_no_other() {
    let server = Server::start(&["--leave-after", "1ms"]);
    let host = server.address.clone();
    let members = |feed: &str| server.get(&format!("/feeds/{feed}/members")).body;
    let browser = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\r\n";
    let page = format!("{browser}Referer: http://{host}/?feed=a\r\n");
    let [name, port] = host.split(':').collect::<Vec<_>>()[..] else {
        panic!("{host}")
    };
    let joins = [
        ("curl", "User-Agent: curl/8.14.1\r\n".to_owned()),
        ("python", String::new()),
        ("page", page.clone()),
        ("own", format!("{browser}Sec-Fetch-Site: same-origin\r\n")),
        ("typed", format!("{browser}Sec-Fetch-Site: none\r\n")),
        ("origin", format!("{browser}Origin: http://{host}\r\n")),
    ];
    let joins_not = [
        ("image", browser.to_owned()),
        (
            "other",
            format!("{browser}Referer: http://evil.example/\r\n"),
        ),
        (
            "path",
            format!("{browser}Referer: http://evil.example/{host}/\r\n"),
        ),
        (
            "user",
            format!("{browser}Referer: http://{host}@evil.example/\r\n"),
        ),
        (
            "port",
            format!("{browser}Referer: http://{name}:1{port}/\r\n"),
        ),
        ("none", format!("{browser}Referer: about:blank\r\n")),
        ("cross", format!("{page}Sec-Fetch-Site: cross-site\r\n")),
        ("same", format!("{page}Sec-Fetch-Site: same-site\r\n")),
        ("odd", format!("{page}Sec-Fetch-Site: \r\n")),
    ];
    // The second path goes to the other engine.
    for (feed, path) in [("a", "/feeds/a"), ("b", "/feeds/%62")] {
        for (user, fields) in joins.iter().chain(&joins_not) {
            let poll = format!("{path}/poll?user={user}");
            server.exchange("GET", &poll, fields, "").assert(200, &[]);
            // A HEAD reads nothing.
            let head = format!("{path}/poll?user=head{user}");
            assert_eq!(status(&server, "HEAD", &head, fields), 200, "{head}");
        }
        let expected = r#"{"members":["curl","origin","own","page","python","typed"],"#;
        assert!(members(feed).starts_with(expected), "{}", members(feed));
        assert_eq!(
            server.history(feed).len(),
            joins.len(),
            "reading writes nothing"
        );
    }
    // Streams too, and a WebSocket by its origin.
    let path = |endpoint: &str| format!("/feeds/c/{endpoint}?user={endpoint}");
    let _image = server.open_until(&path("stream"), browser, "\r\n\r\n");
    let _source = server.open_until(&path("sse"), &page, "retry: 2000\n\n");
    let origin = format!("{browser}Origin: http://{host}\r\n{UPGRADE}");
    let _socket = server.open_until(&path("ws"), &origin, "\r\n\r\n");
    assert!(members("c").starts_with(r#"{"members":["sse","ws"],"#));
}

/// A student opens a page from the disk.
#[test]
fn a_page_from_a_file_is_let_in_by_the_flag_that_its_refusal_names() {
    let origin = "Origin: null\r\n";
    let refused = Server::start(&[]).exchange("GET", "/feeds/a/poll", origin, "");
    refused.assert(403, &["--allow-origin null\""]);
    let server = Server::start(&["--allow-origin", "null"]);
    let allows = "\r\naccess-control-allow-origin: null\r\nvary: origin\r\n";
    for path in ["/feeds/a/poll", "/feeds/a/poll?x=%20"] {
        let answer = server.exchange("GET", path, origin, "");
        answer.assert(200, &[allows]);
    }
    for (method, path, headers) in addresses() {
        let welcome = status(&server, method, path, &headers);
        let page = status(&server, method, path, &format!("{headers}{origin}"));
        assert_eq!(page, welcome, "{method} {path}");
    }
}

#[test]
fn a_bad_host_on_the_command_line_is_told_at_once() {
    for bad in [
        "http://lab.example.org",
        "lab.example.org:8080",
        "*.example.org",
    ] {
        let output = wslab(&["demo", "--allow-host", bad]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(
            said(&output).contains("as lab.example.org"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn a_bad_origin_on_the_command_line_is_told_at_once() {
    let output = wslab(&["serve", "--allow-origin", "lab.example.org"])
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("write scheme and host"), "{error}");
}
