//! What all checks together come to.

use core::fmt;

use auth_results::{AuthenticationResults, DkimSignature, Resinfo, ResultCode};
use dmarc::{Override, OverrideReason, Policy};
use dns::{IprevVerdict, Name};
use serde::Serialize;
use smtp_proto::{EnhancedStatus, Reply};
use spf::SpfResult;

use super::{Envelope, Filter};

/// What SPF found of one identity.
#[derive(Debug, Clone)]
pub(super) struct SpfFound {
    verdict: spf::Verdict,
    identity: spf::Identity,
    domain: Option<Name>,
    explanation: Option<String>,
    /// One line for people.
    trace: String,
    /// The Received-SPF field.
    field: Vec<u8>,
}

impl SpfFound {
    /// From a check that is done.
    pub(super) fn new(check: &spf::CheckHost) -> Option<Self> {
        Some(Self {
            verdict: check.verdict()?,
            identity: check.identity(),
            domain: check.domain().copied(),
            explanation: check.explanation().map(str::to_owned),
            trace: check.trace().to_string(),
            field: check.received_spf()?.to_string().into_bytes(),
        })
    }

    /// For DMARC.
    pub(super) fn fact(&self) -> Option<dmarc::Spf> {
        let identity = match self.identity {
            spf::Identity::MailFrom => dmarc::Identity::MailFrom,
            spf::Identity::Helo => dmarc::Identity::Helo,
        };
        Some(dmarc::Spf { outcome: dmarc::Outcome::of(self.verdict.result.as_str()), domain: self.domain?, identity })
    }

    /// The reply to a sender whose domain does not let it send (RFC 7208, 8.4; RFC 7372, 3.2).
    pub(super) fn refusal(&self) -> Option<Reply<'static>> {
        if self.verdict.result != SpfResult::Fail {
            return None;
        }
        let domain = self.domain.map_or_else(|| "the sender's domain".to_owned(), |domain| domain.to_string());
        let text = match &self.explanation {
            // RFC 7208, 6.2: whose words these are is said.
            Some(explanation) => {
                format!("SPF of {domain} says that this client may not send for it: {domain} explained: {explanation}")
            }
            None => format!("SPF of {domain} says that this client may not send for it"),
        };
        Some(Reply::new(550, Some(EnhancedStatus::new(5, 7, 23)), text))
    }
}

/// One signature, for DMARC; one whose domain is no name proves nothing.
pub(super) fn fact_of(signature: &dkim::SignatureVerdict) -> Option<dmarc::Dkim> {
    let outcome = match signature.outcome() {
        // A signature that only tests counts as none (RFC 6376, 3.6.1).
        dkim::Outcome::Pass if !signature.counts() => dmarc::Outcome::Fail,
        outcome => dmarc::Outcome::of(outcome.name()),
    };
    let partial = signature.signature.as_ref().is_some_and(|signature| signature.length().is_some());
    Some(dmarc::Dkim { outcome, domain: signature.domain.as_ref()?.parse().ok()?, partial })
}

/// What each check found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) envelope: Envelope,
    pub(super) iprev: Option<IprevVerdict>,
    pub(super) spf: Vec<SpfFound>,
    pub(super) dkim: Option<dkim::Verdict>,
    pub(super) arc: Option<arc::Verdict>,
    pub(super) dmarc: Option<dmarc::Verdict>,
}

/// What is done with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Disposition {
    /// It goes to INBOX.
    Deliver,
    /// It goes to Junk.
    Junk,
    /// It is refused.
    Refuse,
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Deliver => "deliver to INBOX",
            Self::Junk => "deliver to Junk",
            Self::Refuse => "refuse",
        })
    }
}

/// One check's result, for people and programs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Which check.
    pub(crate) check: &'static str,
    /// Its result, in the words of Authentication-Results.
    pub(crate) result: String,
    /// Whose domain or address it is about.
    pub(crate) subject: Option<String>,
    /// Why.
    pub(crate) reason: String,
}

/// What all checks together come to.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// What is done.
    pub(crate) disposition: Disposition,
    /// The reply, where it is refused.
    pub(crate) reply: Option<Reply<'static>>,
    /// Authentication-Results and Received-SPF, each with its line end, to be put above the message.
    pub(crate) fields: Vec<u8>,
    /// Each check.
    pub(crate) rows: Vec<Row>,
}

/// All results on one line, for the log.
impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            write!(f, "{}={}", row.check, row.result)?;
            if let Some(subject) = &row.subject {
                write!(f, " ({subject})")?;
            }
            f.write_str("; ")?;
        }
        write!(f, "{}", self.disposition)
    }
}

impl Found {
    pub(super) fn judge(mut self, filter: &Filter) -> Judgement {
        self.believe_sealers(filter);
        let (disposition, reply) = self.disposition(filter);
        Judgement { disposition, reply, fields: self.fields(filter), rows: self.rows() }
    }

    /// A message that fails only because it was passed on, by a server that is believed and found it right, is not held against its author (RFC 8617, 7.2).
    fn believe_sealers(&mut self, filter: &Filter) {
        let Some(verdict) = &self.dmarc else { return };
        if verdict.disposition == Policy::None
            || !self.arc.as_ref().is_some_and(|arc| arc.vouches_dmarc(&filter.sealers))
        {
            return;
        }
        let forwarded = Override { reason: OverrideReason::TrustedForwarder, disposition: Policy::None, comment: None };
        self.dmarc = self.dmarc.take().map(|verdict| verdict.with_override(forwarded));
    }

    fn disposition(&self, filter: &Filter) -> (Disposition, Option<Reply<'static>>) {
        if filter.settings.spf.reject
            && let Some(reply) = self.spf.iter().find_map(SpfFound::refusal)
        {
            return (Disposition::Refuse, Some(reply));
        }
        let settings = &filter.settings.dmarc;
        let Some(verdict) = &self.dmarc else { return (Disposition::Deliver, None) };
        // RFC 9989, 8: whether a policy alone is enough to refuse a message is the operator's to say.
        match verdict.handling(true) {
            Policy::Reject if settings.reject => {
                let text = verdict.rejection().to_string();
                (Disposition::Refuse, Some(Reply::new(550, Some(EnhancedStatus::new(5, 7, 1)), text)))
            }
            Policy::Reject => (Disposition::Junk, None),
            Policy::Quarantine if settings.quarantine => (Disposition::Junk, None),
            Policy::Quarantine | Policy::None => (Disposition::Deliver, None),
        }
    }

    /// The fields that go above the message (RFC 8601, 5; RFC 7208, 9.1).
    fn fields(&self, filter: &Filter) -> Vec<u8> {
        let mut field = AuthenticationResults::new(filter.authserv_id());
        if let Some(iprev) = &self.iprev {
            field = field.result(Resinfo::iprev(iprev.result.as_str().into(), iprev.address));
        }
        for found in &self.spf {
            field = field.result(self.spf_result(found));
        }
        if self.dkim.as_ref().is_some_and(|dkim| dkim.signatures().is_empty()) {
            field = field.result(Resinfo::new(auth_results::Method::Dkim, ResultCode::None));
        }
        let signatures = self.dkim.as_ref().map(dkim::Verdict::signatures).unwrap_or_default();
        let identities: Vec<_> = signatures.iter().map(dkim::SignatureVerdict::identity).collect();
        for (signature, identity) in signatures.iter().zip(&identities) {
            let named = DkimSignature {
                domain: signature.domain.as_deref().unwrap_or("unknown"),
                identity: identity.as_deref(),
                algorithm: signature.algorithm().map(dkim::Algorithm::name),
                selector: signature.selector.as_deref(),
                signature: Some(&*signature.first_of_b).filter(|b| !b.is_empty()),
                ..DkimSignature::default()
            };
            let mut result = Resinfo::dkim(signature.outcome().name().into(), named);
            if let Some(problem) = &signature.problem {
                result = result.reason(problem.to_string());
            }
            field = field.result(result);
        }
        let author = self.dmarc.as_ref().and_then(dmarc::Verdict::author_domain);
        if let Some(verdict) = &self.dmarc {
            let policy = verdict.policy.map(Policy::as_str);
            let from = author.map_or("", Name::as_str);
            field = field.result(Resinfo::dmarc(verdict.result.as_str().into(), from, policy));
        }
        if let Some(arc) = &self.arc {
            field = field.result(Resinfo::arc(
                arc.result().as_str().into(),
                Some(self.envelope.address),
                arc.oldest_pass(),
            ));
        }
        let mut out = Vec::new();
        // The host's name has been looked at when the configuration was read; a field that cannot be written is none.
        let _ = field.write(&mut out);
        for found in &self.spf {
            out.extend_from_slice(&found.field);
        }
        out
    }

    fn spf_result<'a>(&'a self, found: &'a SpfFound) -> Resinfo<'a> {
        let result: ResultCode<'_> = found.verdict.result.as_str().into();
        match found.identity {
            spf::Identity::MailFrom if !self.envelope.reverse_path.is_empty() => {
                Resinfo::spf_mailfrom(result, &self.envelope.reverse_path)
            }
            _ => Resinfo::spf_helo(result, &self.envelope.helo),
        }
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut add = |check, result: &str, subject: Option<String>, reason: String| {
            rows.push(Row { check, result: result.to_owned(), subject, reason });
        };
        if let Some(iprev) = &self.iprev {
            add("iprev", iprev.result.as_str(), Some(iprev.address.to_string()), iprev.to_string());
        }
        for found in &self.spf {
            add(
                "spf",
                found.verdict.result.as_str(),
                found.domain.map(|domain| domain.to_string()),
                found.trace.clone(),
            );
        }
        match &self.dkim {
            Some(verdict) if verdict.signatures().is_empty() => add("dkim", "none", None, verdict.to_string()),
            Some(verdict) => {
                for signature in verdict.signatures() {
                    let domain = signature.domain.as_deref().map(str::to_owned);
                    add("dkim", signature.outcome().name(), domain, signature.to_string());
                }
            }
            None => {}
        }
        if let Some(arc) = &self.arc {
            add("arc", arc.result().as_str(), arc.sealer().map(ToString::to_string), arc.to_string());
        }
        if let Some(verdict) = &self.dmarc {
            add(
                "dmarc",
                verdict.result.as_str(),
                verdict.author_domain().map(ToString::to_string),
                verdict.to_string(),
            );
        }
        rows
    }
}
