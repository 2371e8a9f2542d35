//! `mailhost explain`: what the server would find out about a message, and what it would do with it.

use core::net::IpAddr;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use dns::Zone;
use message::Index;
use serde::Serialize;

use crate::Failure;
use crate::cli::Explain;
use crate::config::Config;
use crate::filter::{Envelope, Filter, Judgement, Row};
use crate::resolver::Resolver;

/// How much of the message the checks are given at a time, as from a connection.
const PIECE: usize = 64 << 10;

/// Judges the message in a file, and shows how.
///
/// # Errors
/// What the person who typed it has to know.
pub(crate) async fn run(config: &Config, explain: &Explain) -> Result<(), Failure> {
    let resolver = match &explain.dns {
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            let zone = Zone::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            Resolver::Zone(Arc::new(zone))
        }
        None => Resolver::new(&config.dns).map_err(|error| {
            format!("cannot find out which DNS servers to ask; name them in `dns.servers`: {error}")
        })?,
    };
    let mail = with_line_ends(&read(&explain.file)?);
    let from = explain.from.trim_start_matches('<').trim_end_matches('>');
    let envelope =
        Envelope { address: explain.ip.to_canonical(), helo: explain.helo.clone(), reverse_path: from.to_owned() };
    let judgement = judge(config, resolver, envelope, &mail).await?;
    let text = if explain.json {
        format!("{}\n", serde_json::to_string_pretty(&Told::of(&judgement))?)
    } else {
        table(explain.ip, &judgement)
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

async fn judge(config: &Config, resolver: Resolver, envelope: Envelope, mail: &[u8]) -> Result<Judgement, Failure> {
    let filter = Arc::new(Filter::new(config.filter.clone(), &config.hostname, resolver));
    let mut checks = filter.begin(envelope);
    let mut index = Index::new(config.limits.header());
    let headers = index.parse(mail).map_err(|error| format!("the message cannot be read: {error}"))?;
    checks.header(&headers);
    mail.chunks(PIECE).for_each(|piece| checks.receive(piece));
    Ok(checks.finish().await)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut mail = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut mail)
    } else {
        fs::File::open(path).and_then(|mut file| file.read_to_end(&mut mail))
    };
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(mail)
}

/// Lines end in CRLF on the wire; in files they mostly do not.
fn with_line_ends(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 32);
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                out.extend_from_slice(b"\r\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// For programs.
#[derive(Debug, Serialize)]
struct Told<'a> {
    checks: &'a [Row],
    disposition: &'a crate::filter::Disposition,
    reply: Option<String>,
    fields: String,
}

impl<'a> Told<'a> {
    fn of(judgement: &'a Judgement) -> Self {
        Self {
            checks: &judgement.rows,
            disposition: &judgement.disposition,
            reply: judgement.reply.as_ref().map(ToString::to_string),
            fields: String::from_utf8_lossy(&judgement.fields).into_owned(),
        }
    }
}

/// For people.
fn table(client: IpAddr, judgement: &Judgement) -> String {
    let about = |row: &Row| row.subject.clone().unwrap_or_default();
    let width = judgement.rows.iter().map(|row| about(row).chars().count()).max().unwrap_or(0).max(5);
    let mut out = format!("client  {client}\n\n{:<6}  {:<10}  {:<width$}  why\n", "check", "result", "about");
    for row in &judgement.rows {
        out.push_str(&format!("{:<6}  {:<10}  {:<width$}  {}\n", row.check, row.result, about(row), row.reason));
    }
    out.push_str(&format!("\nverdict: {}\n", judgement.disposition));
    if let Some(reply) = &judgement.reply {
        out.push_str(&format!("reply:   {reply}\n"));
    }
    out.push_str("\nfields put above the message:\n");
    out.push_str(&String::from_utf8_lossy(&judgement.fields).replace("\r\n", "\n"));
    out
}
