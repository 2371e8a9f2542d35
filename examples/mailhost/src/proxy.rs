//! The PROXY protocol, versions 1 and 2: whom a proxy that is listed speaks for (row W-14).
//!
//! How long a header is, is found here, so that no byte behind it is taken; what it says, the library reads.

use core::net::IpAddr;
use core::time::Duration;
use std::io;

use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

/// How a header of version 2 begins.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The longest header of version 1, with its line end.
const TEXT_MAX: usize = 107;

/// The longest header of version 2: 16 octets, and all that TCP can give it.
const BINARY_MAX: usize = 536;

/// Reads the header, which must come first. `None`: the proxy speaks for itself, to see whether this server is there.
///
/// # Errors
/// What comes is no header, is too long, or takes too long.
pub(crate) async fn client<R: AsyncRead + Unpin>(stream: &mut R, time: Duration) -> io::Result<Option<IpAddr>> {
    timeout(time, read(stream)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn read<R: AsyncRead + Unpin>(stream: &mut R) -> io::Result<Option<IpAddr>> {
    // Neither version has a shorter one.
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        let mut rest = [0; 4];
        stream.read_exact(&mut rest).await?;
        header.extend_from_slice(&rest);
        let [_, _, high, low] = rest;
        let whole = header.len() + usize::from(u16::from_be_bytes([high, low]));
        if whole > BINARY_MAX {
            return Err(invalid("a header of more than 536 octets"));
        }
        let from = header.len();
        header.resize(whole, 0);
        stream.read_exact(header.get_mut(from..).unwrap_or_default()).await?;
        binary(&header)
    } else {
        while !header.ends_with(b"\r\n") {
            if header.len() >= TEXT_MAX || !header.starts_with(b"PROXY ") {
                return Err(invalid("no header"));
            }
            header.push(stream.read_u8().await?);
        }
        text(&header)
    }
}

fn text(header: &[u8]) -> io::Result<Option<IpAddr>> {
    let header = v1::Header::try_from(header).map_err(|error| invalid(&error.to_string()))?;
    Ok(match header.addresses {
        v1::Addresses::Tcp4(addresses) => Some(addresses.source_address.into()),
        v1::Addresses::Tcp6(addresses) => Some(addresses.source_address.into()),
        v1::Addresses::Unknown => None,
    })
}

fn binary(header: &[u8]) -> io::Result<Option<IpAddr>> {
    let header = v2::Header::try_from(header).map_err(|error| invalid(&error.to_string()))?;
    Ok(match (header.command, header.addresses) {
        (v2::Command::Proxy, v2::Addresses::IPv4(addresses)) => Some(addresses.source_address.into()),
        (v2::Command::Proxy, v2::Addresses::IPv6(addresses)) => Some(addresses.source_address.into()),
        _ => None,
    })
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not the PROXY protocol: {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The address, and what is left for the session.
    async fn read(bytes: &[u8]) -> io::Result<(Option<IpAddr>, Vec<u8>)> {
        let mut rest = bytes;
        let address = client(&mut rest, Duration::from_secs(5)).await?;
        Ok((address, rest.to_vec()))
    }

    fn version_2(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[0x20 | command, family], &length, addresses].concat()
    }

    #[tokio::test]
    async fn w14_headers_say_who_it_is_and_nothing_behind_them_is_taken() {
        let four = [&[192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 0, 25][..], b"\x04\0\x01x"].concat();
        let mut six = [0; 36];
        six[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
        six[15] = 7;
        for (header, address) in [
            (b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n".to_vec(), Some("192.0.2.7")),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n".to_vec(), Some("2001:db8::7")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (version_2(1, 0x11, &four), Some("192.0.2.7")),
            (version_2(1, 0x21, &six), Some("2001:db8::7")),
            (version_2(0, 0, &[]), None),
            (version_2(0, 0x11, &four), None),
        ] {
            let address = address.map(|address| address.parse().unwrap());
            let bytes = [&header[..], b"EHLO client\r\n"].concat();
            assert_eq!(
                read(&bytes).await.unwrap(),
                (address, b"EHLO client\r\n".to_vec()),
                "{}",
                header.escape_ascii()
            );
        }
    }

    #[tokio::test]
    async fn w14_what_is_no_header_or_too_long_is_refused() {
        let long = format!("PROXY TCP4 {} 1 1\r\n", "1".repeat(TEXT_MAX));
        for bad in [
            &b"EHLO client.example\r\n"[..],
            b"PROXY TCP4 192.0.2.7\r\n",
            b"PROXY TCP4 client 198.51.100.1 4711 25\r\n",
            b"proxy TCP4 192.0.2.7 198.51.100.1 4711 25\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 25",
            long.as_bytes(),
            &version_2(1, 0x11, &[0; 521]),
            &version_2(1, 0x11, &[0; 11]),
            &version_2(2, 0x11, &[0; 12]),
            &SIGNATURE,
            b"",
        ] {
            assert!(read(bad).await.is_err(), "{}", bad.escape_ascii());
        }
        // The longest there may be.
        assert!(read(&version_2(1, 0x11, &[0; 520])).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn w14_a_header_must_come_soon() {
        let (mut ours, _theirs) = tokio::io::duplex(64);
        let error = client(&mut ours, Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    proptest! {
        #[test]
        fn no_header_is_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..600), version in 0..3_u8) {
            let start: &[u8] = match version { 1 => b"PROXY ", 2 => &SIGNATURE, _ => b"" };
            let bytes = [start, &bytes].concat();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let _ = runtime.block_on(read(&bytes));
        }
    }
}
