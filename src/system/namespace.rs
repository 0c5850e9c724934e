//! Network namespaces (network_namespaces(7)): network stacks of their own, for threads and child
//! processes. They have no name, so they end with the last process or descriptor that holds them.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::process::{getgid, getuid};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

/// A network namespace, and the user namespace in which its owner has all privileges.
#[derive(Debug)]
pub struct Namespace {
    /// `None`: the one of this process.
    user: Option<OwnedFd>,
    network: OwnedFd,
}

impl Namespace {
    /// Opens the namespaces that another process holds, by their paths below /proc.
    pub fn open(network: &Path, user: Option<&Path>) -> io::Result<Self> {
        let open = |path: &Path| File::open(path).map(OwnedFd::from);
        Ok(Namespace {
            user: user.map(open).transpose()?,
            network: open(network)?,
        })
    }

    /// The calling thread enters it. It makes system calls only, so a child process may do this
    /// between fork and exec.
    ///
    /// # Errors
    /// This process has no privileges over it, or it has several threads and a user namespace is to
    /// be entered (setns(2)).
    pub fn enter(&self) -> io::Result<()> {
        if let Some(user) = &self.user {
            move_into_link_name_space(user.as_fd(), Some(LinkNameSpaceType::User))?;
        }
        let network = self.network.as_fd();
        Ok(move_into_link_name_space(
            network,
            Some(LinkNameSpaceType::Network),
        )?)
    }
}

/// Gives this process all privileges in a user namespace of its own (user_namespaces(7)). It must
/// have one thread only.
///
/// # Errors
/// The system allows no user namespaces.
pub fn become_root_of_own() -> io::Result<()> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    // SAFETY: a user namespace changes privileges, and not what descriptors mean.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER) }?;
    // Without it, no group may be mapped.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}

/// Makes a network namespace, which the calling thread enters. The descriptor holds it.
///
/// # Errors
/// This process has not the privilege.
pub fn make_network() -> io::Result<File> {
    // SAFETY: a network namespace does not change what descriptors mean.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }?;
    File::open("/proc/thread-self/ns/net")
}
