//! Dates of RFC 5322, 3.3 and 4.3, and the seconds that they stand for.

use core::fmt;

use crate::{Error, Leniency, Syntax, cursor::Cursor};

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const DAY: i64 = 86_400;

/// A moment, and the zone it was written in.
///
/// Years are 1900 to 9999 (RFC 5322, 3.3). A moment is Unix seconds, without leap seconds: second 60 is the first of the next minute.
///
/// ```
/// use message::DateTime;
///
/// let date = DateTime::parse(b"Fri, 21 Nov 97 09:55:06 -0600")?;
/// assert_eq!((date.unix(), date.offset()), (880_127_706, Some(-360)));
/// assert_eq!(date.to_string(), "Fri, 21 Nov 1997 09:55:06 -0600");
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    unix: i64,
    offset: Option<i16>,
}

impl DateTime {
    /// 1 January 1900 and the last second of 9999, with a day's room for zones.
    const FIRST: i64 = days(1900, 1, 1) * DAY + DAY;
    const LAST: i64 = days(10_000, 1, 1) * DAY - DAY - 1;
    /// The zone is four digits: 99 hours and 59 minutes.
    const MAX_OFFSET: i16 = 99 * 60 + 59;

    /// The moment so many seconds after 1 January 1970, written in UTC. What is outside the years that can be written is moved to the nearest
    /// that can.
    #[must_use]
    pub const fn utc(unix: i64) -> Self {
        Self::at(unix, Some(0))
    }

    /// The same with a zone, in minutes east of Greenwich; `None` is `-0000`, a local zone that is not known (RFC 5322, 3.3). Zones beyond a
    /// day are moved to the nearest that is not.
    #[must_use]
    pub const fn at(unix: i64, offset: Option<i16>) -> Self {
        const EDGE: i16 = 24 * 60;
        let unix = if unix < Self::FIRST {
            Self::FIRST
        } else if unix > Self::LAST {
            Self::LAST
        } else {
            unix
        };
        let offset = match offset {
            Some(minutes) if minutes > EDGE => Some(EDGE),
            Some(minutes) if minutes < -EDGE => Some(-EDGE),
            other => other,
        };
        Self { unix, offset }
    }

    /// Seconds since 1 January 1970 UTC.
    #[must_use]
    pub const fn unix(&self) -> i64 {
        self.unix
    }

    /// The zone in minutes east of Greenwich; `None`: the writer did not say (`-0000`, military and unknown zones: 4.3).
    #[must_use]
    pub const fn offset(&self) -> Option<i16> {
        self.offset
    }

    /// Reads a date by the standard grammar. See [`parse_with`](Self::parse_with).
    ///
    /// # Errors
    /// [`Error::Syntax`].
    pub fn parse(value: &[u8]) -> Result<Self, Error> {
        Self::parse_with(value, Leniency::Standard)
    }

    /// Reads a date: comments and folds anywhere, years of two and three digits, zones by name (4.3). The day's name is not held against the date.
    ///
    /// # Errors
    /// [`Error::Syntax`] with the offset of what is not a possible date, time or zone.
    pub fn parse_with(value: &[u8], leniency: Leniency) -> Result<Self, Error> {
        if let Some(date) = Self::parse_common(value) {
            return Ok(date);
        }
        let mut cursor = Cursor::new(value);
        let date = Self::read(&mut cursor, leniency)?;
        cursor.skip_cfws()?;
        if cursor.is_at_end() { Ok(date) } else { Err(cursor.error(Syntax::Trailing)) }
    }

    /// The form that nearly all mail has, `Fri, 21 Nov 1997 09:55:06 -0600`, with one space where it has one.
    fn parse_common(value: &[u8]) -> Option<Self> {
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let rest = match value {
            [_, _, _, b',', b' ', rest @ ..] => {
                value.get(..3)?.iter().all(u8::is_ascii_alphabetic).then_some(())?;
                rest
            }
            _ => return None,
        };
        let (day, rest) = match rest {
            [ones, b' ', rest @ ..] => (digit(*ones)?, rest),
            [tens, ones, b' ', rest @ ..] => (digit(*tens)? * 10 + digit(*ones)?, rest),
            _ => return None,
        };
        let (time, zone) = rest.split_at_checked(17)?;
        let &[m0, m1, m2, b' ', y0, y1, y2, y3, b' ', h0, h1, b':', i0, i1, b':', s0, s1] = time else { return None };
        let &[b' ', sign @ (b'+' | b'-'), z0, z1, z2, z3] = zone else { return None };
        let two = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
        let month = month([m0, m1, m2])?;
        let year = i64::from(two(y0, y1)?) * 100 + i64::from(two(y2, y3)?);
        let zone = zone_offset(sign == b'-', two(z0, z1)?, two(z2, z3)?)?;
        Self::compose((year, month, day), (two(h0, h1)?, two(i0, i1)?, two(s0, s1)?), zone)
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>, leniency: Leniency) -> Result<Self, Error> {
        let forgiving = leniency == Leniency::Forgiving;
        cursor.skip_cfws()?;
        if cursor.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
            if cursor.letters().len() != 3 {
                return Err(cursor.error(Syntax::Date));
            }
            cursor.skip_cfws()?;
            if !cursor.take(b',') && !forgiving {
                return Err(cursor.error(Syntax::Date));
            }
            cursor.skip_cfws()?;
        }
        let at_date = cursor.at();
        let wrong_date = Error::syntax(Syntax::Date, at_date);
        let (day, _) = cursor.number(1..=2).ok_or(wrong_date)?;
        cursor.skip_cfws()?;
        let month = <[u8; 3]>::try_from(cursor.letters()).ok().and_then(month).ok_or(wrong_date)?;
        cursor.skip_cfws()?;
        let (year, digits) = cursor.number(2..=4).ok_or(wrong_date)?;
        // RFC 5322, 4.3: two digits are this century's up to 49, three count from 1900
        let year = match (digits, year) {
            (2, 0..=49) => year + 2000,
            (2 | 3, _) => year + 1900,
            _ => year,
        };
        cursor.skip_cfws()?;

        let at_time = cursor.at();
        let wrong_time = Error::syntax(Syntax::Time, at_time);
        let width = if forgiving { 1..=2 } else { 2..=2 };
        let (hour, _) = cursor.number(width.clone()).ok_or(wrong_time)?;
        cursor.skip_cfws()?;
        if !cursor.take(b':') {
            return Err(wrong_time);
        }
        cursor.skip_cfws()?;
        let (minute, _) = cursor.number(width.clone()).ok_or(wrong_time)?;
        cursor.skip_cfws()?;
        let mut second = 0;
        if cursor.take(b':') {
            cursor.skip_cfws()?;
            (second, _) = cursor.number(width).ok_or(wrong_time)?;
            cursor.skip_cfws()?;
        }

        let zone = Self::read_zone(cursor, forgiving)?;
        let small = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
        let time = (small(hour), small(minute), small(second));
        if time.0 > 23 || time.1 > 59 || time.2 > 60 {
            return Err(wrong_time);
        }
        Self::compose((i64::from(year), month, small(day)), time, zone).ok_or(wrong_date)
    }

    fn read_zone(cursor: &mut Cursor<'_>, forgiving: bool) -> Result<Option<i16>, Error> {
        let wrong = cursor.error(Syntax::Zone);
        let negative = match cursor.peek() {
            Some(b'+') => false,
            Some(b'-') => true,
            Some(byte) if byte.is_ascii_alphabetic() => return Ok(named_zone(cursor.letters())),
            None if forgiving => return Ok(None),
            _ => return Err(wrong),
        };
        cursor.bump();
        let (zone, _) = cursor.number(4..=4).ok_or(wrong)?;
        let (hours, minutes) = (zone / 100, zone % 100);
        zone_offset(negative, u8::try_from(hours).unwrap_or(u8::MAX), u8::try_from(minutes).unwrap_or(u8::MAX))
            .ok_or(wrong)
    }

    fn compose(
        (year, month, day): (i64, u8, u8),
        (hour, minute, second): (u8, u8, u8),
        offset: Option<i16>,
    ) -> Option<Self> {
        let possible = (1900..=9999).contains(&year)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60;
        if !possible {
            return None;
        }
        let local = days(year, month, day) * DAY + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self { unix: local - i64::from(offset.unwrap_or(0)) * 60, offset })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.offset.unwrap_or(0);
        let local = self.unix + i64::from(minutes) * 60;
        // a date that came with an odd zone may belong to a year that cannot be written in it: it is written in UTC
        let (local, minutes) = if (days(1900, 1, 1) * DAY..days(10_000, 1, 1) * DAY).contains(&local) {
            (local, minutes)
        } else {
            (Self::at(self.unix, None).unix, 0)
        };
        let (day_number, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil(day_number);
        let name = usize::try_from(day_number.rem_euclid(7)).ok().and_then(|day| DAYS.get(day)).unwrap_or(&"");
        let month = MONTHS
            .get(usize::from(month).wrapping_sub(1))
            .and_then(|month| core::str::from_utf8(*month).ok())
            .unwrap_or("");
        let sign = if self.offset.is_none() || minutes < 0 { '-' } else { '+' };
        write!(
            f,
            "{name}, {day:02} {month} {year:04} {:02}:{:02}:{:02} {sign}{:02}{:02}",
            time / 3600,
            time / 60 % 60,
            time % 60,
            minutes.unsigned_abs() / 60,
            minutes.unsigned_abs() % 60
        )
    }
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// 1 to 12, whatever the case.
fn month(name: [u8; 3]) -> Option<u8> {
    let found = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(&name))?;
    u8::try_from(found + 1).ok()
}

/// The outer `None`: no possible zone; the inner: `-0000`.
#[expect(
    clippy::option_option,
    reason = "a zone that is not known is as good as any other, and stays inside this file"
)]
fn zone_offset(negative: bool, hours: u8, minutes: u8) -> Option<Option<i16>> {
    let offset = i16::from(hours) * 60 + i16::from(minutes);
    if minutes > 59 || offset > DateTime::MAX_OFFSET {
        return None;
    }
    Some(if negative { (offset != 0).then_some(-offset) } else { Some(offset) })
}

/// RFC 5322, 4.3. Military letters were specified the wrong way round once, and unknown names say nothing: both are `-0000`.
fn named_zone(name: &[u8]) -> Option<i16> {
    const HOURS: [(&[u8], i16); 10] = [
        (b"UT", 0),
        (b"GMT", 0),
        (b"EST", -5),
        (b"EDT", -4),
        (b"CST", -6),
        (b"CDT", -5),
        (b"MST", -7),
        (b"MDT", -6),
        (b"PST", -8),
        (b"PDT", -7),
    ];
    HOURS.iter().find(|(zone, _)| zone.eq_ignore_ascii_case(name)).map(|(_, hours)| hours * 60)
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1 January 1970 to this one. Years are counted from March, so that the leap day is the last of its year; every 400 years have
/// 146,097 days, and the months from March on have 30.6 days on average, rounded.
const fn days(year: i64, month: u8, day: u8) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let from_march = (month as i64 + 9) % 12;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * from_march + 2) / 5 + day as i64 - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The reverse of [`days`].
fn civil(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn appendix_and_obsolete_forms() {
        let table: &[(&str, i64, Option<i16>)] = &[
            ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706, Some(-360)),
            (" Thu, 13 Feb 1969 23:32:54 -0330", -27_723_426, Some(-210)),
            (
                "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
                -27_723_480,
                Some(-210),
            ),
            ("21 Nov 97 09:55:06 GMT", 880_106_106, Some(0)),
            ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880_127_706, Some(-360)),
            ("1 Jan 49 00:00 UT", 2_493_072_000, Some(0)),
            ("1 Jan 50 00:00 EST", -631_134_000, Some(-300)),
            ("1 Jan 100 00:00 Z", 946_684_800, None),
            ("31 Dec 2016 23:59:60 -0000", 1_483_228_800, None),
            ("29 feb 2000 00:00:00 PDT", 951_807_600, Some(-420)),
        ];
        for &(text, unix, offset) in table {
            let date = DateTime::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((date.unix(), date.offset()), (unix, offset), "{text}");
        }
    }

    #[test]
    fn impossible_dates_are_told() {
        let table = [
            ("", Syntax::Date),
            ("Fri 21 Nov 1997 09:55:06 -0600", Syntax::Date),
            ("30 Feb 2000 00:00:00 +0000", Syntax::Date),
            ("29 Feb 1900 00:00:00 +0000", Syntax::Date),
            ("1 Foo 2000 00:00:00 +0000", Syntax::Date),
            ("1 Jan 1899 00:00:00 +0000", Syntax::Date),
            ("1 Jan 2000 24:00:00 +0000", Syntax::Time),
            ("1 Jan 2000 00:60:00 +0000", Syntax::Time),
            ("1 Jan 2000 00:00:61 +0000", Syntax::Time),
            ("1 Jan 2000 00:00:00 +0060", Syntax::Zone),
            ("1 Jan 2000 00:00:00", Syntax::Zone),
            ("1 Jan 2000 00:00:00 +0000 x", Syntax::Trailing),
            ("1 Jan 2000 00:00:00 +0000 (", Syntax::Unterminated),
        ];
        for (text, what) in table {
            assert!(
                matches!(DateTime::parse(text.as_bytes()), Err(Error::Syntax { what: found, .. }) if found == what),
                "{text}"
            );
        }
    }

    #[test]
    fn a_forgiving_reader_takes_dates_without_zone_or_comma() {
        for text in ["Fri 21 Nov 1997 9:55:06", "21 Nov 1997 09:55:06"] {
            let date = DateTime::parse_with(text.as_bytes(), Leniency::Forgiving).unwrap();
            assert_eq!((date.unix(), date.offset()), (880_106_106, None), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_moved_to_what_can() {
        assert_eq!(DateTime::utc(i64::MIN).to_string(), "Tue, 02 Jan 1900 00:00:00 +0000");
        assert_eq!(DateTime::at(i64::MAX, Some(i16::MAX)).to_string(), "Fri, 31 Dec 9999 23:59:59 +2400");
        let odd = DateTime::parse(b"31 Dec 9999 23:59:59 -9959").unwrap();
        assert_eq!(DateTime::parse(odd.to_string().as_bytes()).unwrap().offset(), Some(-(99 * 60 + 59)));
    }

    proptest! {
        #[test]
        fn written_then_read_is_the_same(unix: i64, near in -4_000_000_000_i64..10_000_000_000, offset in proptest::option::of(-1440_i16..=1440)) {
            for unix in [unix, near] {
                let date = DateTime::at(unix, offset);
                prop_assert_eq!(DateTime::parse(date.to_string().as_bytes()), Ok(date));
            }
        }

        #[test]
        fn the_common_form_is_read_as_the_general_one(unix in -2_000_000_000_i64..10_000_000_000, offset in proptest::option::of(-1440_i16..=1440)) {
            let text = DateTime::at(unix, offset).to_string();
            prop_assert_eq!(DateTime::parse_common(text.as_bytes()), DateTime::read(&mut Cursor::new(text.as_bytes()), Leniency::Standard).ok());
        }
    }
}
