//! When to try again.

use alloc::vec::Vec;
use core::time::Duration;

/// When a message is tried again, when its sender is told that it takes long, and when it is given up (RFC 5321, 4.5.4.1). Change the fields of a default value.
///
/// ```
/// use relay::{Life, Next, Schedule};
///
/// let schedule = Schedule::default();
/// let life = Life { arrived: 0, attempts: 1, delay_told: false, bounce: false };
/// assert_eq!(schedule.next(&life, 5, u64::MAX / 2), Next::Retry { at: 125, tell_delay: false });
/// assert_eq!(schedule.next(&Life { attempts: 40, ..life }, 432_000, 0), Next::GiveUp);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// How long to wait after each attempt; after the last one here always as long as that: 2, 5, 10, 20, 30 min, 1 h, 2 h, 4 h. The first ones are for greylisting, which
    /// asks for a second attempt within minutes.
    pub waits: Vec<Duration>,
    /// By how many percent a wait may be longer or shorter, so that not all messages for a server that comes back arrive together: 10. At most 100.
    pub jitter: u8,
    /// After how long the sender is told that there is a delay, once: 4 h. `None`: never.
    pub delay_notice: Option<Duration>,
    /// After how long a message is given up: 5 days. RFC 5321, 4.5.4.1: four to five days at least.
    pub give_up: Duration,
    /// After how long a report is given up, which has nobody who waits for it: 1 day.
    pub give_up_bounce: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let waits = [2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];
        Self {
            waits: waits.map(Duration::from_secs).into(),
            jitter: 10,
            delay_notice: Some(Duration::from_secs(4 * HOUR)),
            give_up: Duration::from_secs(5 * 24 * HOUR),
            give_up_bounce: Duration::from_secs(24 * HOUR),
        }
    }
}

/// What is known of a message for one recipient after an attempt that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was taken, in Unix seconds.
    pub arrived: i64,
    /// How many attempts there have been, this one included.
    pub attempts: u32,
    /// Whether the sender has been told of the delay.
    pub delay_told: bool,
    /// Whether it is a report: its reverse path is null.
    pub bounce: bool,
}

/// What follows an attempt that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To be tried again.
    Retry {
        /// When, in Unix seconds.
        at: i64,
        /// Whether it is time to tell the sender of the delay. Whether the sender wants to know is for [`Report`](crate::Report).
        tell_delay: bool,
    },
    /// To be given up: failed, with 5.4.7.
    GiveUp,
}

impl Schedule {
    /// What follows at the moment `now`, in Unix seconds. `random` is any number; whoever gives the same gets the same moment.
    ///
    /// The last attempt is when the time is over. A clock that was put back makes waits no longer.
    #[must_use]
    pub fn next(&self, life: &Life, now: i64, random: u64) -> Next {
        let end = life.arrived.saturating_add(seconds(self.end(life)));
        if now >= end {
            return Next::GiveUp;
        }
        let past = usize::try_from(life.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = self.waits.get(past).or(self.waits.last()).copied().unwrap_or(Duration::from_secs(3_600));
        let at = now.saturating_add(self.jittered(seconds(wait), random)).min(end);
        let late = self.delay_notice.is_some_and(|notice| now.saturating_sub(life.arrived) >= seconds(notice));
        Next::Retry { at, tell_delay: late && !life.delay_told && !life.bounce }
    }

    /// How long a message is tried.
    #[must_use]
    pub fn end(&self, life: &Life) -> Duration {
        if life.bounce { self.give_up_bounce } else { self.give_up }
    }

    /// The wait, longer or shorter by some part, and one second at least.
    fn jittered(&self, wait: i64, random: u64) -> i64 {
        let span = i128::from(wait) * i128::from(self.jitter.min(100)) / 100;
        // evenly from -span to span
        let part = (i128::from(random) * (2 * span + 1)) >> 64;
        i64::try_from(i128::from(wait) - span + part).unwrap_or(i64::MAX).max(1)
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
