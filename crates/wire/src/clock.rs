//! Moments on the caller's clock.

use core::time::Duration;

/// What time it is in a session, and when its peer was last heard and spoken to. Time comes from the caller, as `now`, and never goes back.
///
/// A session may hold its output back for a while, as a brake on peers that guess or err; the peer's own time begins when it has it.
///
/// ```
/// use core::time::Duration;
/// use wire::Clock;
///
/// let seconds = Duration::from_secs;
/// let mut clock = Clock::new(seconds(100));
/// clock.set(seconds(103));
/// clock.heard();
/// clock.set(seconds(90)); // a clock that goes back is not believed
/// assert_eq!(clock.now(), seconds(103));
/// assert_eq!(clock.quiet_since(), seconds(103));
/// clock.hold_for(seconds(2));
/// clock.set(seconds(105));
/// clock.let_go();
/// assert!(!clock.is_held() && clock.last_spoken() == seconds(105));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    now: Duration,
    start: Duration,
    spoken: Duration,
    heard: Duration,
    hold: Option<Duration>,
}

impl Clock {
    /// A session that begins now.
    #[must_use]
    pub const fn new(now: Duration) -> Self {
        Self { now, start: now, spoken: now, heard: now, hold: None }
    }

    /// Says what time it is. An earlier moment than the last is taken for the last.
    #[inline]
    pub fn set(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// The time.
    #[must_use]
    #[inline]
    pub const fn now(&self) -> Duration {
        self.now
    }

    /// When the session began.
    #[must_use]
    pub const fn start(&self) -> Duration {
        self.start
    }

    /// Something has been queued for the peer, or sent to it: from now on it is the peer's turn.
    #[inline]
    pub const fn spoke(&mut self) {
        self.spoken = self.now;
    }

    /// When that was last.
    #[must_use]
    pub const fn last_spoken(&self) -> Duration {
        self.spoken
    }

    /// Bytes have come in.
    #[inline]
    pub const fn heard(&mut self) {
        self.heard = self.now;
    }

    /// When that was last.
    #[must_use]
    pub const fn last_heard(&self) -> Duration {
        self.heard
    }

    /// Since when nothing has come in or gone out.
    #[must_use]
    pub fn quiet_since(&self) -> Duration {
        self.heard.max(self.spoken)
    }

    /// Holds output back for so long, or longer if it already is.
    pub fn hold_for(&mut self, time: Duration) {
        let until = self.now.saturating_add(time);
        self.hold = Some(self.hold.map_or(until, |hold| hold.max(until)));
    }

    /// Whether output is held back.
    #[must_use]
    #[inline]
    pub const fn is_held(&self) -> bool {
        self.hold.is_some()
    }

    /// Until when.
    #[must_use]
    pub const fn held_until(&self) -> Option<Duration> {
        self.hold
    }

    /// Lets held output go if its time has come. The peer was owed it until then, so its own time begins anew.
    pub fn let_go(&mut self) {
        if self.hold.is_some_and(|hold| self.now >= hold) {
            self.hold = None;
            self.spoken = self.now;
        }
    }
}
