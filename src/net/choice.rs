//! A stream that is one of several kinds.

use std::io::{self, Read, Write};

#[cfg(feature = "store")]
use crate::message::CertificateHash;
#[cfg(feature = "web")]
use crate::message::{CloseReason, Framing};
use crate::server::Stream;

/// A stream that is one of several kinds.
pub(super) trait Choice: Read + Write {
    /// The stream of the present kind.
    fn stream(&self) -> &dyn Stream;

    /// The same, to change it.
    fn stream_mut(&mut self) -> &mut dyn Stream;
}

impl<T: Choice> Stream for T {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream_mut().shutdown_write()
    }

    fn is_opening(&self) -> bool {
        self.stream().is_opening()
    }

    fn decline(&mut self) {
        self.stream_mut().decline();
    }

    fn is_mute(&self) -> bool {
        self.stream().is_mute()
    }

    fn is_secure(&self) -> bool {
        self.stream().is_secure()
    }

    #[cfg(feature = "store")]
    fn certificate(&self) -> Option<CertificateHash> {
        self.stream().certificate()
    }

    #[cfg(feature = "web")]
    fn framing(&self) -> Option<Framing> {
        self.stream().framing()
    }

    #[cfg(feature = "web")]
    fn take_answers(&mut self) -> Vec<u8> {
        self.stream_mut().take_answers()
    }

    #[cfg(feature = "web")]
    fn is_asking(&self) -> bool {
        self.stream().is_asking()
    }

    #[cfg(feature = "web")]
    fn is_one_request(&self) -> bool {
        self.stream().is_one_request()
    }

    #[cfg(feature = "web")]
    fn ending(&mut self, reason: CloseReason) -> CloseReason {
        self.stream_mut().ending(reason)
    }

    fn has_unsent(&self) -> bool {
        self.stream().has_unsent()
    }

    fn kept_bytes(&self) -> usize {
        self.stream().kept_bytes()
    }

    fn own_bytes(&self) -> usize {
        self.stream().own_bytes()
    }

    #[cfg(feature = "upgrade")]
    fn is_portable(&self) -> bool {
        self.stream().is_portable()
    }

    fn forget_unread(&mut self) {
        self.stream_mut().forget_unread();
    }

    fn forget_unsent(&mut self) {
        self.stream_mut().forget_unsent();
    }
}
