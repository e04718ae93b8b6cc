//! A queue of frames. Up to one frame, the usual case, it allocates nothing.

use std::collections::VecDeque;

use crate::message::Frame;

#[derive(Debug, Default)]
pub(super) struct Frames {
    first: Option<Frame>,
    /// The others; `None`, without an allocation, when there are none.
    #[expect(
        clippy::box_collection,
        reason = "there is one for every connection, and it is mostly not used"
    )]
    rest: Option<Box<VecDeque<Frame>>>,
}

impl Frames {
    pub(super) fn push(&mut self, frame: Frame) {
        if self.first.is_none() {
            self.first = Some(frame);
        } else {
            self.rest.get_or_insert_default().push_back(frame);
        }
    }

    pub(super) fn pop_first(&mut self) -> Option<Frame> {
        let next = self.rest.as_mut().and_then(|rest| rest.pop_front());
        if self.rest.as_ref().is_some_and(|rest| rest.is_empty()) {
            self.rest = None;
        }
        std::mem::replace(&mut self.first, next)
    }

    pub(super) fn first(&self) -> Option<&Frame> {
        self.first.as_ref()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Frame> {
        self.rest.as_mut().and_then(|rest| rest.back_mut()).or(self.first.as_mut())
    }

    /// The first frame, if there is no other.
    pub(super) fn only(&self) -> Option<&Frame> {
        if self.rest.is_none() { self.first.as_ref() } else { None }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.first.iter().chain(self.rest.iter().flat_map(|rest| rest.iter()))
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Removes all frames, or all but the first.
    pub(super) fn forget(&mut self, keep_first: bool) {
        self.rest = None;
        if !keep_first {
            self.first = None;
        }
    }

    /// Panics when the two parts disagree, for tests.
    pub(super) fn check(&self) {
        assert!(self.first.is_some() || self.rest.is_none(), "without a first frame there are no others");
        assert!(self.rest.as_ref().is_none_or(|rest| !rest.is_empty()), "an empty rest is not allocated");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn frames_behave_like_a_vec_deque(steps in prop::collection::vec(0..4u8, 0..40)) {
            let (mut frames, mut naive) = (Frames::default(), VecDeque::new());
            for (n, step) in steps.into_iter().enumerate() {
                let frame = Frame::from([n as u8]);
                match step {
                    0 | 1 => {
                        frames.push(Frame::clone(&frame));
                        naive.push_back(frame);
                    }
                    2 => prop_assert_eq!(frames.pop_first(), naive.pop_front()),
                    _ => {
                        frames.forget(n % 2 == 0);
                        naive.truncate(usize::from(n % 2 == 0));
                    }
                }
                frames.check();
                prop_assert_eq!(frames.first(), naive.front());
                prop_assert_eq!(frames.last_mut(), naive.back_mut());
                prop_assert_eq!(frames.len(), naive.len());
                prop_assert_eq!(frames.is_empty(), naive.is_empty());
                prop_assert!(frames.iter().eq(naive.iter()));
                prop_assert_eq!(frames.only(), naive.front().filter(|_| naive.len() == 1));
            }
        }
    }
}
