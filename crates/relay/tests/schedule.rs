//! When to try again.

use relay::{Life, Next, Schedule};

const HOUR: i64 = 3_600;

/// All attempts of a message that nobody takes: when they are, when the sender is told of the delay, and when it is given up.
fn life(schedule: &Schedule, bounce: bool, random: u64) -> (Vec<i64>, Option<i64>, i64) {
    let (mut now, mut told, mut attempts) = (0, None, Vec::new());
    loop {
        attempts.push(now);
        let life = Life { arrived: 0, attempts: attempts.len() as u32, delay_told: told.is_some(), bounce };
        match schedule.next(&life, now, random) {
            Next::Retry { at, tell_delay } => {
                assert!(at > now);
                if tell_delay {
                    assert_eq!(told, None, "told once");
                    told = Some(now);
                }
                now = at;
            }
            Next::GiveUp => return (attempts, told, now),
        }
    }
}

#[test]
fn attempts_come_soon_and_then_seldom() {
    let (attempts, told, end) = life(&Schedule::default(), false, u64::MAX / 2);
    let minutes: Vec<_> = attempts.iter().take(10).map(|at| at / 60).collect();
    assert_eq!(minutes, [0, 2, 7, 17, 37, 67, 127, 247, 487, 727]);
    assert_eq!(told, Some(247 * 60), "at the first attempt after four hours");
    assert_eq!(end, 5 * 24 * HOUR, "the last attempt is when the time is over");
    assert_eq!(attempts.len(), 8 + 29);
    // RFC 5321, 4.5.4.1: two attempts in the first hour
    assert!(attempts.iter().filter(|at| **at < HOUR).count() >= 2);
}

#[test]
fn reports_are_given_up_after_a_day_and_delay_nobody() {
    let (_, told, end) = life(&Schedule::default(), true, 0);
    assert_eq!((told, end), (None, 24 * HOUR));
}

#[test]
fn waits_differ_by_a_tenth() {
    let schedule = Schedule::default();
    let at = |random| match schedule.next(
        &Life { arrived: 0, attempts: 6, delay_told: false, bounce: false },
        1_000,
        random,
    ) {
        Next::Retry { at, .. } => at - 1_000,
        Next::GiveUp => 0,
    };
    assert_eq!((at(0), at(u64::MAX / 2), at(u64::MAX)), (3_240, 3_600, 3_960));
}

#[test]
fn odd_clocks_and_settings_are_harmless() {
    let mut schedule = Schedule::default();
    let new = Life { arrived: 1_000_000, attempts: 0, delay_told: false, bounce: false };
    assert_eq!(schedule.next(&new, 0, u64::MAX / 2), Next::Retry { at: 120, tell_delay: false });
    assert_eq!(schedule.next(&Life { arrived: i64::MIN, ..new }, i64::MAX, 0), Next::GiveUp);
    schedule.waits.clear();
    schedule.jitter = 255;
    assert_eq!(
        schedule.next(&Life { attempts: u32::MAX, ..new }, 1_000_000, 0),
        Next::Retry { at: 1_000_001, tell_delay: false }
    );
}
