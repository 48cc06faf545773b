//! An HTTP client by hand: one request on a connection of its own.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What a refused request is told.
    pub(crate) fn error(&self) -> String {
        assert!(self.head.contains("application/json"), "{self:?}");
        let error = self.json()["error"].clone();
        error.as_str().expect("an error").to_owned()
    }
}

/// Sends a request and reads the answer to its end.
pub(crate) async fn request(to: SocketAddr, head: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: {to}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let exchange = async {
        let mut stream = TcpStream::connect(to).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.expect("an answer");
        octets
    };
    let octets = tokio::time::timeout(Duration::from_secs(60), exchange).await;
    let text = String::from_utf8(octets.expect("an answer in time")).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let head = head.to_lowercase();
    let body = match head.contains("transfer-encoding: chunked") {
        true => of_chunks(body),
        false => body.to_owned(),
    };
    Answer {
        status: status.expect("a status"),
        head,
        body,
    }
}

/// What was sent in chunks; the last of them is there, and empty.
fn of_chunks(mut rest: &str) -> String {
    let mut whole = String::new();
    loop {
        let (length, more) = rest.split_once("\r\n").expect("a length");
        let length = usize::from_str_radix(length, 16).expect("a length");
        let (chunk, more) = more.split_at(length);
        whole += chunk;
        rest = more.strip_prefix("\r\n").expect("the end of a chunk");
        if length == 0 {
            return whole;
        }
    }
}

pub(crate) async fn get(to: SocketAddr, path: &str) -> Answer {
    request(to, &format!("GET {path} HTTP/1.1"), "").await
}

/// The JSON that a path answers with.
pub(crate) async fn look(to: SocketAddr, path: &str) -> Value {
    let answer = get(to, path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

pub(crate) async fn post(to: SocketAddr, headers: &str, body: &str) -> Answer {
    let head = format!("POST /v1/events HTTP/1.1{headers}");
    request(to, &head, body).await
}

/// A stream of lines that has begun.
pub(crate) struct Lines {
    stream: TcpStream,
    read: String,
}

impl Lines {
    pub(crate) async fn open(to: SocketAddr, path: &str, accept: &str) -> Self {
        let mut stream = TcpStream::connect(to).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nAccept: {accept}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut it = Self {
            stream,
            read: String::new(),
        };
        it.until("\r\n\r\n").await;
        it
    }

    /// Everything up to and with this text.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.read.find(text) {
                return self.read.drain(..at + text.len()).collect();
            }
            let mut octets = [0; 4096];
            let read = self.stream.read(&mut octets);
            let read = tokio::time::timeout(Duration::from_secs(60), read).await;
            let length = read.expect("a line in time").expect("octets");
            assert!(
                length > 0,
                "the stream ended before {text:?}: {:?}",
                self.read
            );
            self.read
                .push_str(std::str::from_utf8(&octets[..length]).expect("UTF-8"));
        }
    }
}
