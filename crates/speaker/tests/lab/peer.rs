//! A peer that is played octet by octet.
