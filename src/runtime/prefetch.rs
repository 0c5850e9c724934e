//! Prefetching into the CPU's cache.

/// Starts loading a value into the cache, and returns at once.
///
/// Of thousands of subscribers, the one that is served next is in no cache, and waiting for one of
/// its cache lines takes as long as parsing a message.
pub fn fetch<T: ?Sized>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first = std::ptr::from_ref(value).cast::<i8>();
        for at in (0..size_of_val(value)).step_by(LINE_BYTES) {
            // SAFETY: a prefetch is a hint; it has no effect on memory and cannot fault.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(at)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Bytes of a cache line.
#[cfg(target_arch = "x86_64")]
const LINE_BYTES: usize = 64;
