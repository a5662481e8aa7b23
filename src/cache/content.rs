//! A file's first line, then one byte per use of it, so that counting a use costs one write without a lock or sync.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

use zeroize::Zeroizing;

/// A token of at most a mebibyte and its metadata.
pub(super) const MAX_BYTES: u64 = 2 << 20;

const FIRST_READ_BYTES: u64 = 4 << 10;

const MAX_USES: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct Content {
    file: File,
    // A Vec is zeroed twice: its elements, then its capacity.
    bytes: Zeroizing<Box<[u8]>>,
    end: usize,
    uses: u64,
}

impl Content {
    pub(super) fn read(mut file: File, size: u64) -> io::Result<Self> {
        let size_hint = usize::try_from(size.min(FIRST_READ_BYTES)).unwrap_or(0);
        let mut bytes = zeros(size_hint + 1);
        let mut filled = 0;
        let end = loop {
            let read = match file.read(&mut bytes[filled..]) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if let Some(at) = memchr::memchr(b'\n', &bytes[filled..filled + read]) {
                break filled + at + 1;
            }
            filled += read;
            if read == 0 || filled as u64 > MAX_BYTES {
                break filled;
            }
            if filled == bytes.len() {
                // A Vec that grows by itself would leave a copy of the token behind.
                let mut grown = zeros(filled * 4);
                grown[..filled].copy_from_slice(&bytes);
                bytes = grown;
            }
        };
        Ok(Self {
            file,
            uses: size.saturating_sub(end as u64),
            bytes,
            end,
        })
    }

    pub(crate) fn line(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    pub(crate) fn uses(&self) -> u64 {
        self.uses
    }

    /// Counts one more use; a read-only or full disk is ignored.
    pub(crate) fn count_use(&self) {
        if self.uses < MAX_USES {
            // A line end, so that the file stays one JSON text.
            let _ = (&self.file).write(b"\n");
        }
    }
}

fn zeros(count: usize) -> Zeroizing<Box<[u8]>> {
    Zeroizing::new(vec![0; count].into_boxed_slice())
}
