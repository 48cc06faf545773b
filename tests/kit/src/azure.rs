//! `route_server --arm` as Azure's clients meet it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use crate::example;
use crate::isolated::required;

/// The subscription of the server.
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

/// The virtual environment with Azure's tools that `.ci/azure-cli` has made; none if there is none.
///
/// # Panics
/// If there is none where the tests have to run.
pub fn tools() -> Option<PathBuf> {
    let tools = std::env::var_os("ROUTEHUB_AZURE_CLI").map(PathBuf::from);
    assert!(
        tools.is_some() || !required(),
        "ROUTEHUB_AZURE_CLI is not set: .ci/azure-cli makes what it names"
    );
    tools
}

/// A server without a network, in a folder of its own.
pub struct Server {
    child: Child,
    port: String,
    folder: TempDir,
    printed: Arc<Mutex<String>>,
}

impl Server {
    /// Starts it with these arguments besides.
    ///
    /// # Panics
    /// If it does not begin to answer.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(example::build("route_server"))
            .args(["--arm", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut lines = lines.map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, rest) = line.split_once("https://localhost:")?;
            Some(rest.split(',').next()?.to_owned())
        });
        let printed = Arc::new(Mutex::new(String::new()));
        let to = Arc::clone(&printed);
        std::thread::spawn(move || {
            for line in lines {
                let mut text = to.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self {
            child,
            port: port.expect("an address"),
            folder,
            printed,
        }
    }

    /// The port that it answers on.
    pub fn port(&self) -> &str {
        &self.port
    }

    /// The folder that it runs in, with its certificate.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has printed since it answers.
    pub fn printed(&self) -> String {
        let printed = self.printed.lock();
        printed.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A shell's output, with Azure's tools in its path.
    pub fn shell(&self, tools: &Path, script: &str) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args(["-c", script])
            .current_dir(self.folder())
            .env("PATH", format!("{}:{path}", tools.join("bin").display()))
            .env("AZURE_CORE_COLLECT_TELEMETRY", "no")
            .env(
                "REQUESTS_CA_BUNDLE",
                self.folder().join("routehub-cert.pem"),
            )
            .stderr(Stdio::inherit())
            .output()
            .expect("bash runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The status and body of the answer to a request.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn request(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--show-error", "--cacert", "routehub-cert.pem"])
            .args(["--request", method, "--write-out", "\n%{http_code}"])
            .args(["--header", "Authorization: Bearer any"])
            .args(["--data-binary", "@-"])
            .arg(format!("https://localhost:{}{path}", self.port))
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("curl runs");
        let mut input = child.stdin.take().expect("a pipe");
        let written = input.write_all(body.to_string().as_bytes());
        written.expect("it reads");
        drop(input);
        let output = child.wait_with_output().expect("an end");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let (body, status) = text.rsplit_once('\n').unwrap_or_default();
        let status = status.parse().expect("a status");
        (status, serde_json::from_str(body).unwrap_or_default())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.printed());
        }
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
