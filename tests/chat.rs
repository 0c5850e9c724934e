//! `wslab chat` as users and scripts see it: real processes and a real server.

mod support;

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use support::process::{Process, signal, text, wslab};
use support::{Server, wait_until};

/// A `wslab chat` behind pipes; it ends with this value.
struct Chat(Process);

impl Chat {
    fn start(server: &str, flags: &[&str]) -> Self {
        let chat = ["chat", server, "--poll-interval", "100ms"];
        Chat(Process::start(wslab(&[&chat[..], flags].concat())))
    }

    fn say(&mut self, line: &str) {
        self.0.write_line(line);
    }

    /// The next line must be this one.
    #[track_caller]
    fn sees(&self, expected: &str) {
        assert_eq!(self.0.next_line().as_deref(), Some(expected));
    }

    /// Waits for a line of standard error that begins with this text.
    #[track_caller]
    fn is_told(&self, beginning: &str) -> String {
        let mut notes = std::iter::from_fn(|| self.0.next_note());
        notes
            .find(|note| note.starts_with(beginning))
            .expect(beginning)
    }

    /// Ends the input, and waits for the end. No line may be left.
    #[track_caller]
    fn finish(self) -> ExitStatus {
        let output = self.0.finish();
        assert_eq!(text(&output.stdout), "");
        output.status
    }
}

/// Two users on two transports: what both see, and what one sees after the other one or the server
/// is gone.
fn story(alices: &str, bobs: &str) {
    let server = Server::start(&[]);
    let (url, address) = (server.url(), server.address.clone());
    server.publish("a%20b", "carol", "before");
    let feed = ["--feed", "a b"];
    let start = |user, transport| {
        let flags = ["--user", user, "--transport", transport];
        Chat::start(&url, &[&feed[..], &flags].concat())
    };
    let mut alice = start("alice", alices);
    alice.sees("carol: before");
    alice.is_told(&format!("connected over {alices}"));
    alice.sees("* alice joined");

    let mut bob = start("bob é", bobs);
    bob.sees("carol: before");
    bob.sees("* bob é joined");
    let here = bob.is_told("here: ");
    assert_eq!(here, "here: alice, bob é");
    alice.sees("* bob é joined");
    for (author, line) in [("alice", "oi, bob"), ("bob é", "tudo bem? \"ã\"")] {
        let chat = if author == "alice" {
            &mut alice
        } else {
            &mut bob
        };
        chat.say(line);
        for chat in [&alice, &bob] {
            chat.sees(&format!("{author}: {line}"));
        }
    }
    drop(bob); // Killed: it says no goodbye.
    alice.sees("* bob é left");

    drop(server);
    alice.is_told("connection lost");
    alice.say("is anybody there?");
    let server = Server::start_at(&address, &[]);
    alice.is_told("the feed has begun anew");
    alice.sees("* alice joined");
    alice.sees("alice: is anybody there?");
    server.publish("a%20b", "carol", "me");
    alice.sees("carol: me");
    assert!(alice.finish().success());
}

#[test]
fn short_polls_and_a_websocket_talk() {
    story("short-polling", "websocket");
}

#[test]
fn long_polls_and_an_event_stream_talk() {
    story("long-polling", "sse");
}

#[test]
fn an_event_stream_and_short_polls_talk() {
    story("sse", "short-polling");
}

#[test]
fn a_websocket_and_long_polls_talk() {
    story("websocket", "long-polling");
}

#[test]
fn a_pipe_is_published_to_its_last_line_and_in_order() {
    let server = Server::start(&[]);
    for transport in [
        "short-polling",
        "long-polling",
        "sse",
        "ndjson",
        "websocket",
    ] {
        let feed = format!("piped-{transport}");
        let flags = ["--user", "log", "--transport", transport, "--feed", &feed];
        let mut chat = Chat::start(&server.url(), &flags);
        let said: Vec<_> = (0..150).map(|n| format!("line {n}")).collect();
        said.iter().for_each(|line| chat.say(line));
        chat.say("  ");
        chat.sees("* log joined");
        said.iter()
            .for_each(|line| chat.sees(&format!("log: {line}")));
        assert!(chat.finish().success(), "{transport}");
        let history = server.history(&feed);
        let texts = history.iter().filter(|json| !json.contains("\"kind\""));
        assert_eq!(texts.count(), 150, "{transport}: each once");
    }
}

#[test]
fn a_line_that_is_not_utf8_is_named_and_those_after_it_are_published() {
    let server = Server::start(&[]);
    let mut chat = Chat::start(&server.url(), &["--user", "log"]);
    chat.sees("* log joined");
    chat.0.write(b"\xef\xbb\xbffirst\r\nol\xe1\nthird");
    chat.0.close_input();
    chat.sees("log: first");
    chat.sees("log: third");
    let note = chat.is_told("not sent: ");
    assert!(note.contains("line 2 of the input is not UTF-8"), "{note}");
    assert_eq!(chat.finish().code(), Some(1), "a line is lost");
}

#[test]
fn an_input_that_cannot_be_read_is_no_success() {
    let server = Server::start(&[]);
    let mut chat = wslab(&["chat", &server.url(), "--user", "log"]);
    chat.stdin(std::fs::File::open("/").unwrap());
    let output = chat.output().unwrap();
    let error = text(&output.stderr);
    assert!(
        error.contains("cannot read line 1 of the input: "),
        "{error}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn lines_without_a_name_are_refused_and_an_empty_input_reads_on() {
    let server = Server::start(&[]);
    let mut chat = Chat::start(&server.url(), &[]);
    chat.say("  ");
    chat.say("hello");
    assert!(chat.is_told("error: ").contains("start with --user NAME"));
    assert_eq!(chat.finish().code(), Some(2));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hello\n").unwrap();
    let mut chat = wslab(&["chat", &server.url()]);
    let output = chat.stdin(file.reopen().unwrap()).output().unwrap();
    let told = text(&output.stderr);
    assert_eq!(told.matches("start with --user NAME").count(), 1, "{told}");

    let mut reader = Chat::start(&server.url(), &[]);
    reader.0.close_input();
    reader.is_told("connected over websocket");
    server.publish("lobby", "alice", "oi");
    reader.sees("alice: oi");
    signal(reader.0.id(), "-INT");
    assert!(reader.finish().success());
    assert_eq!(server.history("lobby").len(), 1);
}

#[test]
fn what_the_server_does_not_take_is_told() {
    let server = Server::start(&[]);
    let too_long = "x".repeat(70_000);
    let mut chat = Chat::start(&server.url(), &["--user", "alice", "--transport", "sse"]);
    chat.sees("* alice joined");
    chat.say(&too_long);
    let note = chat.is_told("not sent: ");
    assert!(
        note.ends_with("the server answered 413: a message has at most 65536 bytes: write less")
    );
    assert_eq!(chat.finish().code(), Some(1));

    let url = server.url();
    let long_feed = "x".repeat(65);
    for (arguments, code, says) in [
        (&["chat", &url, "--user", " "][..], 2, "1 to 32 characters"),
        (&["chat", "ftp://x", "--user", "a"], 2, "http://HOST:PORT"),
        (&["chat", &url, "--transport", "udp"], 2, "short-polling"),
        (
            &["chat", &url, "--feed", &long_feed],
            2,
            "1 to 64 characters",
        ),
        (&["chat", "http://127.0.0.1:1"], 1, "cannot reach"),
    ] {
        let output = wslab(arguments).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
}

#[test]
fn a_token_opens_every_conversation_and_without_it_one_is_told_what_to_give() {
    let server = Server::start(&["--token", "s3cret"]);
    for transport in [
        "short-polling",
        "long-polling",
        "sse",
        "ndjson",
        "websocket",
    ] {
        let flags = [
            "--token",
            "s3cret",
            "--user",
            "alice",
            "--transport",
            transport,
        ];
        let mut alice = Chat::start(
            &server.url(),
            &[&flags[..], &["--feed", transport]].concat(),
        );
        alice.sees("* alice joined");
        alice.say("oi");
        alice.sees("alice: oi");
        assert!(alice.finish().success());
    }
    let stranger = Chat::start(&server.url(), &["--user", "eve"]);
    assert!(stranger.is_told("error: ").contains("give --token"));
    assert_eq!(stranger.finish().code(), Some(2));
}

#[test]
fn without_a_name_one_reads_and_nobody_is_told() {
    let server = Server::start(&[]);
    let flags = ["--transport", "sse", "--feed", "a"];
    let reader = Chat::start(&server.url(), &flags);
    reader.is_told("connected over sse");
    server.publish("a", "alice", "two\nlines \u{1b}[2J");
    reader.sees(r"alice: two\nlines \u{1b}[2J");
    assert_eq!(server.history("a").len(), 1, "no join");
    signal(reader.0.id(), "-INT");
    assert!(reader.finish().success(), "Ctrl-C is no failure");
}

/// A `wslab chat` at a terminal, and what its screen has shown.
struct Terminal {
    script: Child,
    input: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(server: &Server, flags: &str) -> Self {
        let chat = format!("{} chat {}", env!("CARGO_BIN_EXE_wslab"), server.url());
        let mut script = Command::new("script")
            .args(["-qec", &format!("stty cols 99 rows 9; {chat} {flags}")])
            .arg("/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's bsdutils has script");
        let (input, output) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let screen = Arc::new(Mutex::new(Vec::new()));
        let seen = screen.clone();
        thread::spawn(move || {
            for byte in BufReader::new(output).bytes().map_while(Result::ok) {
                seen.lock().unwrap().push(byte);
            }
        });
        Terminal {
            script,
            input,
            screen,
        }
    }

    fn types(&mut self, keys: &[u8]) {
        self.input.write_all(keys).unwrap();
    }

    fn shows(&self, text: &str) {
        wait_until(text, || {
            String::from_utf8_lossy(&self.screen.lock().unwrap()).contains(text)
        });
    }
}

#[test]
fn a_terminal_has_a_status_line_and_keeps_what_is_being_typed() {
    let server = Server::start(&[]);
    let mut terminal = Terminal::start(&server, "--user alice");
    terminal.shows("[lobby over websocket: live, 1 here] ");
    terminal.types(b"oi\rhalf a l");
    terminal.shows("alice: oi");
    terminal.shows(" ms, 1 here] half a l");
    server.publish("lobby", "bob", "sorry");
    terminal.shows("bob: sorry");
    terminal.types(b"ine\r");
    terminal.shows("alice: half a line");
    terminal.types(b"\x03");
    assert!(terminal.script.wait().unwrap().success());
}

#[test]
fn at_a_terminal_a_line_without_a_name_is_told_and_reading_goes_on() {
    let server = Server::start(&[]);
    let mut terminal = Terminal::start(&server, "");
    terminal.shows("[lobby over websocket: live] ");
    terminal.types(b"oi\r");
    terminal.shows("- not sent: oi: to write, start with --user NAME");
    server.publish("lobby", "bob", "hi");
    terminal.shows("bob: hi");
    terminal.types(b"\x03");
    assert!(terminal.script.wait().unwrap().success());
}

/// The kernel probes a silent connection (keep-alive), since a server may vanish without a FIN.
#[test]
fn a_silent_server_is_asked_whether_it_is_still_there() {
    let server = Server::start(&[]);
    let port: u16 = server.address.rsplit(':').next().unwrap().parse().unwrap();
    for transport in ["long-polling", "sse", "ndjson", "websocket"] {
        let chat = Chat::start(
            &server.url(),
            &["--user", "alice", "--transport", transport],
        );
        chat.sees("* alice joined");
        // Fields of /proc/net/tcp (proc(5)): peer, state (01 is ESTABLISHED), and the running timer
        // (02 is the one of keep-alive probes).
        wait_until("its connection has a timer for probes", || {
            let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
            sockets.lines().any(|line| {
                let fields: Vec<_> = line.split_whitespace().collect();
                let to_server = fields[2].ends_with(&format!(":{port:04X}"));
                to_server && fields[3] == "01" && fields[5].starts_with("02:")
            })
        });
        assert!(chat.finish().success());
        wait_until("she has left", || {
            server
                .history("lobby")
                .last()
                .unwrap()
                .contains("\"leave\"")
        });
    }
}
