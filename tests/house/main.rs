//! The house rules that a compiler does not hold: which crate may know which, what a manifest
//! says, which words stand where, how long a file may be, and that the README is true.
//!
//! Every rule is a function from text to findings. It is run over the tree, and over a sample
//! that breaks it, so that a rule which no longer sees anything fails too.

mod arrows;
mod circles;
mod library_code;
mod manifests;
mod readme;
mod rules;
mod security;
mod sources;
mod tree;
mod words;
