//! Secrets as CBOR, for the program that takes the place of this one. They are never written elsewhere.

use super::{Guess, Kind, PASSWORD_BYTES, Secret};
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};

/// As its text.
impl ToCbor for Secret {
    fn write(&self, out: &mut Writer) {
        match &*self.0 {
            Kind::Plain(secret) => out.bytes(&secret.bytes[..secret.length as usize]),
            Kind::Hash(hash) => out.bytes(hash.text().unwrap_or_default().as_bytes()),
        }
    }
}

impl FromCbor for Secret {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let text = str::from_utf8(input.bytes()?).ok();
        let secret = text.and_then(|text| text.parse().ok());
        secret.ok_or_else(|| input.invalid(format_args!("a text is no password")))
    }
}

impl ToCbor for Guess {
    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }
}

impl FromCbor for Guess {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let bytes = input.bytes()?;
        if bytes.len() > PASSWORD_BYTES + 1 {
            return Err(input.invalid(format_args!("a password has {} bytes", bytes.len())));
        }
        Ok(Self(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::any::{Any, Choices};
    use crate::cbor::{decode, encode};

    impl Any for Secret {
        fn any(choices: &mut Choices<'_>) -> Self {
            let hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
            choices.pick(&["p", "芝麻", " : $ ", hash]).parse().unwrap()
        }
    }

    impl Any for Guess {
        fn any(choices: &mut Choices<'_>) -> Self {
            Self::new(choices.pick(&["", "p", "芝麻", "two\nlines"]))
        }
    }

    #[test]
    fn passwords_and_hashes_are_the_same_for_the_next_program() {
        for text in [
            "p",
            " : $ ",
            "芝麻",
            &"x".repeat(PASSWORD_BYTES),
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            let secret: Secret = text.parse().unwrap();
            assert!(decode::<Secret>(&encode(&secret)) == Ok(secret), "{text}");
        }
        for text in ["", "p", &"x".repeat(9999)] {
            let guess = Guess::new(text);
            assert_eq!(decode::<Guess>(&encode(&guess)).unwrap().0, guess.0);
        }
        assert!(decode::<Guess>(&encode(&crate::cbor::Bytes(vec![0; PASSWORD_BYTES + 2]))).is_err());
    }
}
