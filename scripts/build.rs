//! Records the commit, the compiler and the build profile in the binary, for `environment.json`. Outside a git checkout
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
    // Cargo tells a profile's name by the folder alone: target/PROFILE/build/wslab-HASH/out.
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let profile = out.ancestors().nth(3).and_then(|folder| folder.file_name());
    println!(
        "cargo::rustc-env=WSLAB_PROFILE={}",
        profile.map_or("unknown".into(), |name| name.to_string_lossy())
    );
    if let Some(head) = said("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={head}");
    }
    println!("cargo::rerun-if-changed=src");
}
