//! Estimates the memory that the allocator uses for an allocation.

use std::mem::size_of;

/// The overhead of glibc per allocation, in bytes.
const HEADER_BYTES: usize = 8;

/// Allocations are rounded up to a multiple of this, in bytes.
const GRAIN_BYTES: usize = 16;

/// The smallest allocation, in bytes.
const LEAST_BYTES: usize = 32;

/// The two reference counts of an `Rc` or `Arc`, in bytes.
const COUNTS_BYTES: usize = 2 * size_of::<usize>();

/// The memory of an allocation of `size` bytes; an empty one takes none.
pub(crate) fn heap_bytes(size: usize) -> usize {
    if size == 0 {
        return 0;
    }
    (size + HEADER_BYTES).next_multiple_of(GRAIN_BYTES).max(LEAST_BYTES)
}

/// The memory of a vector's capacity.
pub(crate) fn vec_bytes<T>(vec: &Vec<T>) -> usize {
    heap_bytes(vec.capacity() * size_of::<T>())
}

/// The memory of a list of keys and values.
#[cfg(feature = "store")]
pub(crate) fn pairs_bytes(pairs: &Vec<(Box<str>, Box<str>)>) -> usize {
    let texts = pairs.iter().map(|(key, value)| heap_bytes(key.len()) + heap_bytes(value.len()));
    vec_bytes(pairs) + texts.sum::<usize>()
}

/// The memory of `size` bytes in an `Rc` or `Arc`.
pub(crate) fn shared_bytes(size: usize) -> usize {
    heap_bytes(size + COUNTS_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_have_a_header_a_granularity_and_a_minimum_size() {
        for (size, bytes) in [(0, 0), (1, 32), (24, 32), (25, 48), (4097, 4112)] {
            assert_eq!(heap_bytes(size), bytes, "{size}");
        }
        assert_eq!(vec_bytes(&Vec::<u32>::with_capacity(100)), 416);
        assert_eq!(shared_bytes(8), 32);
    }
}
