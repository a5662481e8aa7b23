//! Bytes that are zeroed when they go, all of them at once.
//!
//! Written one by one, so that the compiler cannot leave it out, as `zeroize` does it, that would be a tenth of tok's own work for a cached
//! token. The same crate has a barrier that the compiler cannot see through; before that one an ordinary fill stays.

use std::fmt;
use std::ops::{Deref, DerefMut};

use zeroize::optimization_barrier;

const ZEROS: [u8; 256] = [0; 256];

/// Bytes that are zeroed on drop, with whatever once stood behind them in their buffer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wiped(pub Vec<u8>);

impl Wiped {
    /// Zeroes the whole buffer.
    fn wipe(&mut self) {
        let capacity = self.0.capacity();
        self.0.clear();
        // By the piece: compiled for size, `resize` goes byte by byte.
        while self.0.len() < capacity {
            let piece = ZEROS.len().min(capacity - self.0.len());
            self.0.extend_from_slice(&ZEROS[..piece]);
        }
        optimization_barrier(self.0.as_slice());
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiped(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_buffer_is_zeroed_where_it_is() {
        let mut bytes = Wiped(b"a secret, longer than what is left of it".repeat(20));
        bytes.truncate(8);
        let (start, capacity) = (bytes.as_ptr(), bytes.capacity());
        bytes.wipe();
        assert_eq!((bytes.as_ptr(), bytes.len()), (start, capacity));
        assert!(bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn debug_never_shows_the_bytes() {
        assert_eq!(format!("{:?}", Wiped(vec![7])), "Wiped(…)");
    }
}
