//! `--tls` with openssl, curl, Python and `wslab` itself on one port.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use support::certificate::made_elsewhere;
use support::process::{Process, text, wslab};
use support::results::{Results, number};
use support::{PATIENCE, Server, wait_until};
use wslab::transport::Transport;

/// A server with TLS, and its certificate.
struct Secret {
    server: Server,
    fingerprint: String,
    /// Holds its certificate as a file.
    folder: Results,
}

impl Secret {
    fn start(flags: &[&str]) -> Self {
        let server = Server::start(flags);
        let told = server.process.next_note().unwrap();
        let fingerprint = told.strip_prefix("certificate: SHA-256 ").expect(&told);
        let secret = Secret {
            fingerprint: fingerprint.to_owned(),
            server,
            folder: Results::new(),
        };
        let shown = secret.openssl(&["-alpn", "http/1.1"]);
        assert!(shown.contains("ALPN protocol: http/1.1"), "{shown}");
        let begin = shown.find("-----BEGIN CERTIFICATE-----").expect(&shown);
        let end = shown.find("-----END CERTIFICATE-----").expect(&shown);
        let pem = format!("{}-----END CERTIFICATE-----\n", &shown[begin..end]);
        std::fs::write(secret.certificate(), pem).unwrap();
        secret
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("shown.pem")
    }

    fn url(&self) -> String {
        format!("https://{}", self.server.address)
    }

    /// The output of `openssl s_client`.
    fn openssl(&self, flags: &[&str]) -> String {
        let output = Command::new("openssl")
            .args(["s_client", "-connect", &self.server.address])
            .args(flags)
            .stdin(Stdio::null())
            .output();
        text(&output.expect("openssl is installed").stdout)
    }

    fn curl(&self, path: &str, flags: &[&str]) -> Output {
        let mut curl = Command::new("curl");
        let patience = PATIENCE.as_secs().to_string();
        curl.args(["-q", "-sS", "--noproxy", "*", "--max-time", &patience])
            .args(flags)
            .arg(self.url() + path);
        curl.output().expect("curl is installed")
    }
}

#[test]
fn curl_openssl_and_python_agree_on_who_the_server_is() {
    let secret = Secret::start(&["--tls"]);
    let certificate = secret.certificate();
    let certificate = certificate.to_str().unwrap();
    let print = [
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        certificate,
    ];
    let printed = Command::new("openssl").args(print).output().unwrap();
    let printed = text(&printed.stdout).to_uppercase();
    assert!(printed.contains(&secret.fingerprint), "{printed}");

    for version in ["1.2", "1.3"] {
        let only = format!("--tlsv{version}");
        let flags = [
            "--cacert",
            certificate,
            &only,
            "--tls-max",
            version,
            "-w",
            "%{http_version}",
        ];
        let answer = secret.curl("/healthz", &flags);
        let body = text(&answer.stdout);
        assert!(
            body.contains(r#""status":"ok""#) && body.ends_with("1.1"),
            "{version}: {body}"
        );
    }
    let stranger = secret.curl("/healthz", &[]);
    assert_eq!(stranger.status.code(), Some(60), "curl trusts no stranger");

    // A page of this server's https origin may publish; a page of another origin may not.
    let post = |origin: &str| {
        let origin = format!("Origin: {origin}");
        let json = r#"{"from":"bob","text":"in secret"}"#;
        let flags = [
            "--cacert",
            certificate,
            "-H",
            &origin,
            "--json",
            json,
            "-w",
            " %{http_code}",
        ];
        text(&secret.curl("/feeds/feed/messages", &flags).stdout)
    };
    assert!(post(&secret.url()).ends_with("{\"seq\":1} 201"));
    assert!(post("https://evil.example").ends_with(" 403"));

    let read = Command::new("/usr/bin/python3")
        .args(["-I", "-X", "utf8"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/others/websocket.py"
        ))
        .args(["read", &secret.url().replace("https", "wss")])
        .env("SSL_CERT_FILE", certificate)
        .output()
        .unwrap();
    let frame = text(&read.stdout);
    assert!(
        frame.contains(r#""text":"in secret""#),
        "{frame}{}",
        text(&read.stderr)
    );
}

#[test]
fn a_certificate_made_elsewhere_is_shown_and_a_bad_one_is_told() {
    let folder = Results::new();
    let [cert, key] = made_elsewhere(&folder, "lab");
    let [_, another] = made_elsewhere(&folder, "another");
    let secret = Secret::start(&["--cert", &cert, "--key", &key]);
    let answer = secret.curl("/healthz", &["--cacert", &cert]);
    assert!(
        text(&answer.stdout).contains("ok"),
        "{}",
        text(&answer.stderr)
    );

    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing\n").unwrap();
    let empty = empty.to_str().unwrap();
    for (flags, advice) in [
        (vec!["--cert", &cert], "--key"),
        (vec!["--key", &key], "--cert"),
        (
            vec!["--cert", "/nowhere.pem", "--key", &key],
            "error: --cert /nowhere.pem: No such file or directory (os error 2); write the path of a \
             certificate in PEM",
        ),
        (
            vec!["--cert", &cert, "--key", "/nowhere.pem"],
            "error: --key /nowhere.pem: No such file or directory (os error 2); write the path of a \
             private key in PEM",
        ),
        (
            vec!["--cert", &cert, "--key", "/"],
            "error: --key /: Is a directory",
        ),
        (
            vec!["--cert", empty, "--key", &key],
            "empty.pem: there is no certificate in it",
        ),
        (
            vec!["--cert", &cert, "--key", empty],
            "empty.pem: there is no private key in it",
        ),
        (
            vec!["--cert", &cert, "--key", &another],
            "write --cert and --key of one pair",
        ),
    ] {
        let refused = wslab(&[&["serve", "--bind", "127.0.0.1:0"][..], &flags].concat())
            .output()
            .unwrap();
        let why = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{flags:?}: {why}");
        assert!(why.contains(advice), "{flags:?}: {why}");
    }
}

#[test]
fn who_speaks_http_is_told_and_who_is_silent_is_cut() {
    let flags = ["--tls", "--header-timeout", "300ms"];
    let secret = Secret::start(&flags);
    let plain = secret.server.get("/healthz");
    assert_eq!(plain.status, 400);
    assert!(plain.body.contains("write https or wss"), "{}", plain.body);
    let error = wslab(&["run", "--quiet", "--target", &secret.server.url()])
        .output()
        .unwrap();
    let why = text(&error.stderr);
    assert!(
        error.status.code() == Some(1) && why.contains("write https or wss"),
        "{why}"
    );

    // Nothing, the beginning of a ClientHello, and other bytes.
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc];
    for said in [&b""[..], &hello, b"\0\x01\x02garbage that goes on and on"] {
        let mut stream: TcpStream = secret.server.connect();
        stream.write_all(said).unwrap();
        // The server may send an alert, and then closes.
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(rest.len() < 16, "{said:?}: {rest:?}");
        let reset = |error: std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(
            ended.is_ok() || ended.is_err_and(reset),
            "{said:?}: not ended"
        );
    }
    let full = Secret::start(&["--tls", "--max-clients", "1"]);
    let _silent = full.server.connect();
    let turned_away = full.curl("/", &["-k", "-w", " %{http_code}"]);
    let answer = text(&turned_away.stdout);
    assert!(
        answer.contains("try later") && answer.ends_with(" 503"),
        "{answer}"
    );

    let open = r#"wslab_connections{transport="other"}"#;
    wait_until("none is left but who asks", || {
        let answer = secret.curl("/metrics", &["-k"]);
        support::metric(&text(&answer.stdout), open) == 1
    });
}

#[test]
fn a_chat_and_a_run_trust_the_certificate_that_they_were_told_and_no_other() {
    let secret = Secret::start(&["--tls"]);
    let (url, right) = (secret.url(), &*secret.fingerprint);
    let certificate = secret.certificate();
    let certificate = certificate.to_str().unwrap();
    let wrong = "00".repeat(32);
    let [another, _] = made_elsewhere(&secret.folder, "another");
    for (flags, code, advice) in [
        (vec![], 2, "--fingerprint SHA256"),
        (vec!["--fingerprint", "AB:CD"], 2, "64 hexadecimal digits"),
        (
            vec!["--ca", "/nowhere.pem"],
            2,
            "/nowhere.pem: No such file",
        ),
        (vec!["--fingerprint", &wrong], 1, right),
        (vec!["--ca", &another], 1, "cannot trust https://127.0.0.1:"),
    ] {
        let refused = wslab(&[&["chat", "--user", "eve", &url][..], &flags].concat())
            .output()
            .unwrap();
        let why = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{flags:?}: {why}");
        assert!(why.contains(advice), "{flags:?}: {why}");
    }

    for transport in ["short-polling", "long-polling", "sse", "websocket"] {
        let chat = ["chat", "--user", "alice", "--transport", transport, &url];
        let more = [
            "--fingerprint",
            right,
            "--feed",
            transport,
            "--poll-interval",
            "100ms",
        ];
        let mut chat = Process::start(wslab(&[&chat[..], &more].concat()));
        chat.write_line("oi");
        let said = chat.finish();
        assert!(
            text(&said.stdout).contains("alice: oi"),
            "{transport}: {said:?}"
        );
        assert!(said.status.success(), "{transport}: {said:?}");
    }

    let results = Results::new();
    let short = [
        "--clients",
        "5",
        "--rate",
        "10",
        "--window",
        "500ms",
        "--warm-up",
        "100ms",
    ];
    let target = [
        "run",
        "--transport",
        "sse",
        "--target",
        &url,
        "--ca",
        certificate,
    ];
    let run = results.wslab(&[&target[..], &short].concat());
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let row = &results.trials(1)[0];
    assert_eq!((&*row["tls"], number(row, "missed")), ("true", 0.0));
    assert_eq!(
        number(row, "tls_bytes_per_delivery"),
        22.0,
        "a record a message"
    );

    // With the wrong scheme, the message names the other one.
    let plain = Server::start(&[]);
    let https = format!("https://{}", plain.address);
    let contrary = ["run", "--quiet", "--tls", "--target", &plain.url()];
    let mistaken = ["chat", &https, "--fingerprint", right];
    for (arguments, code, advice) in [
        (&contrary[..], 2, "write https://"),
        (&mistaken, 1, "write http://"),
    ] {
        let refused = wslab(arguments).output().unwrap();
        let why = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}: {why}");
        assert!(why.contains(advice), "{arguments:?}: {why}");
    }
}

#[test]
fn messages_longer_than_a_record_pass_both_ways_and_every_record_is_counted() {
    let results = Results::new();
    let run = ["run", "--tls", "--workload", "chat", "--payload", "40000"];
    let few = [
        "--clients",
        "4",
        "--rate",
        "5",
        "--window",
        "1s",
        "--warm-up",
        "200ms",
    ];
    let output = results.wslab(&[&run[..], &few, &["--poll-interval", "300ms"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in &results.trials(Transport::CHOICES.len()) {
        let [transport, warnings] = ["transport", "warnings"].map(|column| &row[column]);
        for none in [
            "missed",
            "publish_failed",
            "reconnects",
            "ends_differ_bytes",
        ] {
            assert_eq!(number(row, none), 0.0, "{transport}: {none}, {warnings}");
        }
        // Records of 16 KiB down, shared by messages that come together; three up for four readers.
        let tls = number(row, "tls_bytes_per_delivery");
        let records = 40_000.0 / 16_384.0 + 3.0 / 4.0;
        assert!((22.0 * records..200.0).contains(&tls), "{transport}: {tls}");
    }
}

#[test]
fn who_rests_when_the_server_ends_is_told_that_it_is_no_cut() {
    for (endpoint, until) in [("poll", "}"), ("sse", "\n\n\r\n")] {
        let mut secret = Secret::start(&["--tls"]);
        let mut openssl = Command::new("openssl")
            .args(["s_client", "-quiet", "-connect", &secret.server.address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssl is installed");
        let request = format!("GET /feeds/a/{endpoint} HTTP/1.1\r\nHost: x\r\n\r\n");
        let stdin = openssl.stdin.as_mut().unwrap();
        stdin.write_all(request.as_bytes()).unwrap();
        let stdout = openssl.stdout.as_mut().unwrap();
        let (mut answer, mut byte) = (Vec::new(), [0]);
        while !answer.ends_with(until.as_bytes()) {
            stdout.read_exact(&mut byte).unwrap();
            answer.extend_from_slice(&byte);
        }
        secret.server.terminate();
        assert_eq!(secret.server.process.ended(), Some(0));
        // Without a close_notify (RFC 8446, section 6.1) openssl fails.
        let output = openssl.wait_with_output().unwrap();
        let complaints = text(&output.stderr);
        assert!(output.status.success(), "{endpoint}: {complaints}");
        assert!(
            !complaints.contains("unexpected eof"),
            "{endpoint}: {complaints}"
        );
    }
}
