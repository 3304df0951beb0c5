//! Buffers that come back by themselves.

use std::sync::Arc;

/// Lends out shared buffers and uses them again once every borrower has dropped its handle.
///
/// One role owns the pool and fills; the others read and drop. No message flows back: the owner sees from the
/// reference count that it is alone again. The pool grows to the number of buffers in flight, which the channels'
/// capacities bound, and then stops allocating.
#[derive(Debug, Default)]
pub struct Pool<T> {
    slots: Vec<Arc<T>>,
}

impl<T: Default> Pool<T> {
    /// A buffer that nobody else holds, to fill through [`Arc::get_mut`] and then to [`Pool::keep`]. It is as its
    /// last use left it, so whoever fills it clears it first.
    pub fn vacant(&mut self) -> Arc<T> {
        let vacant = self.slots.iter_mut().position(|slot| Arc::get_mut(slot).is_some());
        vacant.map(|slot| self.slots.swap_remove(slot)).unwrap_or_default()
    }

    /// Remembers a buffer that is about to be handed out, to use it again when every other handle is dropped.
    pub fn keep(&mut self, buffer: &Arc<T>) {
        self.slots.push(Arc::clone(buffer));
    }

    /// Lets `fill` write into a vacant buffer, and returns a handle to share with what `fill` returned.
    pub fn fill<R>(&mut self, fill: impl FnOnce(&mut T) -> R) -> (Arc<T>, R) {
        let mut buffer = self.vacant();
        let result = fill(Arc::get_mut(&mut buffer).expect("nobody else holds a vacant buffer"));
        self.keep(&buffer);
        (buffer, result)
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
        assert_eq!(pool.slots.len(), 3);
    }
}
