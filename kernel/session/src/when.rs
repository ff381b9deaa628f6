//! Moments, as people and as scripts read them.

use std::time::{Duration, SystemTime};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How long ago something was, `5 min ago`; from a day on the date. What lies ahead, by a clock that was set, is now.
pub fn ago(then: SystemTime, now: SystemTime) -> String {
    let seconds = now.duration_since(then).unwrap_or(Duration::ZERO).as_secs();
    match seconds {
        0..MINUTE => "just now".to_string(),
        MINUTE..HOUR => format!("{} min ago", seconds / MINUTE),
        HOUR..DAY => format!("{} h ago", seconds / HOUR),
        _ => utc(then).chars().take("2026-01-01".len()).collect(),
    }
}

/// A moment as other programs read it, `2026-01-31T23:59:07Z`.
pub fn utc(moment: SystemTime) -> String {
    let seconds = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let ([year, month, day], rest) = (date(seconds / DAY), seconds % DAY);
    let (hour, minute, second) = (rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The day so many days after 1970-01-01.
fn date(mut days: u64) -> [u64; 3] {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    loop {
        let length = 365 + u64::from(is_leap(year));
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    [year, month, days + 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// By `date -u -d @…`.
    #[test]
    fn moments_are_written_as_other_programs_write_them() {
        assert_eq!(utc(at(0)), "1970-01-01T00:00:00Z");
        assert_eq!(utc(at(951_782_399)), "2000-02-28T23:59:59Z");
        assert_eq!(utc(at(951_782_400)), "2000-02-29T00:00:00Z");
        assert_eq!(utc(at(1_767_225_599)), "2025-12-31T23:59:59Z");
        assert_eq!(utc(at(4_107_542_400)), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn what_was_lately_is_told_by_how_long_ago() {
        let now = 1_767_225_599;
        let told = [0, 59, 60, 3_599, 3_600, 86_399, 86_400].map(|passed| ago(at(now - passed), at(now)));
        assert_eq!(told, ["just now", "just now", "1 min ago", "59 min ago", "1 h ago", "23 h ago", "2025-12-30"]);
        assert_eq!(ago(at(now + 50), at(now)), "just now");
    }
}
