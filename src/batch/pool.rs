//! Buffers that come back by themselves.

use std::sync::Arc;

/// Lends out shared buffers and uses them again once every borrower has dropped its handle.
///
/// One thread owns the pool and fills; the others read and drop. No message flows back: the owner sees from the reference count that it
/// is alone again. The pool grows to the number of buffers in flight, which the channels' capacities bound, and then stops allocating.
#[derive(Debug, Default)]
pub struct Pool<T> {
    slots: Vec<Arc<T>>,
}

impl<T: Clone + Default> Pool<T> {
    /// Lets `fill` write into a buffer that nobody else holds, and returns a handle to share with what `fill` returned.
    ///
    /// `fill` finds the buffer as its last use left it, so it clears it first. Dropping the handle returns the buffer.
    pub fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> R) -> (Arc<T>, R) {
        let vacant = self.slots.iter_mut().position(|slot| Arc::get_mut(slot).is_some()).unwrap_or_else(|| {
            self.slots.push(Arc::default());
            self.slots.len() - 1
        });
        // A vacant slot is unshared, so this never clones.
        let slot = &mut self.slots[vacant];
        let result = fill(Arc::make_mut(slot));
        (Arc::clone(slot), result)
    }

    /// How many buffers it has made so far.
    #[must_use]
    pub fn buffers(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_once_every_handle_is_dropped_and_not_before() {
        let mut pool = Pool::<Vec<u8>>::default();
        let (first, ()) = pool.fill(|buffer| buffer.push(1));
        let shared = Arc::clone(&first);
        let (second, ()) = pool.fill(|buffer| buffer.push(2));
        assert_eq!((first.as_slice(), second.as_slice()), (&[1][..], &[2][..]));
        drop(first);
        let (third, ()) = pool.fill(|buffer| buffer.push(3));
        assert_eq!((shared.as_slice(), third.as_slice()), (&[1][..], &[3][..]), "still held by a clone");
        drop(shared);
        let (again, ()) = pool.fill(|buffer| buffer.push(4));
        assert_eq!(again.as_slice(), [1, 4], "the first buffer, as its last use left it");
        assert_eq!(pool.buffers(), 3);
    }
}
