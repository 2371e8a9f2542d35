//! What ties an exchange to the TLS connection below it.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, str::FromStr};

/// A kind of channel binding, by its registered name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum BindingType {
    /// `tls-exporter` (RFC 9266): 32 octets of keying material for the label `EXPORTER-Channel-Binding` with an empty context. For TLS
    /// 1.3, and for TLS 1.2 only with the extended master secret.
    TlsExporter,
    /// `tls-server-end-point` (RFC 5929, 4): the hash of the server's certificate, by the hash of its signature, but by SHA-256 in place
    /// of MD5 and SHA-1.
    TlsServerEndPoint,
}

impl BindingType {
    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsExporter => "tls-exporter",
            Self::TlsServerEndPoint => "tls-server-end-point",
        }
    }
}

impl FromStr for BindingType {
    type Err = UnknownBinding;

    /// Exactly as registered: unlike mechanisms these names know upper and lower case.
    fn from_str(name: &str) -> Result<Self, UnknownBinding> {
        [Self::TlsExporter, Self::TlsServerEndPoint]
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or(UnknownBinding)
    }
}

/// The name of a channel binding that is not in [`BindingType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown channel binding: use tls-exporter or tls-server-end-point")]
pub struct UnknownBinding;

/// The kind of a binding and its octets, as the TLS library gives them out. For one exchange on a connection (RFC 9266, 4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    pub(crate) kind: BindingType,
    pub(crate) data: Box<[u8]>,
}

impl ChannelBinding {
    /// A binding of this kind.
    #[must_use]
    pub fn new(kind: BindingType, data: impl Into<Vec<u8>>) -> Self {
        Self { kind, data: data.into().into_boxed_slice() }
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelBinding({}, ..)", self.kind.name())
    }
}
