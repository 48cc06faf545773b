//! Parts of an exchange that its forks share until one of them changes them.

use std::ops::Deref;
use std::sync::Arc;

/// A part that is changed in place while it has one owner. Once it is shared a fork costs a
/// pointer, and the first change in a fork copies it.
#[derive(Clone, Debug)]
pub(crate) enum Part<T> {
    /// Nobody else has it: a change asks nobody.
    Own(T),
    /// Forks may have it too.
    Shared(Arc<T>),
}

impl<T> Part<T> {
    /// The same, to be shared by forks.
    pub(crate) fn share(self) -> Self {
        match self {
            Self::Own(part) => Self::Shared(Arc::new(part)),
            shared @ Self::Shared(_) => shared,
        }
    }

    /// The same, after what it is made of is shared too.
    pub(crate) fn share_with(self, inner: impl FnOnce(T) -> T) -> Self {
        match self {
            Self::Own(part) => Self::Own(inner(part)).share(),
            shared @ Self::Shared(_) => shared,
        }
    }

    /// Whether a change would copy it.
    #[inline]
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }
}

impl<T: Clone> Part<T> {
    /// The part, to be changed: a copy where others have it too.
    #[inline]
    pub(crate) fn to_mut(&mut self) -> &mut T {
        if let Self::Shared(shared) = self {
            *self = Self::Own(T::clone(shared));
        }
        match self {
            Self::Own(part) => part,
            // It was made its own just before.
            Self::Shared(shared) => Arc::make_mut(shared),
        }
    }
}

impl<T> Deref for Part<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Self::Own(part) => part,
            Self::Shared(part) => part,
        }
    }
}

impl<T> From<T> for Part<T> {
    fn from(part: T) -> Self {
        Self::Own(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_changes_its_own_copy() {
        let shared = Part::from(vec![1]).share();
        let mut fork = shared.clone();
        assert!(std::ptr::eq(&*shared, &*fork));
        fork.to_mut().push(2);
        assert_eq!((&**shared, &**fork), (&[1][..], &[1, 2][..]));
    }
}
