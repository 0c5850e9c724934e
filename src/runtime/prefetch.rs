//! The processor's cache, ahead of time.

/// Has the processor fetch a value from memory while it goes on with something else.
///
/// Of thousands of subscribers, the one that hears something next is in no cache, and each line of
/// it that is asked for by itself takes as long as parsing a message.
pub fn fetch<T: ?Sized>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first = std::ptr::from_ref(value).cast::<i8>();
        for at in (0..size_of_val(value)).step_by(LINE_BYTES) {
            // SAFETY: it is only a hint, and can fail in no way.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(at)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Bytes of a line of the cache.
#[cfg(target_arch = "x86_64")]
const LINE_BYTES: usize = 64;
