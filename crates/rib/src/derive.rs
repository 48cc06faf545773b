//! Derived paths: what a source's replaced paths amount to under the prefix in their place.

use routehub_types::AttrId;

use crate::apply::Target;
use crate::change::Applied;
use crate::key::Key;
use crate::path::Path;
use crate::settle::{Context, Visit};
use crate::table::Table;

impl<K: Key> Table<K> {
    /// Moves the contribution of one received path from one derived path to another.
    pub(crate) fn retarget(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        (old, new): (Target<K>, Target<K>),
        visit: &mut Visit<'_>,
        applied: &mut Applied,
    ) {
        if old == new {
            return;
        }
        let same_prefix = old.map(|(key, _)| key) == new.map(|(key, _)| key);
        // Within one prefix both happen at once, so that nobody sees the state in between.
        for (old, new) in [
            (old.filter(|_| same_prefix), new),
            (old.filter(|_| !same_prefix), None),
        ] {
            let Some((key, _)) = new.or(old) else {
                continue;
            };
            let entry = self.find_or_insert(key);
            let before = self.first_best(entry, cx.max_paths());
            if let Some((_, attrs)) = new {
                self.contribute(cx, entry, source, attrs);
            }
            if let Some((_, attrs)) = old {
                self.uncontribute(cx, entry, source, attrs);
            }
            applied.changed += u32::from(self.settle(cx, entry, &before, visit));
        }
    }

    fn contribute(&mut self, cx: &mut Context<'_>, entry: u32, source: u16, attrs: AttrId) {
        match self.find_derived(entry, source, attrs) {
            Some(at) => self.path_mut(entry, at).received += 1,
            None => {
                cx.store.retain(attrs);
                self.add_path(entry, Path::derived(source, attrs), None);
            }
        }
    }

    fn uncontribute(&mut self, cx: &mut Context<'_>, entry: u32, source: u16, attrs: AttrId) {
        let Some(at) = self.find_derived(entry, source, attrs) else {
            return;
        };
        let path = self.path_mut(entry, at);
        path.received -= 1;
        if path.received == 0 {
            self.remove_path(entry, at);
            cx.store.release(attrs);
        }
    }
}
