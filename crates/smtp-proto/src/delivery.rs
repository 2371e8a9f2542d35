//! What the sender may ask of delivery: when (RFC 2852, RFC 4865), how soon before others (RFC 6710).

use core::fmt;

use crate::cursor::Cursor;

/// The largest number of seconds that nine digits write.
const SECONDS_MAX: u32 = 999_999_999;

/// BY: when a message must have been delivered (RFC 2852, 4).
///
/// ```
/// use smtp_proto::command::{Command, Syntax};
/// use smtp_proto::delivery::{ByMode, DeliverBy};
///
/// let command = Command::parse(b"MAIL FROM:<bob@example.net> BY=3600;R", &Syntax::default())?;
/// let Command::Mail(mail) = command else { panic!() };
/// assert_eq!(mail.params.deliver_by, DeliverBy::new(3600, ByMode::Return, false));
/// # Ok::<(), smtp_proto::command::CommandError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliverBy {
    seconds: i32,
    mode: ByMode,
    trace: bool,
}

/// What becomes of a message that has not been delivered in time (RFC 2852, 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum ByMode {
    /// `N`: its sender is told, by a report that it is delayed (4.4.7), and it is still delivered.
    Notify,
    /// `R`: it goes back to its sender (5.4.7).
    Return,
}

impl DeliverBy {
    /// In this many seconds from now. `trace` asks each relay for a report. `None` for more seconds than nine digits can write, and where a
    /// message is to be returned that has no time left (RFC 2852, 4: the time is positive then).
    #[must_use]
    pub fn new(seconds: i32, mode: ByMode, trace: bool) -> Option<Self> {
        let fits = seconds.unsigned_abs() <= SECONDS_MAX && (mode == ByMode::Notify || seconds > 0);
        fits.then_some(Self { seconds, mode, trace })
    }

    /// Seconds that are left; none or less only with [`ByMode::Notify`], where the time has passed on the way.
    #[must_use]
    pub const fn seconds(&self) -> i32 {
        self.seconds
    }

    /// What becomes of the message after that.
    #[must_use]
    pub const fn mode(&self) -> ByMode {
        self.mode
    }

    /// Whether each relay reports that it passed the message on.
    #[must_use]
    pub const fn trace(&self) -> bool {
        self.trace
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let (sign, rest) = match rest_of_value(cursor) {
            value if value.starts_with('-') => (-1, value.get(1..)?),
            value => (1, value.strip_prefix('+').unwrap_or(value)),
        };
        let (digits, mode) = rest.split_once(';')?;
        let (mode, trace) = match mode.as_bytes() {
            [mode] => (mode, false),
            [mode, b'T' | b't'] => (mode, true),
            _ => return None,
        };
        let mode = match mode {
            b'N' | b'n' => ByMode::Notify,
            b'R' | b'r' => ByMode::Return,
            _ => return None,
        };
        Self::new(sign * i32::try_from(seconds(digits)?).ok()?, mode, trace)
    }
}

impl fmt::Display for DeliverBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.mode == ByMode::Notify { "N" } else { "R" };
        write!(f, "{};{mode}{}", self.seconds, if self.trace { "T" } else { "" })
    }
}

/// HOLDFOR or HOLDUNTIL: not to be delivered before (RFC 4865, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hold {
    /// So many seconds from now, 1 to 999,999,999.
    For(u32),
    /// Until this moment, in seconds since 1970 began.
    Until(i64),
}

impl Hold {
    pub(crate) fn read_for(cursor: &mut Cursor<'_>) -> Option<Self> {
        let value = rest_of_value(cursor);
        seconds(value).filter(|seconds| *seconds > 0 && !value.starts_with('0')).map(Self::For)
    }

    pub(crate) fn read_until(cursor: &mut Cursor<'_>) -> Option<Self> {
        read_date(rest_of_value(cursor)).map(Self::Until)
    }
}

impl fmt::Display for Hold {
    /// The parameter, name and value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(seconds) => write!(f, "HOLDFOR={}", (*seconds).clamp(1, SECONDS_MAX)),
            Self::Until(moment) => write!(f, "HOLDUNTIL={}", Date(*moment)),
        }
    }
}

/// MT-PRIORITY: how soon before others a message is passed on, -9 to 9; 0 is what all others have (RFC 6710, 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(i8);

impl Priority {
    /// `None` outside of -9 to 9.
    #[must_use]
    pub fn new(priority: i8) -> Option<Self> {
        (-9..=9).contains(&priority).then_some(Self(priority))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i8 {
        self.0
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        match rest_of_value(cursor).as_bytes() {
            [b'0'] => Some(Self(0)),
            [digit @ b'1'..=b'9'] => i8::try_from(digit - b'0').ok().map(Self),
            [b'-', digit @ b'1'..=b'9'] => i8::try_from(digit - b'0').ok().map(|value| Self(-value)),
            _ => None,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// FUTURERELEASE: for how long a server holds mail at most (RFC 4865, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct FutureRelease {
    /// The most seconds for HOLDFOR.
    pub interval: u32,
    /// The last moment for HOLDUNTIL, in seconds since 1970 began.
    pub until: i64,
}

impl FutureRelease {
    /// Whether a message may be held so long.
    #[must_use]
    pub const fn admits(&self, hold: Hold) -> bool {
        match hold {
            Hold::For(seconds) => seconds <= self.interval,
            Hold::Until(moment) => moment <= self.until,
        }
    }

    /// The keyword's two parameters.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (interval, until) = text.trim().split_once(' ')?;
        Some(Self { interval: seconds(interval)?, until: read_date(until.trim())? })
    }
}

impl fmt::Display for FutureRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.interval.min(SECONDS_MAX), Date(self.until))
    }
}

/// LIMITS: what a server takes of one client at most (RFC 9422, 4). What is not told is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct ServerLimits {
    /// `MAILMAX`: transactions in one session, also those that come to nothing.
    pub mail: Option<u32>,
    /// `RCPTMAX`: RCPT commands in one transaction, also refused ones.
    pub rcpt: Option<u32>,
    /// `RCPTDOMAINMAX`: domains among the recipients of one session.
    pub rcpt_domain: Option<u32>,
}

impl ServerLimits {
    /// The keyword's parameters. What is not well-formed is passed over (RFC 9422, 3).
    pub(crate) fn read(text: &str) -> Self {
        let mut limits = Self::default();
        for pair in text.split_ascii_whitespace() {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let slot = match name.to_ascii_uppercase().as_str() {
                "MAILMAX" => &mut limits.mail,
                "RCPTMAX" => &mut limits.rcpt,
                "RCPTDOMAINMAX" => &mut limits.rcpt_domain,
                _ => continue,
            };
            *slot = seconds(value).filter(|limit| is_limit(*limit) && value.len() <= 6);
        }
        limits
    }
}

/// RFC 9422, 4: one to six digits, and not zero.
const fn is_limit(limit: u32) -> bool {
    limit > 0 && limit <= 999_999
}

impl fmt::Display for ServerLimits {
    /// Each with a space before it; what six digits cannot write is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = [("MAILMAX", self.mail), ("RCPTMAX", self.rcpt), ("RCPTDOMAINMAX", self.rcpt_domain)];
        for (name, limit) in limits {
            if let Some(limit) = limit.filter(|limit| is_limit(*limit)) {
                write!(f, " {name}={limit}")?;
            }
        }
        Ok(())
    }
}

/// Passes all up to the next space.
fn rest_of_value<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let rest = cursor.rest();
    let length = memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
    cursor.pass(length);
    rest.get(..length).unwrap_or_default()
}

/// One to nine digits.
pub(crate) fn seconds(digits: &str) -> Option<u32> {
    let good = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if good { digits.parse().ok() } else { None }
}

/// A moment as RFC 3339 writes it, in UTC.
struct Date(i64);

/// Days in four hundred years, after which the calendar repeats itself.
const ERA: i64 = 146_097;

/// The day, counted from 1970 began, of the first day of March in the year 0: so counted, leap days are at the end of their years.
const MARCH_0: i64 = -719_468;

/// The last moment that four digits of a year can write.
const LAST: i64 = 253_402_300_799;

/// The first one: the year 0.
const FIRST: i64 = -62_167_219_200;

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.0.clamp(FIRST, LAST);
        let day = moment.div_euclid(86_400) - MARCH_0;
        let time = moment.rem_euclid(86_400);
        let (era, day) = (day.div_euclid(ERA), day.rem_euclid(ERA));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let march = (5 * day + 2) / 153;
        let date = day - (153 * march + 2) / 5 + 1;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
        write!(f, "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// `date-time` (RFC 3339, 5.6). Fractions of a second are dropped.
fn read_date(text: &str) -> Option<i64> {
    let number = |range: core::ops::Range<usize>| {
        let digits = text.get(range)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse::<i64>().ok() } else { None }
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let marked = |(at, mark): (usize, u8)| text.as_bytes().get(at).is_some_and(|byte| byte.eq_ignore_ascii_case(&mark));
    if !marks.into_iter().all(marked) {
        return None;
    }
    let (year, month, date) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    // 60 is a leap second, which the count of seconds does not have.
    if !(1..=days).contains(&date) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    if rest.len() == zone.len() + 1 {
        return None;
    }
    let behind = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] if [h1, h2, m1, m2].into_iter().all(u8::is_ascii_digit) => {
            let two = |a: &u8, b: &u8| i64::from((a - b'0') * 10 + (b - b'0'));
            let (hours, minutes) = (two(h1, h2), two(m1, m2));
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 3_600 + minutes * 60) * if *sign == b'+' { 1 } else { -1 }
        }
        _ => return None,
    };
    let (year, march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = era * ERA + 365 * year + year / 4 - year / 100 + (153 * march + 2) / 5 + date - 1 + MARCH_0;
    let moment = day * 86_400 + hour * 3_600 + minute * 60 + second.min(59) - behind;
    (FIRST..=LAST).contains(&moment).then_some(moment)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_of_rfc_3339() {
        for (text, moment) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1985-04-12T23:20:50.52Z", 482_196_050),
            ("1996-12-19T16:39:57-08:00", 851_042_397),
            ("1990-12-31T23:59:60Z", 662_687_999),
            ("2000-02-29t12:00:00z", 951_825_600),
            ("0000-03-01T00:00:00+00:00", -62_162_035_200),
            ("9999-12-31T23:59:59Z", LAST),
        ] {
            assert_eq!(read_date(text), Some(moment), "{text}");
        }
        for bad in [
            "",
            "2026-11-24",
            "2026-11-24 10:00:00Z",
            "2026-02-29T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-00-01T10:00:00Z",
            "2026-01-00T10:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T10:60:00Z",
            "2026-01-01T10:00:61Z",
            "2026-01-01T10:00:00",
            "2026-01-01T10:00:00.Z",
            "2026-01-01T10:00:00+1:00",
            "2026-01-01T10:00:00+24:00",
            "2026-01-01T10:00:00ZZ",
            "+026-01-01T10:00:00Z",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00+00:01",
        ] {
            assert_eq!(read_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn limits_that_are_not_well_formed_are_passed_over() {
        let limits = ServerLimits::read("MAILMAX=10 rcptmax=0 RCPTDOMAINMAX=1000000 OTHER=1 X");
        assert_eq!(limits, ServerLimits { mail: Some(10), ..ServerLimits::default() });
        assert_eq!(limits.to_string(), " MAILMAX=10");
        let over = ServerLimits { rcpt: Some(1_000_000), rcpt_domain: Some(5), mail: Some(0) };
        assert_eq!(over.to_string(), " RCPTDOMAINMAX=5");
    }

    proptest! {
        #[test]
        fn a_date_that_is_written_reads_the_same(moment in FIRST..=LAST) {
            prop_assert_eq!(read_date(&Date(moment).to_string()), Some(moment));
        }

        #[test]
        fn no_text_is_too_odd_for_a_date(text in "[0-9TZ:.+-]{0,30}") {
            let _ = read_date(&text);
        }
    }
}
