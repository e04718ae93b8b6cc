//! Tables of numbers and names, from which the code for structs and enums is made.

/// Writes variables that borrow values as a map.
macro_rules! write_fields {
    ($out:ident; $($key:literal: $field:ident),* $(,)?) => {
        $out.map(0 $(+ usize::from(!$crate::cbor::ToCbor::is_assumed($field)))*);
        $($out.field($key, $field);)*
    };
}

/// Reads a map into variables.
macro_rules! read_fields {
    ($input:ident; $($key:literal: $field:ident),* $(,)?) => {
        $(let mut $field = None;)*
        $input.map(|key, input| match key {
            $($key => input.field(stringify!($field), &mut $field),)*
            _ => input.skip(),
        })?;
        $(let $field = $crate::cbor::found(stringify!($field), $field)?;)*
    };
}

/// A struct as a map: `key: field`.
macro_rules! map {
    ($type:ident { $($key:literal: $field:ident),* $(,)? }) => {
        impl $crate::cbor::ToCbor for $type {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                let Self { $($field),* } = self;
                $crate::cbor::write_fields!(out; $($key: $field),*);
            }
        }

        impl $crate::cbor::FromCbor for $type {
            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, String> {
                $crate::cbor::read_fields!(input; $($key: $field),*);
                Ok(Self { $($field),* })
            }
        }

        #[cfg(test)]
        impl $crate::cbor::any::Any for $type {
            fn any(choices: &mut $crate::cbor::any::Choices<'_>) -> Self {
                Self { $($field: $crate::cbor::any::Any::any(choices)),* }
            }
        }
    };
}

/// An enum as an array of a number and a map: `number => Variant { key: field }`, and `number => Variant(key: name)`
/// for fields without names. The text says what it is, for the error about an unknown number.
macro_rules! cases {
    ($type:ident, $what:literal {
        $($number:literal => $variant:ident
            $({ $($key:literal: $field:ident),* $(,)? })?
            $(( $($index:literal: $place:ident),* ))?),* $(,)?
    }) => {
        impl $crate::cbor::ToCbor for $type {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                out.array(2);
                match self {
                    $(Self::$variant $({ $($field),* })? $(( $($place),* ))? => {
                        out.number($number);
                        $crate::cbor::write_fields!(out; $($($key: $field),*)? $($($index: $place),*)?);
                    })*
                }
            }
        }

        impl $crate::cbor::FromCbor for $type {
            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, String> {
                input.tuple(2, |input| match input.number()? {
                    $($number => {
                        $crate::cbor::read_fields!(input; $($($key: $field),*)? $($($index: $place),*)?);
                        Ok(Self::$variant $({ $($field),* })? $(( $($place),* ))?)
                    })*
                    number => Err(format!(concat!("the ", $what, " {} is unknown"), number)),
                })
            }
        }

        #[cfg(test)]
        impl $crate::cbor::any::Any for $type {
            fn any(choices: &mut $crate::cbor::any::Choices<'_>) -> Self {
                match choices.pick::<u64>(&[$($number),*]) {
                    $($number => {
                        $($(let $field = $crate::cbor::any::Any::any(choices);)*)?
                        $($(let $place = $crate::cbor::any::Any::any(choices);)*)?
                        Self::$variant $({ $($field),* })? $(( $($place),* ))?
                    })*
                    number => unreachable!("{number} is in the table"),
                }
            }
        }
    };
}

/// An enum without fields as a number: `number => Variant`.
macro_rules! numbered {
    ($type:ident, $what:literal { $($number:literal => $variant:ident),* $(,)? }) => {
        impl $crate::cbor::ToCbor for $type {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                out.number(match self {
                    $(Self::$variant => $number,)*
                });
            }
        }

        impl $crate::cbor::FromCbor for $type {
            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, String> {
                match input.number()? {
                    $($number => Ok(Self::$variant),)*
                    number => Err(format!(concat!("the ", $what, " {} is unknown"), number)),
                }
            }
        }

        #[cfg(test)]
        impl $crate::cbor::any::Any for $type {
            fn any(choices: &mut $crate::cbor::any::Choices<'_>) -> Self {
                choices.pick(&[$(Self::$variant),*])
            }
        }
    };
}

pub(crate) use {cases, map, numbered, read_fields, write_fields};
