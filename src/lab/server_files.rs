//! What the servers of a run hand on, one to the next.
//!
//! All of them have one certificate: a load that trusts its fingerprint is served after a restart
//! too. It exists in memory alone, so that nothing of it is left when the run is killed.

use std::fs::{self, File};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, memfd_create};
use tempfile::TempDir;

use crate::server::tls::make_certificate;

/// The certificate and the history of a run's servers; each is made when it is needed first.
#[derive(Debug, Default)]
pub struct ServerFiles {
    /// A certificate and its private key, in a file without a name that child processes inherit.
    certificate: Option<File>,
    /// For the history alone. When the run is killed, the load removes it: the server may be away.
    folder: Option<TempDir>,
}

impl ServerFiles {
    /// The flags of a server with the run's certificate.
    pub fn certificate(&mut self) -> anyhow::Result<[String; 4]> {
        if self.certificate.is_none() {
            let (certificate, key) = make_certificate(Ipv4Addr::LOCALHOST.into())?;
            // Without CLOEXEC, a program that is started has it too.
            let mut file = File::from(memfd_create("wslab-certificate", MemfdFlags::empty())?);
            file.write_all((certificate.pem() + &key.serialize_pem()).as_bytes())?;
            self.certificate = Some(file);
        }
        let fd = self.certificate.as_ref().expect("it was made").as_raw_fd();
        let path = format!("/proc/self/fd/{fd}");
        Ok(["--cert".to_owned(), path.clone(), "--key".to_owned(), path])
    }

    /// The flags of a server that keeps its messages for the next one.
    pub fn history(&mut self) -> anyhow::Result<[String; 2]> {
        if self.folder.is_none() {
            self.folder = Some(TempDir::with_prefix("wslab-history-")?);
        }
        let path = self.history_path().expect("it was made");
        Ok(["--history-file".to_owned(), path.display().to_string()])
    }

    /// The next server begins without messages.
    pub fn forget_history(&self) {
        if let Some(path) = self.history_path() {
            let _ = fs::remove_file(path);
        }
    }

    /// The folder of the history, if there is one.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(TempDir::path)
    }

    fn history_path(&self) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.path().join("history"))
    }
}
