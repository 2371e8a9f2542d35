//! The explanation of a fail, found once all else is said (RFC 7208, 6.2).

use dns::Answer;

use crate::eval::{Pending, Phase, Target};
use crate::expand;
use crate::macros::{Part, Parts};
use crate::parser::Kind;
use crate::sender::Text;
use crate::{CheckHost, Reason, SpfResult};

impl CheckHost {
    /// 6.2: whose text explains the fail.
    pub(crate) fn exp_domain(&mut self, reason: Reason) {
        let spec = self.frames.get(self.origin).and_then(|frame| {
            frame.record.inner().items.iter().find_map(|item| match item.kind {
                Kind::Exp(spec) => Some(spec),
                _ => None,
            })
        });
        let target = spec.map_or(Target::Nowhere, |spec| self.target(Some(spec), self.origin));
        match target {
            Target::Ask(subject) => self.ask(Pending::Explanation, subject, dns::Kind::Txt, 1),
            Target::Nowhere => self.phase = Phase::Default(reason),
            Target::Later => {}
        }
    }

    /// 6.2: one text, or it is as if none had been asked for.
    pub(crate) fn explained(&mut self, answer: Answer<'_>) {
        self.pending = Pending::Nothing;
        if let Phase::ExpDomain(reason) = self.phase {
            self.phase = match answer.txt() {
                Ok([text]) => Phase::ExpText(reason, text.as_ref().into()),
                _ => Phase::Default(reason),
            };
        }
    }

    pub(crate) fn exp_text(&mut self) {
        let (reason, text, default) = match &self.phase {
            Phase::ExpText(reason, text) => (*reason, &**text, false),
            Phase::Default(reason) => (*reason, self.texts.octets(Text::Explanation), true),
            Phase::Terms | Phase::ExpDomain(_) => return,
        };
        let has_validated =
            || Parts::new(text).any(|part| matches!(part, Part::Macro { expand, .. } if expand.letter == b'p'));
        if self.look_up_p && self.client.is_none() && has_validated() {
            return self.ask_client();
        }
        let limit = self.limits.explanation as usize;
        self.explanation = self
            .values(self.origin)
            .and_then(|values| expand::text(text, &values, limit))
            .filter(|text| !text.is_empty());
        if self.explanation.is_some() || default {
            self.end(SpfResult::Fail, reason);
        } else {
            self.phase = Phase::Default(reason);
        }
    }
}
