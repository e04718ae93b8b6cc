//! Numbers, lists, pairs and what may be missing.

use std::sync::Arc;

use super::{FromCbor, Invalid, Reader, ToCbor, Writer};

/// Most memory that is reserved for a list before its values are read, in bytes.
const RESERVED_BYTES: usize = 64 * 1024;

impl ToCbor for bool {
    fn is_assumed(&self) -> bool {
        !self
    }

    fn write(&self, out: &mut Writer) {
        out.bool(*self);
    }
}

impl FromCbor for bool {
    fn assumed() -> Option<Self> {
        Some(false)
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.bool()
    }
}

/// Implements unsigned integers, which may be of any size if they fit.
macro_rules! number {
    ($($type:ty),*) => { $(
        impl ToCbor for $type {
            fn write(&self, out: &mut Writer) {
                out.number((*self).into());
            }
        }

        impl FromCbor for $type {
            fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
                let number = input.number()?;
                Self::try_from(number).map_err(|_| input.invalid(format_args!("{number} is too large")))
            }
        }
    )* };
}

number!(u8, u16, u32, u64);

/// A number of things in memory, which a machine of 32 bits may not be able to have.
#[cfg(feature = "upgrade")]
impl ToCbor for usize {
    fn write(&self, out: &mut Writer) {
        out.number(*self as u64);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for usize {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let number = input.number()?;
        Self::try_from(number).map_err(|_| input.invalid(format_args!("{number} is too large")))
    }
}

impl<T: ToCbor> ToCbor for Option<T> {
    fn is_assumed(&self) -> bool {
        self.is_none()
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Some(value) => value.write(out),
            None => out.null(),
        }
    }
}

impl<T: FromCbor> FromCbor for Option<T> {
    fn assumed() -> Option<Self> {
        Some(None)
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        if input.is_null()? { Ok(None) } else { T::read(input).map(Some) }
    }
}

/// Implements pointers, which are not seen.
macro_rules! pointer {
    ($($type:ident),*) => { $(
        impl<T: ToCbor> ToCbor for $type<T> {
            fn is_assumed(&self) -> bool {
                T::is_assumed(self)
            }

            fn write(&self, out: &mut Writer) {
                T::write(self, out);
            }
        }

        impl<T: FromCbor> FromCbor for $type<T> {
            fn assumed() -> Option<Self> {
                T::assumed().map(Self::new)
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
                T::read(input).map(Self::new)
            }
        }
    )* };
}

pointer!(Box, Arc);

/// A borrowed value, as part of another.
#[cfg(feature = "upgrade")]
impl<T: ToCbor> ToCbor for &T {
    fn is_assumed(&self) -> bool {
        T::is_assumed(self)
    }

    fn write(&self, out: &mut Writer) {
        T::write(self, out);
    }
}

impl<T: ToCbor> ToCbor for Vec<T> {
    fn is_assumed(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, out: &mut Writer) {
        out.array(self.len());
        self.iter().for_each(|value| value.write(out));
    }
}

impl<T: FromCbor> FromCbor for Vec<T> {
    fn assumed() -> Option<Self> {
        Some(Self::new())
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let length = input.array()?;
        let mut list = Self::with_capacity(length.min(RESERVED_BYTES / size_of::<T>().max(1)));
        for _ in 0..length {
            list.push(T::read(input)?);
        }
        Ok(list)
    }
}

/// Implements tuples, as lists.
macro_rules! tuple {
    ($count:literal: $($type:ident $value:ident),*) => {
        impl<$($type: ToCbor),*> ToCbor for ($($type,)*) {
            fn write(&self, out: &mut Writer) {
                let ($($value,)*) = self;
                out.array($count);
                $($value.write(out);)*
            }
        }

        impl<$($type: FromCbor),*> FromCbor for ($($type,)*) {
            fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
                let more = input.tuple($count)?;
                let values = ($($type::read(input)?,)*);
                input.skip_values(more)?;
                Ok(values)
            }
        }
    };
}

tuple!(2: A a, B b);
tuple!(3: A a, B b, C c);
tuple!(4: A a, B b, C c, D d);
