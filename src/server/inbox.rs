//! The unfinished frame of a connection. Without one, the usual case, the inbox allocates nothing.

/// Bytes that are received and not handled.
#[derive(Debug, Default)]
#[expect(clippy::box_collection, reason = "there is one for every connection, and it is mostly empty")]
pub(super) struct Inbox(Option<Box<Vec<u8>>>);

impl Inbox {
    #[cfg(feature = "upgrade")]
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |bytes| bytes.len())
    }

    /// Allocated memory, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.0.as_ref().map_or(0, |bytes| bytes.capacity())
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        self.0.take().map_or_else(Vec::new, |bytes| *bytes)
    }

    pub(super) fn set(&mut self, bytes: Vec<u8>) {
        self.0 = (!bytes.is_empty()).then(|| Box::new(bytes));
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}
