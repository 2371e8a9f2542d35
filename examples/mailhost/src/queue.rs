//! `mailhost queue`: what waits to be sent elsewhere.

use core::fmt::Write as _;

use message::DateTime;

use crate::store::QueueEntry;

/// The most lines shown.
pub(crate) const LINES_MAX: usize = 10_000;

/// The queue for people, a line for each recipient.
pub(crate) fn text(entries: &[QueueEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let QueueEntry { name, sender, recipient, arrived, attempts, due, claimed, words } = entry;
        let next = if *claimed { "now".to_owned() } else { DateTime::utc(*due).to_string() };
        let arrived = DateTime::utc(*arrived);
        let _ = writeln!(
            text,
            "{name}  {sender} to {recipient}  since {arrived}  attempts {attempts}  next {next}  {words}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_it_all() {
        let entry = QueueEntry {
            name: "abc.1".into(),
            sender: "<ann@mail.test>".into(),
            recipient: "<ben@example.net>".into(),
            arrived: 0,
            attempts: 2,
            due: 60,
            claimed: false,
            words: "put off: 451 4.7.1 Later".into(),
        };
        assert_eq!(
            text(&[entry]),
            "abc.1  <ann@mail.test> to <ben@example.net>  since Thu, 01 Jan 1970 00:00:00 +0000  attempts 2  \
             next Thu, 01 Jan 1970 00:01:00 +0000  put off: 451 4.7.1 Later\n"
        );
    }
}
