//! Asks a DNS server through hickory-resolver, all questions at once: whether addresses have names that are their own, or what records a name has.
//!
//! Try it: `cargo run -p embed --bin dns_hickory -- 127.0.0.1:53 192.0.2.1`, or `… 127.0.0.1:53 example.org MX`

use core::{error::Error, net::IpAddr, time::Duration};
use std::io::{self, Write as _};

use dns::{Iprev, Kind, Limits, Name, drive};
use embed::resolver::hickory;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(server), Some(what)) = (arguments.next(), arguments.next()) else {
        return Err("usage: dns_hickory SERVER:PORT ADDRESS, or SERVER:PORT NAME [KIND]...".into());
    };
    let resolver = hickory::resolver(server.parse()?)?;
    let mut out = io::stdout();
    if let Ok(address) = what.parse::<IpAddr>() {
        let iprev = Iprev::new(address, &Limits::default(), Duration::ZERO);
        let verdict = drive::concurrent(iprev, |name, kind| hickory::lookup(&resolver, name, kind)).await;
        writeln!(out, "{verdict}")?;
        return Ok(());
    }
    let name = Name::parse(&what)?;
    let mut kinds = arguments.map(|kind| kind.parse()).collect::<Result<Vec<Kind>, _>>()?;
    if kinds.is_empty() {
        kinds = Kind::ALL.into();
    }
    for kind in kinds {
        writeln!(out, "{name} {kind}: {}", hickory::lookup(&resolver, name, kind).await)?;
    }
    Ok(())
}
