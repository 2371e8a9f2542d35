//! A real DNS server for tests.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// A DNS server; ends with this.
pub struct Dns {
    child: Child,
    pub port: u16,
    /// The addresses of its hosts are in this network, which no other test has.
    pub network: u8,
    /// A port that is free on them.
    pub mail_port: u16,
}

impl Dns {
    /// The zone of these tests: `a.test` to `e.test` have a host each; `nomail.test` takes none, the mail of `loop.test` leads to that of `a.test`, and that of
    /// `two.test` to those of `e.test` and `c.test`, in this order.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with more records, as dnsmasq's command line has them.
    pub fn with(more: &[String]) -> Self {
        static NETWORKS: AtomicU8 = AtomicU8::new(10);
        let network = NETWORKS.fetch_add(1, Ordering::Relaxed);
        let server = Ipv4Addr::new(127, network, 0, 1);
        let port = TcpListener::bind((server, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new("dnsmasq");
        command.args([
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
        ]);
        command.arg(format!("--listen-address={server}")).args(["--local=/test/", "--user=root", "--pid-file="]);
        command.arg(format!("--port={port}"));
        for name in ["a", "b", "c", "d", "e"] {
            command.arg(format!("--mx-host={name}.test,mx.{name}.test,10"));
            command.arg(format!("--host-record=mx.{name}.test,{}", host(network, name)));
        }
        // preference 0 and the root (RFC 7505)
        command.arg("--dns-rr=nomail.test,15,000000");
        command.arg("--mx-host=loop.test,mx.a.test,10");
        command.args(["--mx-host=two.test,mx.e.test,10", "--mx-host=two.test,mx.c.test,20"]);
        command.args(more);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mail_port = TcpListener::bind((host(network, "a"), 0)).unwrap().local_addr().unwrap().port();
        let this = Self { child, port, network, mail_port };
        let since = Instant::now();
        while TcpStream::connect((server, port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(10), "the DNS server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        this
    }

    /// The lines of a configuration that ask it.
    pub fn config(&self) -> String {
        format!("[dns]\nservers = ['127.{}.0.1:{}']", self.network, self.port)
    }

    /// Where the host of a domain listens.
    pub fn host(&self, name: &str) -> SocketAddr {
        (host(self.network, name), self.mail_port).into()
    }
}

/// The address of a domain's host.
pub fn host(network: u8, name: &str) -> Ipv4Addr {
    Ipv4Addr::new(127, network, 0, name.as_bytes()[0])
}

impl Drop for Dns {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
