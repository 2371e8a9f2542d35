//! The resolvers against name servers that others wrote (dnsmasq and nsd, where they are installed), and against one that misbehaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test that cannot go on must fail"
)]

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use dns::{Absence, Iprev, IprevResult, Kind, Limits, Name, RecordSet, Response, Txt, Zone, drive};
use embed::resolver::{Config, Resolver, blocking, hickory};

/// What the server serves, and what we read of the same text.
const FORWARD: &str = r#"
$ORIGIN mail.test.
$TTL 300
@            SOA   ns hostmaster ( 7 3600 600 86400 60 )
             NS    ns
             MX    10 mx1
             MX    20 mx2
             TXT   "v=spf1 " "mx -all"
             TXT   "another \"text\" \; \200"
ns           A     127.0.0.1
mx1          A     192.0.2.1
             AAAA  2001:db8::1
mx2       60 A     192.0.2.2
_25._tcp.mx1 TLSA  3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
www          CNAME alias
alias        CNAME mx1
nowhere      CNAME missing
nomail       MX    0 .
*.wild       TXT   "anything"
a.wild       A     192.0.2.3
deep.empty   A     192.0.2.4
"#;
const REVERSE: &str = r#"
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 300
@ SOA ns.mail.test. hostmaster.mail.test. 1 3600 600 86400 60
  NS  ns.mail.test.
1 PTR mx1.mail.test.
2 PTR mx1.mail.test.
"#;

/// The same for dnsmasq, which knows no wildcards and gives one TTL to all.
const DNSMASQ: &str = "
no-resolv
no-hosts
local-ttl=300
local=/mail.test/
local=/2.0.192.in-addr.arpa/
host-record=ns.mail.test,127.0.0.1
host-record=mx1.mail.test,192.0.2.1,2001:db8::1
host-record=mx2.mail.test,192.0.2.2
ptr-record=2.2.0.192.in-addr.arpa,mx1.mail.test
mx-host=mail.test,mx1.mail.test,10
mx-host=mail.test,mx2.mail.test,20
txt-record=mail.test,\"v=spf1 \",\"mx -all\"
dns-rr=_25._tcp.mx1.mail.test,52,0301010123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
cname=www.mail.test,mx1.mail.test
";

/// What dnsmasq is asked, and answers as the zone's text does: names, and the kinds that its settings have for them.
const DNSMASQ_KNOWS: [(&str, &[Kind]); 9] = [
    ("mail.test", &[Kind::Mx, Kind::A, Kind::Aaaa, Kind::Ptr, Kind::Tlsa]),
    ("mx1.mail.test", &[Kind::A, Kind::Aaaa, Kind::Mx, Kind::Txt]),
    // Of other kinds it would say that the name does not exist.
    ("_25._tcp.mx1.mail.test", &[Kind::Tlsa]),
    ("www.mail.test", &[Kind::A, Kind::Aaaa]),
    ("missing.mail.test", &[Kind::A, Kind::Mx, Kind::Txt]),
    ("long.mail.test", &[Kind::Txt]),
    ("1.2.0.192.in-addr.arpa", &[Kind::Ptr]),
    ("2.2.0.192.in-addr.arpa", &[Kind::Ptr]),
    ("9.2.0.192.in-addr.arpa", &[Kind::Ptr]),
];

/// A name server, until it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts it, and waits until it answers.
    fn start(command: &mut Command, port: u16, folder: tempfile::TempDir) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), _folder: folder };
        let mut config = Config::new(vec![server.address]);
        config.timeout = Duration::from_millis(200);
        let begin = Instant::now();
        while blocking::lookup(&config, &name("ns.mail.test"), Kind::A).as_answer().a().is_err() {
            assert!(begin.elapsed() < Duration::from_secs(20), "the name server does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a program is; `None`, said on one line, where it is not installed.
fn program(name: &str) -> Option<String> {
    let paths = ["/usr/sbin", "/usr/local/sbin"].map(|folder| format!("{folder}/{name}"));
    let found = paths.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        println!("skipped: {name} is not installed");
    }
    found
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A text that does not fit into a UDP answer.
fn long_text() -> String {
    (0..20).map(|at| format!("long TXT \"{at:02} {}\"\n", "x".repeat(200))).collect()
}

/// nsd with the two zones; `None`, said on one line, where it is not installed.
fn nsd() -> Option<Server> {
    let program = program("nsd")?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    fs::write(folder.path().join("forward"), [FORWARD, &long_text()].concat()).unwrap();
    fs::write(folder.path().join("reverse"), REVERSE).unwrap();
    let port = free_port();
    let settings = format!(
        "server:\n ip-address: 127.0.0.1@{port}\n username: \"\"\n chroot: \"\"\n zonesdir: \"{path}\"\n database: \"\"\n \
         pidfile: \"\"\n xfrdfile: \"\"\n zonelistfile: \"{path}/zones\"\n logfile: \"{path}/log\"\n server-count: 1\n \
         round-robin: no\nremote-control:\n control-enable: no\n\
         zone:\n name: mail.test\n zonefile: forward\nzone:\n name: 2.0.192.in-addr.arpa\n zonefile: reverse\n\
         zone:\n name: broken.test\n zonefile: missing\n",
    );
    fs::write(folder.path().join("nsd.conf"), settings).unwrap();
    let settings = folder.path().join("nsd.conf");
    Some(Server::start(Command::new(program).arg("-d").arg("-c").arg(settings), port, folder))
}

/// dnsmasq with records of [`FORWARD`], as many as its settings can say; `None`, said on one line, where it is not installed.
fn dnsmasq() -> Option<Server> {
    let program = program("dnsmasq")?;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let long: String =
        long_text().lines().map(|line| line.replace("long TXT ", "txt-record=long.mail.test,") + "\n").collect();
    fs::write(folder.path().join("settings"), [DNSMASQ, &long].concat()).unwrap();
    let mut command = Command::new(program);
    command.args(["--keep-in-foreground", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=", "--user="]);
    let settings = folder.path().join("settings");
    command.arg(format!("--port={port}")).arg(format!("--conf-file={}", settings.display()));
    Some(Server::start(&mut command, port, folder))
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// The same response, its records in one order.
fn sorted(response: Response) -> Response {
    match response {
        Response::Records { mut records, ttl, authenticated } => {
            match &mut records {
                RecordSet::A(records) => records.sort(),
                RecordSet::Aaaa(records) => records.sort(),
                RecordSet::Mx(records) => records.sort_by_key(|mx| mx.preference),
                RecordSet::Txt(records) => records.sort_by(|a, b| a.0.cmp(&b.0)),
                RecordSet::Ptr(records) | RecordSet::Ns(records) => records.sort(),
                _ => {}
            }
            Response::Records { records, ttl, authenticated }
        }
        absent @ Response::Absent(_) => absent,
    }
}

/// What our own reading of the zones says.
fn zone() -> Zone {
    Zone::parse(&[FORWARD, &long_text(), REVERSE].concat()).unwrap()
}

const NAMES: [&str; 16] = [
    "mail.test",
    "mx1.mail.test",
    "mx2.mail.test",
    "_25._tcp.mx1.mail.test",
    "www.mail.test",
    "alias.mail.test",
    "nowhere.mail.test",
    "nomail.mail.test",
    "missing.mail.test",
    "x.wild.mail.test",
    "x.y.wild.mail.test",
    "a.wild.mail.test",
    "x.a.wild.mail.test",
    "empty.mail.test",
    "long.mail.test",
    "1.2.0.192.in-addr.arpa",
];

/// Asks a server by all resolvers; the number of questions.
async fn agree(server: &Server, questions: impl Iterator<Item = (&str, Kind)>) -> usize {
    let config = Config::new(vec![server.address]);
    let zone = zone();
    let resolver = Resolver::new(config.clone());
    let theirs = hickory::resolver(server.address).unwrap();
    let mut count = 0;
    for (text, kind) in questions {
        let name = name(text);
        let expected = sorted(zone.lookup(&name, kind));
        assert_eq!(sorted(blocking::lookup(&config, &name, kind)), expected, "blocking: {text} {kind}");
        assert_eq!(sorted(resolver.lookup(name, kind).await), expected, "asynchronous: {text} {kind}");
        assert_eq!(sorted(resolver.lookup(name, kind).await), expected, "kept: {text} {kind}");
        assert_eq!(sorted(hickory::lookup(&theirs, name, kind).await), expected, "hickory: {text} {kind}");
        count += 1;
    }
    count
}

/// What a server does not answer is told alike.
async fn decline(server: &Server, text: &str, absence: Absence) {
    let config = Config::new(vec![server.address]);
    let (name, absence) = (name(text), Response::from(absence));
    assert_eq!(blocking::lookup(&config, &name, Kind::A), absence, "{text}");
    assert_eq!(Resolver::new(config).lookup(name, Kind::A).await, absence, "{text}");
    let theirs = hickory::resolver(server.address).unwrap();
    assert_eq!(hickory::lookup(&theirs, name, Kind::A).await, absence, "{text}");
}

#[tokio::test]
async fn three_resolvers_and_the_zone_agree() {
    let Some(server) = nsd() else { return };
    let questions = NAMES.into_iter().flat_map(|name| Kind::ALL.into_iter().map(move |kind| (name, kind)));
    let count = agree(&server, questions).await;
    println!("nsd: {count} questions, answered alike by three resolvers and the zone's text");
    decline(&server, "elsewhere.example", Absence::Refused).await;
    decline(&server, "broken.test", Absence::TryLater).await;
}

#[tokio::test]
async fn three_resolvers_and_dnsmasq_agree() {
    let Some(server) = dnsmasq() else { return };
    let questions = DNSMASQ_KNOWS.into_iter().flat_map(|(name, kinds)| kinds.iter().map(move |kind| (name, *kind)));
    let count = agree(&server, questions).await;
    println!("dnsmasq: {count} questions, answered alike by three resolvers and the zone's text");
    decline(&server, "elsewhere.example", Absence::Refused).await;
}

#[test]
fn the_programs_run() {
    for server in [dnsmasq(), nsd()].into_iter().flatten() {
        for program in [env!("CARGO_BIN_EXE_dns_udp"), env!("CARGO_BIN_EXE_dns_hickory")] {
            let says = |arguments: &[&str]| {
                let output = Command::new(program).arg(server.address.to_string()).args(arguments).output().unwrap();
                String::from_utf8(output.stdout).unwrap()
            };
            assert_eq!(says(&["192.0.2.1"]), "iprev=pass: 192.0.2.1 is mx1.mail.test\n");
            assert_eq!(
                says(&["192.0.2.2"]),
                "iprev=fail: 192.0.2.2 says it is mx1.mail.test, which has other addresses\n"
            );
            assert_eq!(
                says(&["192.0.2.9"]),
                "iprev=permerror: 192.0.2.9 has no name that is known: the name does not exist\n"
            );
            assert_eq!(says(&["www.mail.test", "AAAA"]), "www.mail.test AAAA: AAAA 2001:db8::1 (TTL 300)\n");
            assert_eq!(says(&["mail.test"]).lines().count(), Kind::ALL.len());
        }
    }
}

/// A server of ours that answers as it is told, and counts the questions.
struct Fake {
    address: SocketAddr,
    asked: Arc<AtomicU32>,
}

impl Fake {
    /// `answers` are the messages that go back for each question; the number is the question's.
    fn start(answers: impl Fn(&[u8], u32) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicU32::new(0)));
        let counter = Arc::clone(&asked);
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((n, client)) = socket.recv_from(&mut buffer) {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                for message in answers(&buffer[..n], number) {
                    socket.send_to(&message, client).unwrap();
                }
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn config(&self) -> Config {
        let mut config = Config::new(vec![self.address]);
        config.timeout = Duration::from_millis(500);
        config
    }
}

/// The answer to a question: a response code, and one address if there is none.
fn reply(question: &[u8], code: u8, ttl: u8, last: u8) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|octet| *octet == 0).unwrap() + 5;
    let mut message = question[..end].to_vec();
    message[2] |= 0x80;
    // Authentic, as far as the server says.
    message[3] = 0x20 | code;
    message[7] = u8::from(code == 0);
    message[11] = 0;
    if code == 0 {
        message.extend_from_slice(&[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4, 192, 0, 2, last]);
    }
    message
}

fn last(response: &Response) -> u8 {
    response.as_answer().a().unwrap()[0].octets()[3]
}

/// Both resolvers, the first time.
async fn both(fake: impl Fn() -> Fake, check: impl Fn(&str, Response, &Fake)) {
    let server = fake();
    let config = server.config();
    let response = tokio::task::spawn_blocking(move || blocking::lookup(&config, &name("a.test"), Kind::A)).await;
    check("blocking", response.unwrap(), &server);
    let server = fake();
    check("asynchronous", Resolver::new(server.config()).lookup(name("a.test"), Kind::A).await, &server);
}

#[tokio::test]
async fn n5_what_is_no_answer_is_ignored() {
    let fake = || {
        Fake::start(|question, _| {
            let mut other_id = reply(question, 0, 60, 1);
            other_id[1] ^= 1;
            let mut other_question = reply(question, 0, 60, 2);
            other_question[13] ^= 1;
            let cut = reply(question, 0, 60, 3)[..20].to_vec();
            vec![other_id, other_question, cut, question.to_vec(), reply(question, 0, 60, 4)]
        })
    };
    both(fake, |which, response, server| {
        assert_eq!((last(&response), server.asked()), (4, 1), "{which}");
    })
    .await;
}

#[tokio::test]
async fn n5_ids_are_random() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = Fake::start(move |question, _| {
        sender.send([question[0], question[1]]).unwrap();
        vec![reply(question, 0, 0, 1)]
    });
    let resolver = Resolver::new(server.config());
    for _ in 0..20 {
        resolver.lookup(name("a.test"), Kind::A).await;
    }
    let mut ids: Vec<_> = receiver.try_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > 15, "{ids:?}");
}

#[tokio::test]
async fn servers_without_edns_are_asked_without() {
    let fake = || {
        Fake::start(|question, _| {
            let edns = question[11] == 1;
            vec![reply(question, if edns { 1 } else { 0 }, 60, 1)]
        })
    };
    both(fake, |which, response, server| assert_eq!((last(&response), server.asked()), (1, 2), "{which}")).await;
}

#[tokio::test]
async fn n6_silence_ends() {
    both(
        || Fake::start(|_, _| Vec::new()),
        |which, response, server| {
            assert_eq!(response, Absence::TryLater.into(), "{which}");
            assert_eq!(server.asked(), 2, "{which}");
        },
    )
    .await;
}

#[tokio::test]
async fn the_next_server_is_asked_and_remembered() {
    let (bad, good) = (
        Fake::start(|question, _| vec![reply(question, 2, 60, 1)]),
        Fake::start(|question, _| vec![reply(question, 0, 60, 2)]),
    );
    let mut config = bad.config();
    config.servers.push(good.address);
    assert_eq!(last(&blocking::lookup(&config, &name("a.test"), Kind::A)), 2);
    let resolver = Resolver::new(config);
    for text in ["a.test", "b.test", "c.test"] {
        assert_eq!(last(&resolver.lookup(name(text), Kind::A).await), 2);
    }
    assert_eq!((bad.asked(), good.asked()), (2, 4));
}

#[tokio::test]
async fn dnssec_is_believed_of_trusted_servers_alone() {
    let server = Fake::start(|question, _| vec![reply(question, 0, 60, 1)]);
    for trusted in [true, false] {
        let mut config = server.config();
        config.trusted = trusted;
        let response = blocking::lookup(&config, &name("a.test"), Kind::A);
        assert_eq!(response.as_answer().is_authenticated(), trusted);
        let response = Resolver::new(config).lookup(name("a.test"), Kind::A).await;
        assert_eq!(response.as_answer().is_authenticated(), trusted);
    }
}

/// Lets time pass for the cache, while no socket is waited for.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn answers_are_kept_as_long_as_they_say() {
    let server = Fake::start(|question, number| vec![reply(question, 0, 60, number as u8)]);
    let resolver = Resolver::new(server.config());
    let ask = async || {
        let response = resolver.lookup(name("a.test"), Kind::A).await;
        (last(&response), response.as_answer().ttl())
    };
    assert_eq!(ask().await, (0, 60));
    pass(40).await;
    assert_eq!(ask().await, (0, 20));
    pass(21).await;
    assert_eq!(ask().await, (1, 60));
    assert_eq!(last(&resolver.clone().lookup(name("a.test"), Kind::A).await), 1);
    assert_eq!(last(&resolver.lookup(name("b.test"), Kind::A).await), 2);
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn failure_is_kept_for_a_moment() {
    let server = Fake::start(|question, number| vec![reply(question, if number < 2 { 2 } else { 0 }, 60, 1)]);
    let resolver = Resolver::new(server.config());
    for _ in 0..3 {
        assert_eq!(resolver.lookup(name("a.test"), Kind::A).await, Absence::TryLater.into());
    }
    assert_eq!(server.asked(), 2);
    pass(6).await;
    assert_eq!(last(&resolver.lookup(name("a.test"), Kind::A).await), 1);
}

#[tokio::test]
async fn no_more_is_kept_than_was_said() {
    let server = Fake::start(|question, _| vec![reply(question, 0, 60, 1)]);
    let mut config = server.config();
    config.kept = 2;
    let resolver = Resolver::new(config);
    for text in ["a.test", "b.test", "a.test", "c.test", "a.test", "b.test"] {
        resolver.lookup(name(text), Kind::A).await;
    }
    // `b` was used least when `c` came.
    assert_eq!(server.asked(), 4);
    let mut config = server.config();
    config.kept_octets = 3;
    let resolver = Resolver::new(config);
    for _ in 0..2 {
        assert_eq!(last(&resolver.lookup(name("a.test"), Kind::A).await), 1);
    }
    assert_eq!(server.asked(), 6);
}

#[tokio::test]
async fn n5_the_same_question_is_asked_once_at_a_time() {
    let server = Fake::start(|question, _| {
        thread::sleep(Duration::from_millis(50));
        vec![reply(question, 0, 0, 1)]
    });
    let resolver = Resolver::new(server.config());
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let resolver = resolver.clone();
            tokio::spawn(async move { resolver.lookup(name("a.test"), Kind::A).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(last(&task.await.unwrap()), 1);
    }
    assert_eq!(server.asked(), 1);
    resolver.lookup(name("a.test"), Kind::A).await;
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn an_inquiry_asks_all_at_once() {
    // Each answer comes when all ten names have been asked about.
    let held = std::sync::Mutex::new(Vec::new());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((n, client)) = socket.recv_from(&mut buffer) {
            let mut held = held.lock().unwrap();
            held.push((reply(&buffer[..n], 0, 60, 1), client));
            if held.len() == 10 {
                for (message, client) in held.drain(..).rev() {
                    socket.send_to(&message, client).unwrap();
                }
            }
        }
    });
    let resolver = Resolver::new(Config::new(vec![address]));
    let names = (0..10).map(|at| name(&format!("n{at}.test"))).collect();
    let iprev = Iprev::new("192.0.2.1".parse().unwrap(), &Limits::default(), Duration::ZERO);
    let verdict = drive::concurrent(iprev, |name, kind| {
        let (resolver, names) = (&resolver, RecordSet::Ptr(Vec::clone(&names)));
        async move {
            match kind {
                Kind::Ptr => Response::Records { records: names, ttl: 60, authenticated: false },
                kind => resolver.lookup(name, kind).await,
            }
        }
    })
    .await;
    assert_eq!((verdict.result, verdict.name), (IprevResult::Pass, Some(name("n0.test"))));
}

#[tokio::test]
async fn n5_long_answers_come_by_tcp() {
    for server in [dnsmasq(), nsd()].into_iter().flatten() {
        let config = Config::new(vec![server.address]);
        for response in [
            blocking::lookup(&config, &name("long.mail.test"), Kind::Txt),
            Resolver::new(config.clone()).lookup(name("long.mail.test"), Kind::Txt).await,
        ] {
            let octets: usize = response.as_answer().txt().unwrap().iter().map(|Txt(text)| text.len()).sum();
            assert_eq!(octets, 20 * 203);
        }
    }
}
