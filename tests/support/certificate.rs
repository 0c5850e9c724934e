//! A certificate that another program made.

use std::process::{Command, Stdio};

use super::results::Results;

/// The files of a certificate and its key, made by openssl.
pub fn made_elsewhere(folder: &Results, name: &str) -> [String; 2] {
    let [cert, key] = ["crt", "key"].map(|end| folder.path().join(format!("{name}.{end}")));
    let [cert, key] = [cert, key].map(|path| path.to_str().unwrap().to_owned());
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-subj", "/CN=lab", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &cert])
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl is installed").success());
    [cert, key]
}
