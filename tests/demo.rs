//! `wslab demo` for a class: the addresses that it prints, and the browser that it opens.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use support::process::{Process, text, wslab};
use support::{Server, wait_until};
use tempfile::TempDir;

mod support;

/// Starts a demonstration on a free port of `address`.
fn demo(address: &str, flags: &[&str]) -> Server {
    let line = [&["demo", "--bind", address], flags].concat();
    let mut command = wslab(&line);
    command.env_remove("BROWSER").env_remove("DISPLAY");
    command.env_remove("WAYLAND_DISPLAY").env("LANG", "C");
    Server::of(Process::start(command))
}

/// The port at the end of `127.0.0.1:PORT`.
fn port(server: &Server) -> &str {
    server.address.rsplit(':').next().unwrap()
}

#[test]
fn a_class_is_told_an_address_that_reaches_this_machine() {
    let server = demo("0.0.0.0:0", &[]);
    let line = server.process.line();
    let page = line.strip_prefix("the page: ").expect(&line);
    let page = page.split(", ").next().unwrap();
    let host = page.strip_prefix("http://").expect(page);
    let host = host.split(':').next().unwrap();
    let is_own = host
        .parse()
        .is_ok_and(|ip: std::net::Ipv4Addr| !ip.is_unspecified());
    assert!(is_own, "{page}");
    let answer = support::curl::get(&format!("{page}healthz"));
    assert_eq!(answer.status, 200, "{page}");
}

#[test]
fn the_address_has_the_host_that_is_named_and_the_server_answers_for_it() {
    let flags = [
        "--host",
        "lab.example.org",
        "--wifi",
        "Sala 3:segredo-1",
        "--lang",
        "pt",
    ];
    let server = demo("127.0.0.1:0", &flags);
    let port = port(&server);
    let page = format!("http://lab.example.org:{port}/");
    let line = server.process.line();
    assert_eq!(
        line,
        format!("a página: {page}, {page}?feed=system, {page}?feed=sensors")
    );
    let hall = server.process.line();
    let before = format!("a sala, com a chave de quem dá a aula: {page}hall#key=");
    assert!(hall.starts_with(&before), "{hall}");
    assert_eq!(server.process.line(), "Wi-Fi: Sala 3, senha: segredo-1");
    server
        .get("/qr.svg")
        .assert(200, &["image/svg+xml", "<svg"]);
    // The password is for the hall's page with the key alone.
    assert!(!server.get("/hall/state").body.contains("segredo-1"));
    let key = hall.split_once("#key=").unwrap().1;
    let headers = format!("{}Authorization: Bearer {key}\r\n", support::JSON);
    let room = server.exchange("POST", "/teacher/room", &headers, "{}");
    room.assert(200, &["segredo-1", "<svg"]);
    let host = format!("Host: lab.example.org:{port}\r\n");
    let mut stream = server.connect();
    let head = support::ask(&mut stream, &format!("GET /healthz HTTP/1.1\r\n{host}\r\n"));
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let server = demo("[::1]:0", &["--host", "fd00::7"]);
    let line = server.process.line();
    assert!(line.starts_with("the page: http://[fd00::7]:"), "{line}");
}

#[test]
fn what_cannot_work_is_refused_with_what_to_write() {
    for (flags, advice) in [
        (["--wifi", "Hall:secret-1"], "add --bind 0.0.0.0"),
        (["--wifi", "Hall"], "write SSID:PASSWORD"),
        (["--wifi", "Hall:short"], "8 to 63 characters"),
        (["--host", "0.0.0.0"], "write one address"),
        (["--host", "http://lab"], "a host's name alone"),
        (["--lang", "fr"], "write en"),
        (["--teacher-key", "short"], "at least 12 characters, not 5"),
        (["--teacher-key", "with spaces"], "letters of ASCII"),
    ] {
        let output = wslab(&[&["demo"], &flags[..]].concat()).output().unwrap();
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(why.contains(advice), "{advice}: {why}");
    }
}

#[test]
fn a_port_that_is_taken_is_told_with_a_free_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["demo", "serve"] {
        let output = wslab(&[command, "--bind", &address]).output().unwrap();
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}");
        let told = format!("another program listens on {address}");
        assert!(
            why.contains(&told) && why.contains("--bind 127.0.0.1:0"),
            "{why}"
        );
    }
}

#[test]
fn the_page_opens_in_the_browser_unless_it_shall_not() {
    let folder = TempDir::with_prefix("wslab-demo-").unwrap();
    let (browser, opened) = (folder.path().join("browser"), folder.path().join("opened"));
    let script = format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display());
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let start = |flags: &[&str]| {
        let line = [&["demo", "--bind", "127.0.0.1:0"], flags].concat();
        let mut command = wslab(&line);
        command.env("BROWSER", &browser);
        let server = Server::of(Process::start(command));
        server.process.line();
        server
    };
    let quiet = start(&["--no-open"]);
    assert_eq!(quiet.get("/healthz").status, 200);
    assert!(!opened.exists());
    let server = start(&[]);
    let page = format!("{}/", server.url());
    wait_until("the page is open", || {
        fs::read_to_string(&opened).is_ok_and(|shown| shown.trim() == page)
    });
}
