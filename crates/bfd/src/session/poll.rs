//! Poll sequences: asking the remote system whether it knows of a change (RFC 5880 section 6.5).

/// Where a session's poll sequences stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PollSequence {
    is_active: bool,
    /// Something changed since it began: another one has to follow.
    again: bool,
    /// The last one is over, and nothing without Final has come since: a Final that comes now may
    /// still be of that one (RFC 5880 section 6.8.3).
    is_ambiguous: bool,
}

impl PollSequence {
    /// Whether packets that are sent poll.
    pub(crate) const fn is_active(self) -> bool {
        self.is_active
    }

    /// Begins one, as soon as that is not ambiguous.
    pub(crate) const fn request(&mut self) {
        if self.is_active || self.is_ambiguous {
            self.again = true;
        } else {
            self.is_active = true;
        }
    }

    /// A packet with Final came; says whether the remote system knows of all changes now.
    pub(crate) const fn on_final(&mut self) -> bool {
        if !self.is_active {
            return false;
        }
        self.is_active = false;
        self.is_ambiguous = true;
        !self.again
    }

    /// A packet without Final came.
    pub(crate) const fn on_other(&mut self) {
        self.is_ambiguous = false;
        if self.again && !self.is_active {
            self.again = false;
            self.is_active = true;
        }
    }

    /// The remote system is not heard any more: what it answered is of no interest.
    pub(crate) const fn on_silence(&mut self) {
        self.on_other();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_during_a_sequence_is_told_by_another_that_no_old_answer_can_end() {
        let mut poll = PollSequence::default();
        poll.request();
        poll.request();
        assert!(!poll.on_final(), "it may have been of the first change");
        assert!(!poll.is_active());
        assert!(!poll.on_final(), "a second answer to the first one");
        poll.on_other();
        assert!(poll.is_active());
        assert!(poll.on_final());
        assert!(!poll.is_active());
    }
}
