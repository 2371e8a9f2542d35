//! Asks a DNS server from a plain UDP socket: whether an address has a name that is its own, or what records a name has.
//!
//! Try it: `cargo run -p embed --bin dns_udp -- 127.0.0.1:53 192.0.2.1`, or `… 127.0.0.1:53 example.org MX`

use core::{error::Error, net::IpAddr, time::Duration};
use std::io::{self, Write as _};

use dns::{Iprev, Kind, Limits, Name, drive};
use embed::resolver::{Config, blocking};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(server), Some(what)) = (arguments.next(), arguments.next()) else {
        return Err("usage: dns_udp SERVER:PORT ADDRESS, or SERVER:PORT NAME [KIND]...".into());
    };
    let config = Config::new(vec![server.parse()?]);
    let mut out = io::stdout();
    if let Ok(address) = what.parse::<IpAddr>() {
        let iprev = Iprev::new(address, &Limits::default(), Duration::ZERO);
        let verdict = drive::blocking(iprev, |name, kind| blocking::lookup(&config, name, kind));
        writeln!(out, "{verdict}")?;
        return Ok(());
    }
    let name = Name::parse(&what)?;
    let mut kinds = arguments.map(|kind| kind.parse()).collect::<Result<Vec<Kind>, _>>()?;
    if kinds.is_empty() {
        kinds = Kind::ALL.into();
    }
    for kind in kinds {
        writeln!(out, "{name} {kind}: {}", blocking::lookup(&config, &name, kind))?;
    }
    Ok(())
}
