use core::net::IpAddr;
use std::io;
use std::sync::Arc;
use smtp_proto::TlsFacts;
use tokio::sync::watch;
use crate::host::Host;
use crate::link::Link;
use crate::listen::Admission;
pub(crate) fn config(_: &Host) -> Arc<()> { Arc::new(()) }
pub(crate) async fn serve(_: &Host, _: Arc<()>, _: Link, _: Option<TlsFacts>, _: IpAddr, _: &Admission, _: watch::Receiver<bool>) -> io::Result<()> { Ok(()) }
