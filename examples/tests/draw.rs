//! `draw` as its users run it, and the pictures of the README.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use routehub_testkit::example;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// Runs the example in the root of the workspace: exit code, output, errors.
fn draw(arguments: &[&str]) -> (Option<i32>, String, String) {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| example::build("draw"));
    let output = std::process::Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn every_network_is_a_picture_in_both_forms() {
    let folder = root().join("examples/networks");
    let files = folder.read_dir().expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    for file in files.filter(|file| file.extension().is_some_and(|end| end == "yaml")) {
        let file = file.to_str().expect("UTF-8");
        let (code, svg, err) = draw(&[file]);
        assert_eq!(code, Some(0), "{file}: {err}");
        assert!(
            svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
            "{svg}"
        );
        let (_, mermaid, _) = draw(&[file, "--mermaid"]);
        assert!(mermaid.contains("flowchart TB\n"), "{mermaid}");
    }
}

#[test]
fn what_fails_is_grey_and_a_route_and_a_packet_are_in_colour() {
    let file = "examples/networks/03-expressroute-and-vpn.yaml";
    let (code, svg, _) = draw(&[file, "--failed", "circuit", "--trace", "vm", "backup"]);
    assert_eq!(code, Some(0));
    assert!(svg.contains("node circuit down"), "{svg}");
    assert!(
        svg.contains("a packet from vm to backup: arrives; failed: circuit"),
        "{svg}"
    );
    assert!(svg.contains("2. vpngw to backup"), "{svg}");
    let (_, svg, _) = draw(&[file, "--highlight", "192.168.0.0/16"]);
    assert!(
        svg.contains("line used") && svg.contains("node vnet on-way"),
        "{svg}"
    );
}

#[test]
fn a_packet_that_is_lost_says_where_and_why() {
    let file = "examples/networks/04-branch-to-branch.yaml";
    let (_, svg, _) = draw(&[file, "--trace", "paris", "london"]);
    assert!(svg.contains("does not arrive: at paris: dropped"), "{svg}");
    assert!(svg.contains("node premises lost"), "{svg}");
}

#[test]
fn a_wrong_name_is_told_with_the_one_that_is_near() {
    let file = "examples/networks/02-active-active-nvas.yaml";
    for (arguments, told) in [
        (["--failed", "nva3", "--svg"], "did you mean `nva1`?"),
        (
            ["--highlight", "10.99.0.0/16", "--svg"],
            "nobody announces 10.99.0.0/16",
        ),
        (["--trace", "vn", "nva1"], "did you mean `vm`?"),
    ] {
        let (code, out, err) = draw(&[&[file], arguments.as_slice()].concat());
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.contains(told), "{err}");
    }
}

/// Below `<!-- picture of: COMMAND -->` the README shows what the command prints.
///
/// `ROUTEHUB_WRITE=1 cargo test -p routehub-examples --test draw pictures` draws it anew.
#[test]
fn the_pictures_of_the_readme_are_what_their_commands_draw() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let mut pictures = 0;
    for rest in readme.split("<!-- picture of: ").skip(1) {
        let (command, below) = rest.split_once(" -->").expect("the end of the command");
        let (_, link) = below.split_once("](").expect("a picture");
        let file = root().join(link.split(')').next().unwrap_or_default());
        let (start, arguments) = command.split_once(" -- ").expect("arguments");
        assert_eq!(start, "cargo run --release --example draw");
        let (code, svg, err) = draw(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(code, Some(0), "{command}: {err}");
        if std::env::var_os("ROUTEHUB_WRITE").is_some() {
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(&file, &svg).expect("the picture is written");
        }
        let stored = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(stored == svg, "{} is old: ROUTEHUB_WRITE=1", file.display());
        pictures += 1;
    }
    assert!(pictures > 0, "README.md shows a picture");
}
