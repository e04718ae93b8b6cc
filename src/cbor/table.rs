//! Tables of numbers and names, from which the code for structs and enums is made.

/// Writes variables that borrow values as a map.
macro_rules! write_fields {
    ($out:ident; $($key:literal: $field:ident),* $(,)?) => {
        const { assert!($crate::cbor::ascend(&[$($key),*]), "keys of a map ascend") };
        $out.map(&[$(($key, $field)),*]);
    };
}

/// Reads a map into variables.
macro_rules! read_fields {
    ($input:ident; $($key:literal: $field:ident),* $(,)?) => {
        #[allow(unused_mut, reason = "some maps have no fields")]
        let mut keys = $input.map()?;
        $(let $field = $input.field(&mut keys, $key, stringify!($field))?;)*
        $input.end_map(keys)?;
    };
}

pub(crate) const fn ascend(keys: &[u64]) -> bool {
    let mut rest = keys;
    while let [first, after @ ..] = rest {
        if let [second, ..] = after
            && *first >= *second
        {
            return false;
        }
        rest = after;
    }
    true
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
            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, $crate::cbor::Invalid> {
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
/// for fields without names. The text says what it is, for the error about an unknown number. A variant that only some
/// programs have has the same condition here.
macro_rules! cases {
    ($type:ident, $what:literal {
        $($(#[$condition:meta])* $number:literal => $variant:ident
            $({ $($key:literal: $field:ident),* $(,)? })?
            $(( $($index:literal: $place:ident),* $(,)? ))?),* $(,)?
    }) => {
        impl $crate::cbor::ToCbor for $type {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                out.array(2);
                match self {
                    $($(#[$condition])* Self::$variant $({ $($field),* })? $(( $($place),* ))? => {
                        out.number($number);
                        $crate::cbor::write_fields!(out; $($($key: $field),*)? $($($index: $place),*)?);
                    })*
                }
            }
        }

        impl $crate::cbor::FromCbor for $type {
            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, $crate::cbor::Invalid> {
                let more = input.tuple(2)?;
                let case = match input.number()? {
                    $($(#[$condition])* $number => {
                        $crate::cbor::read_fields!(input; $($($key: $field),*)? $($($index: $place),*)?);
                        Self::$variant $({ $($field),* })? $(( $($place),* ))?
                    })*
                    number => return Err(input.unknown($what, number)),
                };
                input.skip_values(more)?;
                Ok(case)
            }
        }

        #[cfg(test)]
        impl $crate::cbor::any::Any for $type {
            fn any(choices: &mut $crate::cbor::any::Choices<'_>) -> Self {
                match choices.pick::<u64>(&[$($(#[$condition])* $number),*]) {
                    $($(#[$condition])* $number => {
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
            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, $crate::cbor::Invalid> {
                match input.number()? {
                    $($number => Ok(Self::$variant),)*
                    number => Err(input.unknown($what, number)),
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
