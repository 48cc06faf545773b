//! What only a plain route server does, which is the profile `open`.

mod dynamic;
mod extensions;
mod long_lived;
