//! Records the commit and the compiler in the binary, for `environment.json`. Outside a git checkout
//! the commit is unknown.

use std::process::Command;

fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn main() {
    let commit = said("git", &["describe", "--always", "--dirty", "--abbrev=12"]);
    println!(
        "cargo::rustc-env=WSLAB_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
    let rustc = std::env::var("RUSTC").ok();
    let rustc = rustc.and_then(|rustc| said(&rustc, &["--version"]));
    println!(
        "cargo::rustc-env=WSLAB_RUSTC={}",
        rustc.as_deref().unwrap_or("unknown")
    );
    if let Some(head) = said("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={head}");
    }
    println!("cargo::rerun-if-changed=src");
}
