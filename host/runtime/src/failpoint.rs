//! Places at which a test lets the host panic, to see that a bug in it ends one call and nothing else.

/// Such a place. Outside of this crate's own tests it is nothing.
#[inline]
pub(crate) fn failpoint(place: &'static str) {
    #[cfg(test)]
    tests::pass(place);
    let _ = place;
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    thread_local! {
        static ARMED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// The next time that this thread comes to this place, it panics.
    pub(crate) fn arm(place: &'static str) {
        ARMED.set(Some(place));
    }

    pub(super) fn pass(place: &'static str) {
        if ARMED.get() == Some(place) {
            ARMED.set(None);
            panic!("on purpose, at {place}");
        }
    }
}
