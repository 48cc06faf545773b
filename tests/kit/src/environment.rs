//! What this machine lets a test do, and whether it must.

/// Whether tests fail where they would otherwise only say what they lack.
pub fn required() -> bool {
    std::env::var("ROUTEHUB_REQUIRE_INTEROP").is_ok_and(|value| value == "1")
}

/// Whether this is run by somebody who may make network namespaces; says so if not.
///
/// # Panics
/// If not, where the tests have to run and do not run later.
pub fn may_isolate() -> bool {
    let root = nix::unistd::geteuid().is_root();
    let later = std::env::var_os("ROUTEHUB_NAMESPACES_LATER").is_some();
    assert!(root || later || !required(), "network namespaces need root");
    if !root {
        eprintln!("\n*** NOT TESTED: network namespaces need root ***\n");
    }
    root
}
