//! The commands, as somebody types them.

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
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use support::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mailhost");

/// Runs a command in a folder of its own.
fn run(folder: &std::path::Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

#[test]
fn users_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let mailhost = |arguments: &[&str], input: &str| run(folder.path(), arguments, input);
    let out = mailhost(&["user", "add", "Ann@mail.test", "--password-stdin"], "secret\n");
    assert!(out.status.success() && said(&out).contains("added ann@mail.test"), "{}", said(&out));
    let again = mailhost(&["user", "add", "ann@mail.test", "--password-stdin"], "secret\n");
    assert!(!again.status.success() && said(&again).contains("already"), "{}", said(&again));
    for (address, why) in [
        ("ann@example.com", "domains"),
        ("ann", "local@domain"),
        ("ann+x@mail.test", "detail"),
        ("a b@mail.test", "address"),
    ] {
        let out = mailhost(&["user", "add", address, "--password-stdin"], "secret\n");
        assert!(!out.status.success() && said(&out).contains(why), "{address}: {}", said(&out));
    }
    let empty = mailhost(&["user", "add", "ben@mail.test", "--password-stdin"], "\n");
    assert!(!empty.status.success() && said(&empty).contains("empty"), "{}", said(&empty));
    assert!(mailhost(&["user", "password", "ann@mail.test", "--password-stdin"], "other\n").status.success());
    assert!(said(&mailhost(&["user", "list"], "")).contains("ann@mail.test  0 messages"));
    let status: serde_json::Value = serde_json::from_slice(&mailhost(&["status", "--json"], "").stdout).unwrap();
    assert_eq!((status["running"].as_bool(), status["users"].as_u64()), (Some(false), Some(1)));
    assert!(mailhost(&["check"], "").status.success());
    assert!(mailhost(&["user", "remove", "ann@mail.test"], "").status.success());
    let missing = mailhost(&["user", "remove", "ann@mail.test"], "");
    assert!(!missing.status.success() && said(&missing).contains("no user"), "{}", said(&missing));
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let with = |text: &str, arguments: &[&str]| {
        fs::write(folder.path().join("x.toml"), text).unwrap();
        run(folder.path(), arguments, "")
    };
    for (text, why) in [
        ("hostnme = 'x'", "did you mean `hostname`?"),
        ("[listen]\nsmpt = []", "did you mean `listen.smtp`?"),
        ("[listen]\nsmtp = ['1.2.3.4']", "smtp"),
        ("[tls]\ncertificate = 'no.pem'\nkey = 'no.key'", "no.pem"),
        ("[aliases]\nx = 'y@example.com'", "not relayed"),
        ("[limits]\nquota = -1", "quota"),
    ] {
        // `--config` may stand before the command or behind it.
        for arguments in [["--config", "x.toml", "check"], ["check", "--config", "x.toml"]] {
            let out = with(text, &arguments);
            assert_eq!(out.status.code(), Some(1), "{text}");
            assert!(said(&out).contains(why), "{text}: {}", said(&out));
        }
    }
    let out = run(folder.path(), &["--config", "missing.toml"], "");
    assert!(!out.status.success() && said(&out).contains("missing.toml"), "{}", said(&out));
    let help = said(&run(folder.path(), &["--help"], ""));
    assert!(help.contains("Examples:") && help.contains("mailhost user add"), "{help}");
}

#[test]
fn one_server_for_a_folder_and_a_port() {
    let server = Server::start(PROGRAM, "");
    let second = server.run(&["serve"]);
    assert!(!second.status.success() && said(&second).contains("another mailhost serves"), "{}", said(&second));
    // A command beside the server works on the same store.
    let out = server.run(&["user", "add", "new@mail.test", "--password-stdin"]);
    assert!(out.status.success(), "{}", said(&out));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let mut talk = server.talk("Smtp");
    talk.reply();
    talk.say("EHLO client.example");
    talk.envelope("you@example.net", &["new@mail.test"]);
}
