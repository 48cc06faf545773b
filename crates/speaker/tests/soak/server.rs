//! The server as a process of its own: what it is told, what it answers, and what it holds.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use routehub_testkit::example;
use routehub_testkit::process::contents;
use routehub_testkit::wait::{PATIENCE, block_until};
use serde_json::Value;
use tempfile::TempDir;

/// Where it answers over HTTP.
const HTTP: &str = "127.0.0.1:8179";

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    /// How often it has read its file again.
    reloads: usize,
}

/// What it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resources {
    descriptors: usize,
    threads: u64,
    pub(crate) kibibytes: u64,
}

impl Server {
    pub(crate) fn start(network: &str) -> Self {
        let program = example::build("route_server");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("network.yaml");
        std::fs::write(&file, network).expect("room");
        let log = File::create(folder.path().join("log")).expect("a log");
        let child = Command::new(program)
            .arg(file)
            .args(["--http", HTTP])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let server = Self {
            child,
            folder,
            reloads: 0,
        };
        let look = || TcpStream::connect(HTTP).is_ok();
        block_until("it answers", look, |answers| *answers);
        server
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Status and body of the answer to a request.
    fn ask(&self, request: &str, body: &str) -> (u16, String) {
        let to: SocketAddr = HTTP.parse().expect("an address");
        let mut stream = TcpStream::connect(to).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let length = body.len();
        // Answers to this version come in no chunks.
        let head = format!("{request} HTTP/1.0\r\nHost: {HTTP}\r\nConnection: close\r\n");
        let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (status.expect("a status"), body.to_owned())
    }

    /// What a path answers with.
    pub(crate) fn get(&self, path: &str) -> String {
        let (status, body) = self.ask(&format!("GET {path}"), "");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Every table.
    pub(crate) fn tables(&self) -> Value {
        serde_json::from_str(&self.get("/v1/tables")).expect("JSON")
    }

    /// Has an event happen.
    pub(crate) fn happen(&self, event: &str) {
        let (status, body) = self.ask("POST /v1/events", event);
        assert_eq!(status, 200, "{event}: {body}");
    }

    /// Has it read another file.
    pub(crate) fn reload(&mut self, network: &str) {
        std::fs::write(self.file("network.yaml"), network).expect("room");
        self.signal(Signal::SIGHUP);
        self.reloads += 1;
        let look = || contents(&self.file("log")).matches("reloaded: ").count();
        block_until("it reads its file", look, |count| *count == self.reloads);
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.child.id().cast_signed());
        kill(process, signal).expect("a process");
    }

    pub(crate) fn resources(&self) -> Resources {
        let process = format!("/proc/{}", self.child.id());
        let descriptors = std::fs::read_dir(format!("{process}/fd")).expect("a process");
        let status = std::fs::read_to_string(format!("{process}/status")).expect("a status");
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            number.unwrap_or_else(|| panic!("no {key} in {status}"))
        };
        Resources {
            descriptors: descriptors.count(),
            threads: number("Threads:"),
            kibibytes: number("VmRSS:"),
        }
    }

    /// Waits until it holds no more descriptors and threads than it did.
    pub(crate) fn settle(&self, before: &Resources) -> Resources {
        let what = format!("no more than {before:?}");
        block_until(
            &what,
            || self.resources(),
            |now| now.descriptors <= before.descriptors && now.threads <= before.threads,
        )
    }

    /// Ends it as a service manager does.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let end = || self.child.try_wait().expect("a child");
        let end = block_until("it ends", end, Option::is_some);
        assert_eq!(end.and_then(|end| end.code()), Some(0));
        let log = contents(&self.file("log"));
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// The last lines of the log that a failure shows.
const LINES: usize = 60;

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = contents(&self.file("log"));
            let lines: Vec<&str> = log.lines().rev().take(LINES).collect();
            for line in lines.into_iter().rev() {
                eprintln!("{line}");
            }
        }
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
