//! After how long to try again, in the words of the answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::response::Response;

/// What servers call the time at which a limit ends, and how much of it is left. The second is the former name of a draft of the
/// IETF that many keep.
const LIMITS: [(&str, &str); 3] = [
    ("ratelimit-reset", "ratelimit-remaining"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("x-rate-limit-reset", "x-rate-limit-remaining"),
];

/// In seconds from now, rounded up; none where the answer says nothing that can be read. `Retry-After` (RFC 9110, section
/// 10.2.3) goes before what tells of a limit. Of several values the longest holds.
pub(crate) fn after(response: &Response) -> Option<u32> {
    if response.status < 300 {
        return None;
    }
    let now = now(response);
    let told = response.all("retry-after").filter_map(|value| retry_after(value, now)).max();
    told.or_else(|| of_a_limit(response, now))
}

/// A limit that ends says something only of a failure that comes from it.
fn of_a_limit(response: &Response, now: Duration) -> Option<u32> {
    let by_status = response.status == 429;
    if !by_status && !matches!(response.status, 403 | 503) {
        return None;
    }
    let mut policies: Vec<Policy> = response.all("ratelimit").flat_map(policies).collect();
    policies.extend(LIMITS.map(|(reset, remaining)| Policy {
        reset: response.header(reset).map(str::to_owned),
        is_used_up: response.header(remaining).is_some_and(is_zero),
    }));
    let longest = |used_up: bool| {
        let of_kind = policies.iter().filter(|policy| policy.is_used_up == used_up);
        of_kind.filter_map(|policy| reset(policy.reset.as_deref()?, now)).max()
    };
    longest(true).or_else(|| if by_status { longest(false) } else { None })
}

/// One limit of several.
#[derive(Default)]
struct Policy {
    reset: Option<String>,
    is_used_up: bool,
}

/// `RateLimit`: `"default";r=0;t=30` for each policy, or in the earlier drafts `limit=100, remaining=0, reset=30` for one.
fn policies(value: &str) -> Vec<Policy> {
    let mut policies: Vec<Policy> = Vec::new();
    for member in split(value, ',') {
        let mut policy = Policy::default();
        for (name, value) in split(member, ';').filter_map(|parameter| parameter.split_once('=')) {
            match name.trim() {
                "t" | "reset" => policy.reset = Some(value.trim().to_owned()),
                "r" | "remaining" => policy.is_used_up = is_zero(value),
                _ => {}
            }
        }
        let is_named = split(member, ';').next().is_some_and(|name| !name.contains('='));
        match policies.last_mut() {
            Some(before) if !is_named => {
                before.reset = policy.reset.or(before.reset.take());
                before.is_used_up |= policy.is_used_up;
            }
            _ => policies.push(policy),
        }
    }
    policies
}

/// Splits where the separator does not stand in quotes (RFC 9651, section 3.3.3).
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c => return !quoted && c == separator,
        }
        false
    })
}

fn is_zero(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && value.bytes().all(|byte| byte == b'0')
}

/// Seconds or a date. A list is not allowed, but comes about where a proxy joins headers.
fn retry_after(value: &str, now: Duration) -> Option<u32> {
    let date = || date(value).map(|time| up(time.saturating_sub(now)));
    seconds(value).map(up).or_else(date).or_else(|| value.split(',').filter_map(seconds).map(up).max())
}

/// Seconds from now, or a time: a date, or seconds or milliseconds since 1970.
fn reset(value: &str, now: Duration) -> Option<u32> {
    /// More than thirty years are no duration, and thirty years before 1970 had ended there were no limits.
    const FIRST_TIME: Duration = Duration::from_secs(1_000_000_000);
    const FIRST_IN_MILLIS: Duration = Duration::from_secs(1_000_000_000_000);
    let until = |time: Duration| up(time.saturating_sub(now));
    match seconds(value) {
        Some(millis) if millis >= FIRST_IN_MILLIS => Some(until(millis / 1000)),
        Some(time) if time >= FIRST_TIME => Some(until(time)),
        Some(duration) => Some(up(duration)),
        None => date(value).map(until),
    }
}

/// Digits, with a fraction at most, which some servers send. What is too large is as much as there can be (RFC 9111, section
/// 1.2.2).
fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let nanos = if is_zero(fraction) { 0 } else { 1 };
    Some(Duration::new(whole.parse().unwrap_or(u64::MAX), nanos))
}

/// In one of the three forms of RFC 9110, section 5.6.7.
fn date(value: &str) -> Option<Duration> {
    httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()
}

/// What the answer's clock says, which is the one that its dates are of; else this clock. Since 1970.
fn now(response: &Response) -> Duration {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    response.header("date").and_then(date).unwrap_or_else(clock)
}

fn up(duration: Duration) -> u32 {
    let more = u64::from(duration.subsec_nanos() > 0);
    u32::try_from(duration.as_secs().saturating_add(more)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn told(status: u16, headers: &[(&str, &str)]) -> Option<u32> {
        let headers = [headers, &[("Date", NOW)]].concat();
        after(&Response::new(status, &headers, ""))
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date_in_each_of_its_forms() {
        for status in [301, 413, 429, 500, 503] {
            for (value, seconds) in [
                ("30", 30),
                (" 30 ", 30),
                ("0", 0),
                ("0.25", 1),
                ("Sun, 06 Nov 1994 08:50:07 GMT", 30),
                ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
                ("Sun Nov  6 08:50:07 1994", 30),
                ("Sat, 05 Nov 1994 08:50:07 GMT", 0),
                ("10, 30", 30),
                ("99999999999999999999999", u32::MAX),
            ] {
                assert_eq!(told(status, &[("Retry-After", value)]), Some(seconds), "{status} {value}");
            }
        }
        assert_eq!(told(429, &[("Retry-After", "soon"), ("Retry-After", "7"), ("Retry-After", "3")]), Some(7));
        assert_eq!(told(200, &[("Retry-After", "30")]), None, "it is an answer");
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for value in [
            "",
            " ",
            "-5",
            "+5",
            "1e9",
            "1.",
            ".5",
            "0x10",
            "soon",
            "Sun, 06 Nov 1994",
            "٣",
            "\u{feff}5",
            "9".repeat(20).as_str(),
        ] {
            let seconds = told(503, &[("Retry-After", value)]);
            assert_eq!(seconds, (value.len() == 20).then_some(u32::MAX), "{value}");
        }
    }

    #[test]
    fn a_date_is_counted_from_this_clock_where_the_answer_has_none() {
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
        let response = Response::new(503, &[("Retry-After", &soon)], "");
        assert!(matches!(after(&response), Some(55..=60)), "{:?}", after(&response));
    }

    #[test]
    fn the_end_of_a_limit_is_read_as_seconds_and_as_a_time() {
        for name in ["RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset"] {
            for value in ["30", "29.5", "Sun, 06 Nov 1994 08:50:07 GMT"] {
                assert_eq!(told(429, &[(name, value)]), Some(30), "{name}: {value}");
            }
            let of = |value: &str| {
                let headers = [(name, value), ("Date", "Sat, 28 Nov 2026 22:00:00 GMT")];
                after(&Response::new(429, &headers, ""))
            };
            assert_eq!((of("1795903230"), of("1795903230000"), of("1795903229001")), (Some(30), Some(30), Some(30)));
            assert_eq!(of("1795903100"), Some(0), "it is over");
            assert_eq!(of("-1"), None);
        }
        assert_eq!(told(429, &[("Retry-After", "5"), ("X-RateLimit-Reset", "30")]), Some(5));
        assert_eq!(told(429, &[("Retry-After", "soon"), ("X-RateLimit-Reset", "30")]), Some(30));
    }

    #[test]
    fn a_structured_limit_is_read_in_the_forms_of_its_drafts() {
        for (value, seconds) in [
            ("limit=100, remaining=0, reset=30", Some(30)),
            ("limit=100;remaining=0;reset=30", Some(30)),
            (r#""default";r=0;t=30"#, Some(30)),
            (r#""burst";r=0;t=3, "day";r=0;t=30, "other";r=7;t=500"#, Some(30)),
            (r#""a,b;r=0";r=5;t=500, "day";t=30;r=0"#, Some(30)),
            (r#""a\"b,";r=0;t=30"#, Some(30)),
            (r#""default";r=0"#, None),
            (r#""default;r=0;t=30"#, None),
            ("reset", None),
            ("", None),
        ] {
            assert_eq!(told(429, &[("RateLimit", value)]), seconds, "{value}");
        }
    }

    #[test]
    fn a_limit_that_is_not_used_up_says_nothing_but_with_its_own_status() {
        let left = [("X-RateLimit-Reset", "30"), ("X-RateLimit-Remaining", "7")];
        let used_up = [("X-RateLimit-Reset", "30"), ("X-RateLimit-Remaining", "0")];
        assert_eq!((told(429, &left), told(503, &left), told(403, &left)), (Some(30), None, None));
        assert_eq!((told(503, &used_up), told(403, &used_up)), (Some(30), Some(30)));
        for status in [200, 400, 404, 422, 500] {
            assert_eq!(told(status, &used_up), None, "{status} does not pass with time");
        }
        assert_eq!(told(503, &[("RateLimit", r#""a";r=0;t=5, "b";r=1;t=50"#)]), Some(5));
    }
}
