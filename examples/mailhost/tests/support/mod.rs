//! The real server, started on free ports with a folder of its own.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "each test takes what it needs, and stops at what it does not expect"
)]

pub mod crash;
pub mod dns;
pub mod tls;
pub mod user;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const PASSWORD: &str = "correct horse";

/// A server and its folder; both end with this.
pub struct Server {
    pub program: PathBuf,
    /// Its name, which its certificate is for.
    pub hostname: String,
    pub folder: tempfile::TempDir,
    pub child: Child,
    pub ports: HashMap<String, SocketAddr>,
    pub log: Arc<Mutex<String>>,
}

impl Server {
    /// A server for `mail.test` with the users ann and ben.
    pub fn start(program: impl Into<PathBuf>, extra: &str) -> Self {
        let extra = format!("domains = ['mail.test', 'second.test']\n{extra}");
        Self::with(program, "mx.mail.test", "127.0.0.1:0", &extra, &["ann@mail.test", "ben@mail.test"])
    }

    /// A server with a name, an address for mail from other servers, a configuration and users of its own.
    pub fn with(program: impl Into<PathBuf>, hostname: &str, smtp: &str, extra: &str, users: &[&str]) -> Self {
        let program = program.into();
        let folder = tempfile::tempdir().unwrap();
        let any = "['127.0.0.1:0']";
        // Nobody answers there, and it is known at once.
        let dns = if extra.contains("[dns]") { "" } else { "[dns]\nservers = ['127.0.0.1:9']" };
        fs::write(
            folder.path().join("mailhost.toml"),
            format!(
                "hostname = '{hostname}'\ndata = 'data'\n{extra}\n{dns}\n\
                 [listen]\nsmtp = ['{smtp}']\nsubmission = {any}\nsubmissions = {any}\nlmtp = {any}\npop3 = {any}\npop3s = {any}\nhttp = {any}\n"
            ),
        )
        .unwrap();
        for user in users {
            let added = run(&program, folder.path(), &["user", "add", user, "--password-stdin"], PASSWORD);
            assert!(added.status.success(), "{added:?}");
        }
        let (child, ports, log) = spawn(&program, folder.path());
        Self { program, hostname: hostname.to_owned(), folder, child, ports, log }
    }

    pub fn port(&self, name: &str) -> SocketAddr {
        self.ports[name]
    }

    /// Runs a command beside the server.
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(&self.program, self.folder.path(), arguments, PASSWORD)
    }

    /// Kills the server at once.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same folder; the ports are others.
    pub fn restart(&mut self) {
        (self.child, self.ports, self.log) = spawn(&self.program, self.folder.path());
    }

    /// Sends SIGTERM and waits for the end.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < Duration::from_secs(40), "it does not end: {}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// An SMTP conversation on a port.
    pub fn talk(&self, port: &str) -> Talk {
        Talk::new(self.port(port))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("--- the server's log\n{}", self.log.lock().unwrap());
        }
    }
}

fn run(program: &Path, folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program)
        .arg("--config")
        .arg(folder.join("mailhost.toml"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{input}").unwrap();
    child.wait_with_output().unwrap()
}

/// Starts the server, and reads its log until it says that it is ready.
fn spawn(program: &Path, folder: &Path) -> (Child, HashMap<String, SocketAddr>, Arc<Mutex<String>>) {
    let mut child = Command::new(program)
        .args(["serve", "--config"])
        .arg(folder.join("mailhost.toml"))
        .env("MAILHOST_LOG", "info")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut ports = HashMap::new();
    let mut all = String::new();
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the server does not start:\n{all}");
        all.push_str(&line);
        if line == "mailhost ready\n" {
            break;
        }
        if let Some((_, rest)) = line.split_once("listening port=") {
            let (name, address) = rest.trim_end().split_once(" address=").unwrap();
            ports.insert(name.to_owned(), address.parse().unwrap());
        }
    }
    let log = Arc::new(Mutex::new(all));
    keep(lines, log.clone());
    (child, ports, log)
}

fn keep(mut lines: BufReader<ChildStderr>, log: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|n| n > 0) {
            log.lock().unwrap().push_str(&line);
            line.clear();
        }
    });
}

/// A conversation in lines, in the clear.
pub struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    pub fn new(address: SocketAddr) -> Self {
        Self::try_new(address).unwrap()
    }

    /// `None` if nobody listens.
    pub fn try_new(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Self { stream: BufReader::new(stream) })
    }

    pub fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// The next SMTP reply, all lines; empty at the end of the connection.
    pub fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let start = all.len();
            if self.stream.read_line(&mut all).unwrap_or(0) == 0 || all.as_bytes().get(start + 3) != Some(&b'-') {
                return all;
            }
        }
    }

    /// The next line.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let _ = self.stream.read_line(&mut line);
        line
    }

    /// Says a line, and gives the reply.
    pub fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// EHLO, MAIL and RCPT, with the replies that a message needs.
    pub fn envelope(&mut self, from: &str, to: &[&str]) {
        assert!(self.say(&format!("MAIL FROM:<{from}>")).starts_with("250"));
        for to in to {
            assert!(self.say(&format!("RCPT TO:<{to}>")).starts_with("250"), "{to}");
        }
    }

    /// Sends content behind DATA.
    pub fn content(&mut self, text: &str) -> String {
        assert!(self.say("DATA").starts_with("354"));
        self.send(text.as_bytes());
        self.send(b".\r\n");
        self.reply()
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> String {
        let mut all = Vec::new();
        let _ = self.stream.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    }
}

/// Whether a program is installed; says so if not.
pub fn installed(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output()
        .is_ok_and(|out| out.status.success());
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}
