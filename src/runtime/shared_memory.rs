//! Memory shared by threads and processes of one host: atomic 64-bit words in an anonymous file
//! (memfd_create(2)).

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::sync::atomic::AtomicU64;

use memmap2::MmapRaw;
use rustix::fs::{MemfdFlags, memfd_create};

/// The words. The kernel frees them when no process has them open.
#[derive(Debug)]
pub struct SharedMemory {
    memory: MmapRaw,
    file: File,
}

impl SharedMemory {
    /// `count` words, all 0.
    pub fn new(count: usize) -> io::Result<Self> {
        let file = File::from(memfd_create("wslab", MemfdFlags::CLOEXEC)?);
        file.set_len((count * size_of::<u64>()) as u64)?;
        SharedMemory::map(file)
    }

    /// The words of another process, by their [`path`](SharedMemory::path).
    pub fn open(path: &str) -> io::Result<Self> {
        SharedMemory::map(File::options().read(true).write(true).open(path)?)
    }

    fn map(file: File) -> io::Result<Self> {
        let memory = MmapRaw::map_raw(&file)?;
        Ok(SharedMemory { memory, file })
    }

    /// The path by which another process of this user opens them while this process lives.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }
}

impl Deref for SharedMemory {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        let count = self.memory.len() / size_of::<AtomicU64>();
        // SAFETY: the mapping is as long as this borrow and aligned to a page, any bits are a u64,
        // and all access to it is through these atomics.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), count) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn each_process_sees_what_the_other_writes() {
        let ours = SharedMemory::new(3).unwrap();
        let theirs = SharedMemory::open(&ours.path()).unwrap();
        assert_eq!((ours.len(), theirs.len()), (3, 3));
        ours[1].store(7, Relaxed);
        theirs[2].fetch_add(9, Relaxed);
        let seen = |words: &SharedMemory| words.iter().map(|w| w.load(Relaxed)).collect::<Vec<_>>();
        assert_eq!((seen(&ours), seen(&theirs)), (vec![0, 7, 9], vec![0, 7, 9]));
        assert!(SharedMemory::open("/proc/self/fd/none").is_err());
    }
}
