//! An exchange as the next program takes it over. What the client has written may contain newlines.

use super::{ClientFirst, Exchange};
use crate::cbor::{FromCbor, Invalid, Lines, Reader, ToCbor, Writer, read_fields, write_fields};

/// As the client has sent it.
impl ToCbor for ClientFirst {
    fn write(&self, out: &mut Writer) {
        out.text(&format!("{}{}", self.header, self.bare));
    }
}

impl FromCbor for ClientFirst {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let message = input.text()?;
        Self::parse(message.as_bytes()).map_err(|why| input.invalid(format_args!("{why}")))
    }
}

impl ToCbor for Exchange {
    fn write(&self, out: &mut Writer) {
        let Self { header, nonce, said, keys } = self;
        let [header, nonce, said] = &[header, nonce, said].map(|text| Lines(text.as_str()));
        write_fields!(out; 0: header, 1: nonce, 2: said, 3: keys);
    }
}

impl FromCbor for Exchange {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: header, 1: nonce, 2: said, 3: keys);
        let (Lines(header), Lines(nonce), Lines(said)) = (header, nonce, said);
        Ok(Self { header, nonce, said, keys })
    }
}

#[cfg(test)]
mod any {
    use super::*;
    use crate::cbor::any::{Any, Choices};

    impl Any for ClientFirst {
        fn any(choices: &mut Choices<'_>) -> Self {
            let message = choices.pick(&["n,,n=alice,r=x", "y,a=a=2Cb,n=a\n,r=~,x=y"]);
            Self::parse(message.as_bytes()).unwrap()
        }
    }

    impl Any for Exchange {
        fn any(choices: &mut Choices<'_>) -> Self {
            let [header, nonce, said] = [(); 3].map(|()| choices.pick(&["", "n,,", "n,a=\n,"]).to_owned());
            Self { header, nonce, said, keys: Any::any(choices) }
        }
    }
}
