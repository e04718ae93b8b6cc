//! Checks text that arrives in pieces, and fails at the first byte that cannot continue it.

#[cfg(feature = "upgrade")]
use crate::cbor::{Bytes, FromCbor, Invalid, Reader, ToCbor, Writer};

/// What a check needs to know of the text so far: the bytes of an incomplete character.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    begun: [u8; 3],
    begun_bytes: u8,
}

impl Utf8 {
    /// Checks the next piece. False if the text can no longer become UTF-8.
    pub(super) fn accepts(&mut self, mut piece: &[u8]) -> bool {
        while !self.is_complete() {
            let Some((&byte, rest)) = piece.split_first() else { return true };
            if !self.continues(byte) {
                return false;
            }
            piece = rest;
        }
        match std::str::from_utf8(piece) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none() && self.begin(&piece[error.valid_up_to()..]),
        }
    }

    /// True if the text may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.begun_bytes == 0
    }

    /// Adds a byte to the incomplete character.
    fn continues(&mut self, byte: u8) -> bool {
        let begun = usize::from(self.begun_bytes);
        let mut character = [0; 4];
        character[..begun].copy_from_slice(&self.begun[..begun]);
        character[begun] = byte;
        let character = &character[..=begun];
        match std::str::from_utf8(character) {
            Ok(_) => {
                self.begun_bytes = 0;
                true
            }
            Err(error) => error.error_len().is_none() && self.begin(character),
        }
    }

    /// Keeps an incomplete character.
    fn begin(&mut self, character: &[u8]) -> bool {
        let fits = self.begun.get_mut(..character.len());
        self.begun_bytes = character.len() as u8;
        fits.map(|begun| begun.copy_from_slice(character)).is_some()
    }
}

#[cfg(feature = "upgrade")]
impl ToCbor for Utf8 {
    fn write(&self, out: &mut Writer) {
        out.bytes(&self.begun[..usize::from(self.begun_bytes)]);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Utf8 {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let (Bytes(begun), mut utf8) = (Bytes::read(input)?, Self::default());
        if utf8.accepts(&begun) && usize::from(utf8.begun_bytes) == begun.len() {
            return Ok(utf8);
        }
        Err(input.invalid(format_args!("these bytes are not the beginning of a character")))
    }
}

#[cfg(all(test, feature = "upgrade"))]
impl crate::cbor::any::Any for Utf8 {
    fn any(choices: &mut crate::cbor::any::Choices<'_>) -> Self {
        let mut utf8 = Self::default();
        utf8.accepts(choices.pick(&[&b""[..], b"\xce", b"\xe8\x8c", b"\xf0\x9f\x8d"]));
        utf8
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many bytes are accepted one by one.
    fn accepted(bytes: &[u8]) -> usize {
        let mut utf8 = Utf8::default();
        bytes.iter().take_while(|&&byte| utf8.accepts(&[byte])).count()
    }

    #[test]
    fn the_first_byte_that_cannot_continue_is_refused() {
        for (bytes, good) in [
            (&b"a\xff"[..], 1),
            (b"a\x80", 1),
            (b"\xc0\x80", 0),
            (b"\xe0\x80", 1),
            (b"\xed\xa0", 1),
            (b"\xf4\x90", 1),
            (b"\xf0\x9f\x8d\x41", 3),
            (b"\xce\xba\xe1\xbd\xb9\xf4\x8f\xbf\xbf", 9),
        ] {
            assert_eq!(accepted(bytes), good, "{bytes:x?}");
        }
    }

    #[test]
    fn text_may_not_end_within_a_character() {
        let mut utf8 = Utf8::default();
        for (piece, complete) in
            [("茶".as_bytes(), true), (b"\xf0\x9f", false), (b"\x8d", false), (b"\xb5x", true)]
        {
            assert!(utf8.accepts(piece));
            assert_eq!(utf8.is_complete(), complete, "{piece:x?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_accepted_like_the_whole(
            text in "[a🍵茶é]{0,12}",
            wrong in prop::option::of((0..40usize, any::<u8>())),
            cuts in prop::collection::vec(0..40usize, 0..6),
        ) {
            let mut bytes = text.into_bytes();
            if let Some((at, byte)) = wrong && let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut utf8 = Utf8::default();
            let accepted = cuts.windows(2).all(|cut| utf8.accepts(&bytes[cut[0]..cut[1]]));
            prop_assert_eq!(accepted && utf8.is_complete(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
