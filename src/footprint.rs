//! How much memory the allocator takes for what is asked of it.

use std::mem::size_of;

/// What glibc adds to each piece of memory, in bytes.
const HEADER_BYTES: usize = 8;

/// Sizes of pieces are multiples of this, in bytes.
const GRAIN_BYTES: usize = 16;

/// The smallest piece, in bytes.
const LEAST_BYTES: usize = 32;

/// The two counts that stand before what an `Rc` or `Arc` holds, in bytes.
const COUNTS_BYTES: usize = 2 * size_of::<usize>();

/// What `size` bytes of one piece take.
pub(crate) fn heap_bytes(size: usize) -> usize {
    if size == 0 {
        return 0;
    }
    (size + HEADER_BYTES).next_multiple_of(GRAIN_BYTES).max(LEAST_BYTES)
}

/// What the elements of a vector take, those included that it only has room for.
pub(crate) fn vec_bytes<T>(vec: &Vec<T>) -> usize {
    heap_bytes(vec.capacity() * size_of::<T>())
}

/// What `size` bytes take behind an `Rc` or `Arc`.
pub(crate) fn shared_bytes(size: usize) -> usize {
    heap_bytes(size + COUNTS_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_a_header_a_grain_and_a_least_size() {
        for (size, bytes) in [(0, 0), (1, 32), (24, 32), (25, 48), (4097, 4112)] {
            assert_eq!(heap_bytes(size), bytes, "{size}");
        }
        assert_eq!(vec_bytes(&Vec::<u32>::with_capacity(100)), 416);
        assert_eq!(shared_bytes(8), 32);
    }
}
