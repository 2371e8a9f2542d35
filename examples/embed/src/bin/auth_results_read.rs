//! A server's border in one step: reads a header from standard input, removes the Authentication-Results fields that are forged as one's own, puts the
//! server's own on top, and shows what others said.
//!
//! Try it: `cargo run -p embed --bin auth_results_read mx.example.org < letter.eml`

use std::{
    env,
    io::{self, Read as _, Write as _},
};

use auth_results::{AuthenticationResults, Leniency, Limits, Resinfo, ResultCode, claims};
use message::Index;

const NAME: &str = "Authentication-Results";

fn main() -> io::Result<()> {
    let own = env::args().nth(1).unwrap_or_else(|| "mx.example.org".to_owned());
    let mut message = Vec::new();
    io::stdin().lock().read_to_end(&mut message)?;
    let mut index = Index::default();
    let headers = index.parse(&message).map_err(io::Error::other)?;

    let mut out = Vec::new();
    // what a server found out by its own checks stands here
    let iprev = Resinfo::iprev(ResultCode::Pass, [192, 0, 2, 1].into()).comment("client.example.net");
    AuthenticationResults::new(&*own).result(iprev).write(&mut out).map_err(io::Error::other)?;
    let mut notes = io::stderr().lock();
    for (field, raw) in headers.pieces() {
        if let Some(field) = field.filter(|field| field.name().eq_ignore_ascii_case(NAME)) {
            if claims(field.value(), &own) {
                writeln!(notes, "Removed, since nobody else may write it: {}", field.text())?;
                continue;
            }
            // shown to people, believed by nobody
            match AuthenticationResults::parse_with(field.value(), &Limits::default(), Leniency::Forgiving) {
                Ok(other) => other
                    .results
                    .iter()
                    .try_for_each(|result| writeln!(notes, "{} says {result}", other.authserv_id))?,
                Err(error) => writeln!(notes, "Cannot be read: {error}")?,
            }
        }
        out.extend_from_slice(raw);
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(headers.body());
    io::stdout().lock().write_all(&out)
}
