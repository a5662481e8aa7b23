//! A file's first line, followed by one byte for each use of what the line says.
//!
//! Counting a use so costs one write of one byte, without a lock, a sync or a second open.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

use zeroize::Zeroizing;

/// The largest file that is read: a token of a mebibyte and what belongs to it.
pub(super) const MAX_BYTES: u64 = 2 << 20;

/// More than an ordinary entry has.
const FIRST_READ_BYTES: u64 = 4 << 10;

/// Uses are not counted beyond this, so the file stays small.
const MAX_USES: u64 = 1 << 20;

/// A file that was read, still open.
#[derive(Debug)]
pub(crate) struct Content {
    file: File,
    line: Zeroizing<Vec<u8>>,
    uses: u64,
}

impl Content {
    /// Reads `file`, which has `size` bytes.
    pub(super) fn read(mut file: File, size: u64) -> io::Result<Self> {
        let size_hint = usize::try_from(size.min(FIRST_READ_BYTES)).unwrap_or(0);
        let mut line = Zeroizing::new(vec![0; size_hint + 1]);
        let mut filled = 0;
        let end = loop {
            let read = match file.read(&mut line[filled..]) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if let Some(at) = memchr::memchr(b'\n', &line[filled..filled + read]) {
                break filled + at + 1;
            }
            filled += read;
            if read == 0 || filled as u64 > MAX_BYTES {
                break filled;
            }
            if filled == line.len() {
                // A Vec that grows by itself would leave a copy of the token behind.
                let mut grown = Zeroizing::new(vec![0; filled * 4]);
                grown[..filled].copy_from_slice(&line);
                line = grown;
            }
        };
        line.truncate(end);
        Ok(Self {
            file,
            uses: size.saturating_sub(end as u64),
            line,
        })
    }

    /// The first line with its end, or all of a file without line ends.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// How many uses were counted.
    pub(crate) fn uses(&self) -> u64 {
        self.uses
    }

    /// Counts one more use, unless the file or disk is read-only or full.
    pub(crate) fn count_use(&self) {
        if self.uses < MAX_USES {
            // A line end, so that the file stays one JSON text.
            let _ = (&self.file).write(b"\n");
        }
    }
}
