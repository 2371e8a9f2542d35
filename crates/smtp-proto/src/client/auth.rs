//! AUTH (RFC 4954).

use alloc::vec::Vec;

use super::{About, Answer, Core, Error, Stage, Step, Taken};
use wire::{Misuse, Secret, base64};

/// The longest AUTH command (RFC 5321, 4.5.3.1.4). An initial response that does not fit goes by itself (RFC 4954, 4).
const COMMAND_LINE: usize = 512;

/// The state of an AUTH exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Auth {
    /// The line that carries an initial response too long for the command, until the server has given its empty challenge.
    held: Option<Secret>,
    /// The last challenge, decoded.
    pub(super) challenge: Secret,
}

impl Core {
    /// Whether AUTH makes sense now.
    pub(super) fn admit_auth(&self, mechanism: &str) -> Result<(), Misuse> {
        // Row T-6: a password is not shown to the network.
        if self.tls.is_none() && !self.config.auth_without_tls {
            return Err(Misuse("tell: AUTH needs TLS, or the setting that allows it without"));
        }
        if self.authenticated {
            return Err(Misuse("tell: AUTH has succeeded already"));
        }
        if !self.capabilities.offers_mechanism(mechanism) {
            return Err(Misuse("tell: the server does not offer this mechanism"));
        }
        Ok(())
    }

    /// Says AUTH.
    pub(super) fn authenticate(&mut self, mechanism: &str, initial: Option<&[u8]>) -> Result<(), Misuse> {
        let command = [b"AUTH ", mechanism.as_bytes()].concat();
        self.auth = Auth::default();
        let whole = match initial {
            None => response(&command, None),
            // RFC 4954, 4: an empty one is written `=`.
            Some([]) => response(&[&command, b" =".as_slice()].concat(), None),
            Some(initial) => response(&[&command, b" ".as_slice()].concat(), Some(initial)),
        };
        if whole.expose().len() <= COMMAND_LINE {
            self.secret_line(whole);
        } else {
            let alone = response(&[], initial);
            self.fits(&alone)?;
            self.auth.held = Some(alone);
            self.secret_line(response(&command, None));
        }
        self.stage = Stage::Request;
        Ok(())
    }

    /// The caller's word on a challenge.
    pub(super) fn respond(&mut self, answer: Answer<'_>) -> Result<(), Misuse> {
        match answer {
            Answer::Response(bytes) => {
                let line = response(&[], Some(bytes));
                self.fits(&line)?;
                self.secret_line(line);
            }
            Answer::Cancel => self.cancel(),
        }
        self.asking = false;
        self.auth.challenge.clear();
        Ok(())
    }

    /// The reply to AUTH or to a line of its exchange.
    pub(super) fn auth_answered(&mut self, code: u16, bytes: &[u8]) -> Taken {
        let held = self.auth.held.take();
        match code / 100 {
            2 => {
                self.authenticated = true;
                self.ready();
                Taken::Event(About::Authenticated)
            }
            3 if code == 334 => {
                self.lines.taken_is_secret();
                let text = bytes.get(4..).and_then(|text| text.strip_suffix(b"\r\n")).unwrap_or_default();
                match (self.auth.challenge.decode_base64(text), held) {
                    (Ok(()), None) => {
                        self.asking = true;
                        return Taken::Event(About::Challenge);
                    }
                    (Ok(()), Some(line)) if self.auth.challenge.expose().is_empty() => self.secret_line(line),
                    // RFC 4954, 4: what cannot be read, or was not to be expected, ends the exchange.
                    _ => self.cancel(),
                }
                Taken::Nothing
            }
            3 => {
                self.fail(Error::Unexpected { step: Step::Auth, code });
                Taken::Nothing
            }
            _ => {
                self.ready();
                Taken::Event(About::AuthFailed)
            }
        }
    }

    fn cancel(&mut self) {
        self.auth.challenge.clear();
        self.secret_line(Secret::from(b"*\r\n".to_vec()));
    }

    fn fits(&self, line: &Secret) -> Result<(), Misuse> {
        if line.expose().len() > self.limits.auth_line {
            Err(Misuse("the response is longer than the limit for AUTH lines"))
        } else {
            Ok(())
        }
    }

    /// Queues a line of the exchange, to be wiped once it has been sent. It is the last of its group (RFC 4954, 4), so nothing is queued behind it until the
    /// server has answered.
    fn secret_line(&mut self, line: Secret) {
        self.secret = line;
        self.secret_sent = 0;
        self.wait_for(Step::Auth);
    }
}

/// A line of these words and a response in base64, made in one piece so that no copy stays behind.
fn response(words: &[u8], response: Option<&[u8]>) -> Secret {
    let mut line = Vec::with_capacity(words.len() + response.map_or(0, |bytes| bytes.len().div_ceil(3) * 4) + 2);
    line.extend_from_slice(words);
    base64::encode(response.unwrap_or_default(), &mut line);
    line.extend_from_slice(b"\r\n");
    Secret::from(line)
}
