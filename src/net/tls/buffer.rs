//! A reusable buffer.

/// Bytes with spare room. Reused memory is not set to zero again, so room costs nothing.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// How many of `bytes` are in use. Those behind them are left from earlier uses.
    filled: usize,
}

impl Buffer {
    /// The bytes in use.
    pub(super) fn filled(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.filled]
    }

    /// Room of this size after the bytes in use, with undefined content.
    pub(super) fn room(&mut self, size: usize) -> &mut [u8] {
        let end = self.filled + size;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.filled..end]
    }

    /// Puts the first `count` bytes of the last room in use.
    pub(super) fn advance(&mut self, count: usize) {
        self.filled += count;
        debug_assert!(self.filled <= self.bytes.len(), "there was no such room");
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.advance(bytes.len());
    }

    pub(super) fn clear(&mut self) {
        self.filled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_earlier_uses_do_not_reappear() {
        let mut buffer = Buffer::default();
        buffer.extend(b"a secret of somebody");
        buffer.clear();
        assert_eq!(buffer.filled(), b"");
        buffer.extend(b"hi");
        buffer.room(10)[..2].copy_from_slice(b" b");
        buffer.advance(2);
        assert_eq!(buffer.filled(), b"hi b");
    }
}
