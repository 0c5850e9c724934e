//! `wslab check`: our own server is right, and each fault of a bad one is found by the check that
//! names it, and by no other.

mod support;

#[path = "check/http.rs"]
mod http;
#[path = "check/server.rs"]
mod server;
#[path = "check/websocket.rs"]
mod websocket;

use std::collections::BTreeSet;
use std::process::Output;

use serde_json::Value;
use server::BadServer;
use support::Server;
use support::process::{Process, command, text, wslab};

/// Runs a check; returns its output.
fn check(url: &str, flags: &[&str]) -> Output {
    wslab(&[&["check", url], flags].concat()).output().unwrap()
}

/// The document of a check, and its exit code.
fn checked(url: &str, flags: &[&str]) -> (Value, Option<i32>) {
    let output = check(url, &[&["--format", "json"], flags].concat());
    let document = serde_json::from_slice(&output.stdout);
    let document = document.unwrap_or_else(|_| panic!("{url}: {}", text(&output.stderr)));
    (document, output.status.code())
}

/// The names of the checks with a verdict.
fn named<'d>(document: &'d Value, verdict: &str) -> BTreeSet<&'d str> {
    let checks = document["checks"].as_array().unwrap().iter();
    let with = checks.filter(|check| check["verdict"] == verdict);
    with.map(|check| check["name"].as_str().unwrap()).collect()
}

/// A server's address: `ws` or `http`, and the path.
struct Case {
    url: &'static str,
    /// Faults, and the checks that name them.
    faults: &'static [(&'static str, &'static [&'static str])],
}

/// Faults that stand beside each other in one server.
const CASES: &[Case] = &[
    Case {
        url: "ws/echo",
        faults: &[],
    },
    Case {
        url: "ws/chat",
        faults: &[],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[],
    },
    Case {
        url: "http/feeds/x/poll",
        faults: &[],
    },
    Case {
        url: "http/feeds/x/long-poll",
        faults: &[],
    },
    Case {
        url: "ws/echo",
        faults: &[
            ("no-upgrade-field", &["upgrade-field"]),
            ("any-page-with-cookie", &["origin"]),
            ("accept-of-empty", &["accept-key"]),
            ("own-subprotocol", &["no-unoffered-subprotocol"]),
            ("any-version", &["version-refused"]),
            ("post-taken", &["post-refused"]),
            ("masks", &["server-unmasked"]),
            ("no-pong", &["ping"]),
            ("unmasked-taken", &["unmasked-frame"]),
            ("long-control-taken", &["long-control"]),
            (
                "any-text",
                &[
                    "utf8-invalid",
                    "utf8-surrogate",
                    "utf8-fragments",
                    "utf8-cut-off",
                    "server-utf8",
                ],
            ),
            ("close-unanswered", &["close-answered"]),
        ],
    },
    Case {
        url: "ws/echo",
        faults: &[
            ("no-connection-field", &["connection-field"]),
            ("own-extension", &["no-unoffered-extension"]),
            ("version-unnamed", &["version-named"]),
            ("keyless-taken", &["key-missing"]),
            ("plain-get-dropped", &["plain-get"]),
            ("long-lengths", &["server-lengths"]),
            ("pong-empty", &["ping-payload"]),
            ("reserved-bits-taken", &["reserved-bits"]),
            ("control-in-parts-taken", &["fragmented-control"]),
            ("utf8-of-each-frame", &["fragmented-character"]),
            ("close-1005", &["close-empty"]),
            ("half-code-taken", &["close-one-byte"]),
        ],
    },
    Case {
        url: "ws/echo",
        faults: &[
            ("connection-exact", &["connection-list"]),
            ("short-key-taken", &["key-short"]),
            ("one-frame-a-read", &["two-at-once"]),
            ("reserved-bits-sent", &["server-reserved-bits"]),
            ("pong-ends", &["unsolicited-pong"]),
            ("opcodes-taken", &["reserved-opcode"]),
            ("continuation-taken", &["continuation-of-nothing"]),
            ("bad-codes-taken", &["close-bad-code"]),
            ("bad-reason-taken", &["close-bad-reason"]),
            ("empty-ends", &["text-empty"]),
        ],
    },
    Case {
        url: "ws/echo",
        faults: &[
            ("control-opcodes-taken", &["reserved-control-opcode"]),
            ("interleaved-taken", &["message-within-message"]),
            ("own-codes-refused", &["close-own-codes"]),
            ("talks-after-close", &["nothing-after-close"]),
            ("binary-ends", &["binary"]),
            ("dies-of-large", &["large-message", "huge-length"]),
            (
                "latin",
                &["text-characters", "fragmented-character", "server-utf8"],
            ),
        ],
    },
    Case {
        url: "ws/echo",
        faults: &[
            ("close-always-1001", &["close-code"]),
            ("tcp-stays", &["close-ends-tcp"]),
            ("one-recv", &["slow-handshake"]),
            (
                "ping-forgets",
                &["interleaved-ping", "continuation-of-nothing"],
            ),
        ],
    },
    Case {
        url: "ws/echo",
        faults: &[
            (
                "no-fragments",
                &[
                    "fragmented",
                    "fragmented-character",
                    "interleaved-ping",
                    "message-within-message",
                ],
            ),
            ("opcode-sent", &["server-opcodes"]),
            (
                "no-long-lengths",
                &["text-65536", "large-message", "huge-length"],
            ),
        ],
    },
    Case {
        url: "ws/chat",
        faults: &[("drop-kills", &["survives-drop"])],
    },
    Case {
        url: "ws/chat",
        faults: &[
            ("blocking-broadcast", &["slow-reader"]),
            ("author-left-out", &[]),
        ],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[
            ("charset-latin", &["sse-charset"]),
            ("compressed", &["no-compression"]),
            ("no-cors", &["cors"]),
            ("retry-words", &["sse-retry"]),
            ("resume-repeats", &["sse-resume"]),
            ("unknown-id-refused", &["sse-unknown-id"]),
            ("latin", &["stream-utf8"]),
        ],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[
            ("type-plain", &["sse-content-type"]),
            ("cached", &["cache-control"]),
            ("lf-heads", &["http-syntax"]),
            ("resume-loses", &["sse-resume"]),
            ("lines-of-cr", &[]),
        ],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("capitals", &["sse-fields"])],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("same-ids", &["sse-ids"])],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[
            ("no-blank-line", &["sse-blank-line"]),
            ("no-heartbeat", &[]),
        ],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("marks", &["sse-mark"]), ("no-ids", &[])],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("ends", &["stream-goes-on"])],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("bad-chunks", &["chunks"])],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("buffers", &["prompt"])],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("length", &["no-content-length"])],
    },
    Case {
        url: "http/feeds/x/sse",
        faults: &[("status-201", &["status"])],
    },
    Case {
        url: "http/feeds/x/poll",
        faults: &[
            ("no-json", &["poll-type"]),
            ("hangs-up", &["keep-alive"]),
            ("slow", &["quick-answer"]),
            ("no-cors", &["cors"]),
            ("cached", &["cache-control"]),
        ],
    },
    Case {
        url: "http/feeds/x/poll",
        faults: &[("length-short", &["poll-length"])],
    },
    Case {
        url: "http/feeds/x/poll",
        faults: &[("length-long", &["poll-length"])],
    },
    Case {
        url: "http/feeds/x/poll",
        faults: &[
            ("cursor-stays", &["poll-cursor"]),
            ("typeless", &["poll-type"]),
        ],
    },
    Case {
        url: "http/feeds/x/poll",
        faults: &[("loses", &["poll-cursor"])],
    },
    Case {
        url: "http/feeds/x/poll",
        faults: &[("status-500", &["poll-status"])],
    },
    Case {
        url: "http/feeds/x/long-poll",
        faults: &[("no-hold", &["poll-holds"])],
    },
    Case {
        url: "http/feeds/x/long-poll",
        faults: &[("no-wake", &["poll-wakes"])],
    },
];

/// Cases that run at once: they mostly wait.
const AT_ONCE: usize = 6;

/// What the check of a case got wrong; empty if nothing.
fn judge(case: &Case) -> String {
    let names: Vec<&str> = case.faults.iter().map(|(name, _)| *name).collect();
    let server = BadServer::start(&names);
    let (scheme, path) = case.url.split_once('/').unwrap();
    let url = format!("{scheme}://{}/{path}", server.address);
    let (document, code) = checked(&url, &[]);
    assert_eq!(server.faults.unknown(), [""; 0], "{url}");
    let found = named(&document, "wrong");
    let planted: BTreeSet<&str> = case
        .faults
        .iter()
        .flat_map(|(_, checks)| *checks)
        .copied()
        .collect();
    let is_wrong = i32::from(!planted.is_empty());
    if found == planted && code == Some(is_wrong) {
        return String::new();
    }
    let missed: Vec<_> = planted.difference(&found).collect();
    let checks = document["checks"].as_array().unwrap().iter();
    let false_ones = checks.filter(|check| {
        check["verdict"] == "wrong" && !planted.contains(check["name"].as_str().unwrap())
    });
    let false_ones: Vec<_> = false_ones
        .map(|check| format!("{} {}", check["name"], check["seen"]))
        .collect();
    format!("{url} {names:?}: missed {missed:?}, false {false_ones:#?}, code {code:?}\n")
}

#[test]
fn each_fault_is_found_by_the_check_that_names_it_and_by_no_other() {
    let faults = CASES.iter().flat_map(|case| case.faults);
    let named = faults.filter(|(_, checks)| !checks.is_empty()).count();
    assert!(named >= 60, "{named} faults");
    let next = std::sync::atomic::AtomicUsize::new(0);
    let errors = std::sync::Mutex::new(String::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(case) = CASES.get(index) else { break };
                    let error = judge(case);
                    errors.lock().unwrap().push_str(&error);
                }
            });
        }
    });
    let errors = errors.into_inner().unwrap();
    assert!(errors.is_empty(), "{errors}");
}

/// Silence is judged after 30 s; a heartbeat each second is not waited for.
#[test]
fn our_own_server_gets_full_marks() {
    let server = Server::start(&["--heartbeat", "1s", "--presence", "off"]);
    let secret = Server::start(&["--tls", "--heartbeat", "1s"]);
    let urls = [
        ("ws", &server, "/echo"),
        ("ws", &server, "/chat"),
        ("ws", &server, "/feeds/x/ws?after=0"),
        ("http", &server, "/feeds/x/sse"),
        ("http", &server, "/events"),
        ("http", &server, "/feeds/x/stream"),
        ("http", &server, "/feeds/x/poll"),
        ("http", &server, "/feeds/x/long-poll"),
        ("wss", &secret, "/echo"),
        ("https", &secret, "/feeds/x/sse"),
    ];
    std::thread::scope(|scope| {
        for (index, (scheme, server, path)) in urls.into_iter().enumerate() {
            scope.spawn(move || {
                // Messages of one check do not count as those of another.
                let path = path.replace("/x/", &format!("/x{index}/"));
                let url = format!("{scheme}://{}{path}", server.address);
                let (document, code) = checked(&url, &[]);
                let told = format!("{url}: {document:#}");
                assert_eq!(code, Some(0), "{told}");
                assert_eq!(document["passed"], document["total"], "{told}");
                assert!(document["passed"].as_u64() >= Some(10), "{told}");
                assert_eq!(document["unknown"], 0, "{told}");
                assert_eq!(
                    document["certificate_checked"] == false,
                    scheme.ends_with('s') && scheme.len() != 2
                );
            });
        }
    });
}

#[test]
fn the_echo_of_python_is_right_but_for_the_version_that_it_does_not_name() {
    let program = "import asyncio, websockets\n\
        async def echo(ws):\n\
        \x20   async for message in ws:\n\
        \x20       await ws.send(message)\n\
        async def main():\n\
        \x20   async with websockets.serve(echo, '127.0.0.1', 0) as server:\n\
        \x20       print(server.sockets[0].getsockname()[1], flush=True)\n\
        \x20       await asyncio.Future()\n\
        asyncio.run(main())\n";
    let mut python = command("/usr/bin/python3");
    python.args(["-I", "-c", program]);
    let python = Process::start(python);
    let (document, code) = checked(&format!("ws://127.0.0.1:{}/", python.line()), &[]);
    // Its answer to another version is 400 without Sec-WebSocket-Version, which section 4.4
    // demands.
    let expected = BTreeSet::from(["version-named"]);
    let wrong = named(&document, "wrong");
    assert!(wrong.is_subset(&expected), "{document:#}");
    assert_eq!(code, Some(i32::from(!wrong.is_empty())));
    assert_eq!(document["unknown"], 0, "{document:#}");
    // It takes pages of all origins, unless its program lists some.
    assert_eq!(named(&document, "note"), BTreeSet::from(["origin"]));
}

#[test]
fn a_person_reads_what_is_wrong_why_and_what_to_do_in_both_languages() {
    let server = BadServer::start(&["no-cors", "no-json"]);
    let url = format!("http://{}/feeds/x/poll", server.address);
    for (lang, lines) in [
        (
            "en",
            [
                "WRONG     a page of another origin may read the answer, or is refused",
                "[WHATWG Fetch, 3.3]",
                "Seen: the answer has no Access-Control-Allow-Origin",
                "Meaning: A page from another port or from a file sees nothing",
                "Mend: Send Access-Control-Allow-Origin: *",
                "right     a short poll is answered at once [the exercise]",
                " are right, 2 wrong; 1 could not be told. (",
            ],
        ),
        (
            "pt",
            [
                "ERRADO    uma página de outra origem pode ler a resposta, ou é recusada",
                "[WHATWG Fetch, 3.3]",
                "Visto: a resposta não tem Access-Control-Allow-Origin",
                "Efeito: Uma página de outra porta, ou aberta de um arquivo, só vê um",
                "Correção: Envie Access-Control-Allow-Origin: *",
                "certo     uma consulta curta é respondida na hora [o exercício]",
                "; errados: 2; 1 ficou incerto. (",
            ],
        ),
    ] {
        let output = check(&url, &["--lang", lang]);
        assert_eq!(output.status.code(), Some(1));
        let printed = text(&output.stdout);
        for line in lines {
            assert!(printed.contains(line), "{line} is not in {printed}");
        }
    }
}

/// A public feed may be for the pages of all sites, so that is no fault.
#[test]
fn a_websocket_for_pages_of_all_sites_is_noted() {
    let server = BadServer::start(&["any-page"]);
    let url = format!("ws://{}/echo", server.address);
    for (lang, lines) in [
        (
            "en",
            [
                "note      pages of other sites are refused, unless the WebSocket is for all",
                "Seen: a WebSocket opened for a page of http://page.example",
                "(cross-site WebSocket hijacking). CORS does not hold here.",
                "Mend: Compare Origin with the server's own host",
                " are right; 1 note. (",
            ],
        ),
        (
            "pt",
            [
                "aviso     páginas de outros sites são recusadas",
                "Visto: um WebSocket abriu para uma página de http://page.example",
                "O CORS não vale aqui.",
                "Correção: Compare Origin com o host do próprio servidor",
                " itens estão certos; 1 aviso. (",
            ],
        ),
    ] {
        let output = check(&url, &["--lang", lang]);
        let printed = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{printed}");
        let told = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in lines {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.contains(&line), "{line} is not in {printed}");
        }
    }
}

#[test]
fn what_cannot_be_checked_is_answered_with_what_to_write() {
    let server = Server::start(&[]);
    let page = server.at("/");
    let missing = server.at("/eventos");
    let feed = server.at("/feeds/x/sse");
    let closed = "ws://127.0.0.1:1/";
    for (arguments, write) in [
        (
            &["localhost:8765"][..],
            "begins with ws://, wss://, http:// or https://",
        ),
        (&["ftp://localhost/"], "begins with ws://"),
        (
            &["ws://no.such.host.invalid/"],
            "no host has the name no.such.host.invalid",
        ),
        (&[closed], "nothing listens there: start the server"),
        (
            &["ws://8.8.8.8/"],
            "8.8.8.8, on another network. A check sends malformed input",
        ),
        (&[&page], "write --as sse, --as poll"),
        (&[&missing], "404 Not Found: is the path right?"),
        (
            &[&feed, "--as", "websocket"],
            "write ws, sse, ndjson, poll or long-poll",
        ),
        (
            &[&feed, "--publish", "http://other/send"],
            "write a URL of the same server",
        ),
    ] {
        let output = wslab(&[&["check"], arguments].concat()).output().unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(write), "{arguments:?}: {told}");
        assert!(output.stdout.is_empty());
    }
    let url = format!("wss://{}/echo", server.address);
    let told = text(&check(&url, &[]).stderr);
    assert!(
        told.contains(&format!("write ws://{}/echo", server.address)),
        "{told}"
    );
}
