//! From the first start to the end: what is made, what is refused, what changes while the server runs, and how it stops.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::{Server, installed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mailhost");

/// Runs a command with this configuration in a folder.
fn run(folder: &Path, config: &str, arguments: &[&str]) -> (Option<i32>, String) {
    fs::write(folder.join("x.toml"), config).unwrap();
    let out = Command::new(PROGRAM).args(["--config", "x.toml"]).args(arguments).current_dir(folder).output().unwrap();
    (out.status.code(), said(&out))
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn signal(server: &Server, name: &str) {
    let sent = Command::new("kill").args([name, &server.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn wait_for_log(server: &Server, text: &str) {
    let since = Instant::now();
    while !server.log().contains(text) {
        assert!(since.elapsed() < Duration::from_secs(20), "`{text}` is not in the log: {}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All ports but HTTP off, so that many servers can run at a time.
const QUIET: &str = "[listen]\nsmtp = ['127.0.0.1:0']\nsubmission = []\nsubmissions = []\npop3 = []\npop3s = []\nhttp = ['127.0.0.1:0']\n";

#[test]
fn looking_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = run(folder.path(), QUIET, &["check"]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(folder.path(), QUIET, &["status", "--json"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text, "{\"running\":false,\"users\":0,\"messages\":0,\"delivered\":0,\"queue\":0}\n");
    let (code, text) = run(folder.path(), QUIET, &["user", "list"]);
    assert!(code == Some(1) && text.contains("mailhost user add"), "{text}");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["x.toml"]);
}

#[test]
fn check_finds_what_would_fail_later() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    fs::write(folder.path().join("empty.pem"), "").unwrap();
    for (config, why) in [
        (format!("[listen]\nsmtp = ['{port}']\nhttp = []"), "is another server running?"),
        (format!("{QUIET}[aliases]\na = 'b'\nb = 'a'"), "alias `a@mail.test` leads back to itself"),
        (format!("{QUIET}[aliases]\nsales = 'nobody'"), "`nobody@mail.test` is neither a user nor an alias"),
        (format!("{QUIET}[aliases]\nfile = 'no-such-file'"), "no-such-file"),
        (format!("{QUIET}[tls]\ncertificate = 'empty.pem'\nkey = 'empty.pem'"), "empty.pem: no certificate in it"),
        (format!("{QUIET}[log]\nfilter = 'mailhost=loud'"), "`log.filter`"),
        (format!("{QUIET}[store]\nurl = 'sqlite:x.toml'"), "cannot open the store in"),
    ] {
        let (code, text) = run(folder.path(), &config, &["check"]);
        assert!(code == Some(1) && text.contains(why), "{config}\n{text}");
    }
    let (code, text) = run(folder.path(), &format!("data = 'no/such/place'\n{QUIET}"), &["serve"]);
    assert!(code == Some(1) && text.contains("make the one above it"), "{text}");
    let (code, text) = run(folder.path(), QUIET, &["chekc"]);
    assert!(code == Some(2) && text.contains("'check'"), "{text}");
}

#[test]
fn the_first_start_shows_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    // The only test with the ports that are the default: where they are taken, the message says so, and there is no more to see.
    let start = || {
        let mut child = Command::new(PROGRAM).current_dir(folder.path()).stderr(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            text += &line;
            text.push('\n');
            if line == "mailhost ready" {
                break;
            }
        }
        let _ = child.kill();
        child.wait().unwrap();
        text
    };
    let text = start();
    if text.contains("is another server running? Choose another port under [listen]") {
        println!("skipped: a default port is taken");
        return;
    }
    let data = folder.path().join("mailhost-data");
    let password = fs::read_to_string(data.join("demo-password")).unwrap();
    assert!(text.contains(&format!("Demo user demo@mail.test, password {}", password.trim_end())), "{text}");
    assert!(text.contains("curl --crlf smtp://127.0.0.1:2525/client.example"), "{text}");
    assert!(text.contains("pop3s://127.0.0.1:2995/1"), "{text}");
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    for secret in ["demo-password", "self-signed.key", "secret", "mail.db"] {
        assert_eq!(fs::metadata(data.join(secret)).unwrap().permissions().mode() & 0o777, 0o600, "{secret}");
    }
    assert!(start().contains(password.trim_end()), "it stays the same");
}

#[test]
fn a_client_that_lingers_does_not_keep_the_server_up() {
    let mut server = Server::start(PROGRAM, "[limits]\nshutdown_time = 2");
    let mut http = TcpStream::connect(server.port("Http")).unwrap();
    http.write_all(b"GET /metrics HTTP/1.1\r\nHo").unwrap();
    // A handshake that never comes: the session cannot be told that it is over.
    let _tls = TcpStream::connect(server.port("Submissions")).unwrap();
    let mut talk = server.talk("Smtp");
    assert!(talk.reply().starts_with("220"));
    let since = Instant::now();
    assert_eq!(server.terminate().code(), Some(0));
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert!(talk.reply().starts_with("421"), "who speaks the protocol is told");
}

#[test]
fn sighup_takes_a_new_certificate_into_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let write = |name: &str| {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        fs::write(file("cert.pem"), made.cert.pem()).unwrap();
        fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
    };
    write("first.test");
    let tls = format!("[tls]\ncertificate = {:?}\nkey = {:?}", file("cert.pem"), file("key.pem"));
    let mut server = Server::start(PROGRAM, &tls);
    write("second.test");
    signal(&server, "-HUP");
    wait_for_log(&server, "the certificate has changed and is in use");
    fs::write(file("cert.pem"), "nonsense").unwrap();
    signal(&server, "-HUP");
    wait_for_log(&server, "the old one stays");
    if installed("curl") {
        let out =
            Command::new("curl").args(["-sv", "-k", &format!("pop3s://{}/", server.port("Pop3s"))]).output().unwrap();
        assert!(said(&out).contains("+OK"), "TLS still works: {}", said(&out));
    }
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn a_data_folder_may_have_a_long_name() {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("data = '{}'\n{QUIET}", "x".repeat(150));
    fs::write(folder.path().join("x.toml"), &config).unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--config", "x.toml"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "mailhost ready"));
    let (code, text) = run(folder.path(), &config, &["status", "--json"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(code == Some(0) && text.contains("\"running\":true"), "{text}");
}

#[test]
fn a_typed_password_is_not_shown() {
    if !installed("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
import os, pty, sys
def run(*typed):
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[1], [sys.argv[1], "user", "add", "ann@mail.test"])
    shown = b""
    for question, answer in zip([b"password for ann@mail.test: ", b"once more: "], typed):
        while not shown.endswith(question):
            shown += os.read(terminal, 1024)
        os.write(terminal, answer + b"\n")
    try:
        while piece := os.read(terminal, 1024):
            shown += piece
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown
code, shown = run(b"tr0ub4dor", b"tr0ub4dot")
assert code == 1 and b"differ" in shown and b"tr0ub" not in shown, (code, shown)
code, shown = run(b"tr0ub4dor", b"tr0ub4dor")
assert code == 0 and b"added ann@mail.test" in shown and b"tr0ub" not in shown, (code, shown)
"#;
    let out = Command::new("python3").args(["-c", script, PROGRAM]).current_dir(folder.path()).output().unwrap();
    assert!(out.status.success(), "{}", said(&out));
}
