//! After how long to try again, in the words of the answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::answer::Answer;

/// What servers call the time at which a limit ends, and how much of it is left. The second is the former name of a draft of the
/// IETF that many keep.
const LIMITS: [(&str, &str); 3] = [
    ("ratelimit-reset", "ratelimit-remaining"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("x-rate-limit-reset", "x-rate-limit-remaining"),
];

/// In seconds from now, rounded up; none where the answer says nothing that can be read. `Retry-After` (RFC 9110, section
/// 10.2.3) goes before what tells of a limit. Of several values the longest holds.
///
/// Nobody asks this of a good answer: a failure with status 200 is one that the body tells of.
pub(crate) fn after(response: &Answer) -> Option<u32> {
    after_status(response, response.status)
}

/// The same for a failure that the body tells of by this status.
pub(crate) fn after_status(response: &Answer, status: u16) -> Option<u32> {
    told(response, status).map(|(seconds, _)| seconds)
}

/// For how many seconds the provider takes no further request, and the header that says so: where it refused this one for now, and
/// where this was the last one that a limit let through.
pub fn pause(response: &Answer) -> Option<(u32, &'static str)> {
    match response.status {
        429 | 503 => told(response, response.status),
        _ => longest(&limits(response), true, now(response)),
    }
}

/// The seconds, and the header that tells of them.
fn told(response: &Answer, status: u16) -> Option<(u32, &'static str)> {
    let now = now(response);
    let told = response.all("retry-after").filter_map(|value| retry_after(value, now)).max();
    told.map(|seconds| (seconds, "retry-after")).or_else(|| of_a_limit(response, status, now))
}

/// A limit that ends says something only of a failure that comes from it.
fn of_a_limit(response: &Answer, status: u16, now: Duration) -> Option<(u32, &'static str)> {
    let by_status = status == 429;
    if !by_status && !matches!(status, 403 | 503) {
        return None;
    }
    let limits = limits(response);
    longest(&limits, true, now).or_else(|| if by_status { longest(&limits, false, now) } else { None })
}

fn longest(limits: &[Policy], used_up: bool, now: Duration) -> Option<(u32, &'static str)> {
    let of_kind = limits.iter().filter(|policy| policy.is_used_up == used_up);
    of_kind
        .filter_map(|policy| Some((reset(policy.reset.as_deref()?, now)?, policy.by)))
        .max_by_key(|(seconds, _)| *seconds)
}

/// One limit of several.
#[derive(Default)]
struct Policy {
    name: String,
    reset: Option<String>,
    is_used_up: bool,
    by: &'static str,
}

/// All that the answer tells of. One that is used up and does not say until when is so for the time of its policy.
fn limits(response: &Answer) -> Vec<Policy> {
    let mut limits: Vec<Policy> = response.all("ratelimit").flat_map(policies).collect();
    for limit in limits.iter_mut().filter(|limit| limit.is_used_up && limit.reset.is_none() && !limit.name.is_empty()) {
        limit.reset = response.all("ratelimit-policy").find_map(|value| window(value, &limit.name));
    }
    limits.extend(LIMITS.map(|(reset, remaining)| Policy {
        reset: response.header(reset).map(str::to_owned),
        is_used_up: response.header(remaining).is_some_and(is_zero),
        by: reset,
        ..Policy::default()
    }));
    limits
}

/// The time of a policy of this name: of `"default";q=100;w=60` the 60.
fn window(value: &str, name: &str) -> Option<String> {
    let policy = split(value, ',').find(|member| split(member, ';').next().is_some_and(|own| own.trim() == name))?;
    let mut parameters = split(policy, ';').filter_map(|parameter| parameter.split_once('='));
    parameters.find(|(name, _)| name.trim() == "w").map(|(_, seconds)| seconds.trim().to_owned())
}

/// `RateLimit`: `"default";r=0;t=30` for each policy, or in the earlier drafts `limit=100, remaining=0, reset=30` for one.
fn policies(value: &str) -> Vec<Policy> {
    let mut policies: Vec<Policy> = Vec::new();
    for member in split(value, ',') {
        let mut policy = Policy { by: "ratelimit", ..Policy::default() };
        for (name, value) in split(member, ';').filter_map(|parameter| parameter.split_once('=')) {
            match name.trim() {
                "t" | "reset" => policy.reset = Some(value.trim().to_owned()),
                "r" | "remaining" => policy.is_used_up = is_zero(value),
                _ => {}
            }
        }
        let is_named = split(member, ';').next().is_some_and(|name| !name.contains('='));
        if is_named {
            policy.name = split(member, ';').next().unwrap_or_default().trim().to_owned();
        }
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
pub(crate) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
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

/// A list is not allowed, but comes about where a proxy joins headers.
fn retry_after(value: &str, now: Duration) -> Option<u32> {
    reset(value, now).or_else(|| value.split(',').filter_map(|value| reset(value, now)).max())
}

/// Nothing waits for longer, so more seconds than this are a time, and a time that is further away is none.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Seconds from now, or a time: a date, or seconds since 1970, also in smaller units, whichever is near the clock.
fn reset(value: &str, now: Duration) -> Option<u32> {
    let Some(number) = seconds(value) else { return until(date(value)?, now) };
    if number <= LONGEST {
        return Some(up(number));
    }
    let is_near = |time: &Duration| time.abs_diff(now) <= LONGEST;
    [1, 1_000, 1_000_000, 1_000_000_000]
        .into_iter()
        .map(|unit| number / unit)
        .find(is_near)
        .and_then(|time| until(time, now))
}

fn until(time: Duration, now: Duration) -> Option<u32> {
    Some(time.saturating_sub(now)).filter(|duration| *duration <= LONGEST).map(up)
}

/// Digits, with a fraction at most, which some servers send.
fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let nanos = if is_zero(fraction) { 0 } else { 1 };
    Some(Duration::new(whole.parse().ok()?, nanos))
}

/// In one of the three forms of RFC 9110, section 5.6.7, or in that of RFC 3339. Universal time goes by many names.
fn date(value: &str) -> Option<Duration> {
    const NAMES: [&str; 8] = ["GMT", "UTC", "UT", "+0000", "-0000", "+00:00", "-00:00", "Z"];
    let value = value.trim();
    let is_named = |name: &&str| {
        let start = value.len().checked_sub(name.len());
        start.and_then(|start| value.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(name))
    };
    let name = NAMES.into_iter().find(is_named).unwrap_or_default();
    let time = value.get(..value.len() - name.len())?.trim_end();
    let of_http = || {
        let time = capitalized(time);
        httpdate::parse_http_date(&format!("{time} GMT")).or_else(|_| httpdate::parse_http_date(&time)).ok()
    };
    // Without a name it is the time of nobody knows where.
    let of_rfc3339 = || humantime::parse_rfc3339(&format!("{time}Z")).ok().filter(|_| !name.is_empty());
    of_http().or_else(of_rfc3339)?.duration_since(UNIX_EPOCH).ok()
}

/// The names of days and months as they are to be written: some send them small.
fn capitalized(text: &str) -> String {
    let mut is_inside = false;
    let each = text.chars().map(|c| {
        let written = if is_inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
        is_inside = c.is_ascii_alphabetic();
        written
    });
    each.collect()
}

/// What the answer's clock says, which is the one that its dates are of; else this clock. Since 1970.
fn now(response: &Answer) -> Duration {
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
        after(&Answer::new(status, &headers, ""))
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
                ("sun, 06 nov 1994 08:50:07 gmt", 30),
                ("Sun, 06 Nov 1994 08:50:07 UTC", 30),
                ("Sun, 06 Nov 1994 08:50:07 +0000", 30),
                ("1994-11-06T08:50:07Z", 30),
                ("1994-11-06T08:50:06.25+00:00", 30),
                ("784111807", 30),
                ("784111807000", 30),
                ("784111700", 0),
            ] {
                assert_eq!(told(status, &[("Retry-After", value)]), Some(seconds), "{status} {value}");
            }
        }
        assert_eq!(told(429, &[("Retry-After", "soon"), ("Retry-After", "7"), ("Retry-After", "3")]), Some(7));
        assert_eq!(told(200, &[("Retry-After", "30")]), Some(30), "the body tells of a failure");
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
            // What nothing waits for.
            "99999999999",
            "9".repeat(20).as_str(),
            "9".repeat(40).as_str(),
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "9999-12-31T23:59:59Z",
            "1994-11-06T08:50:07+01:00",
            "1994-11-06T08:50:07",
            "GMT",
            "Z",
            "1994-11-06T08:50:0\u{fc}Z",
        ] {
            assert_eq!(told(503, &[("Retry-After", value)]), None, "{value}");
        }
    }

    #[test]
    fn a_date_is_counted_from_this_clock_where_the_answer_has_none() {
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
        let response = Answer::new(503, &[("Retry-After", &soon)], "");
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
                after(&Answer::new(429, &headers, ""))
            };
            for value in [
                "1795903230",
                "1795903230000",
                "1795903229001",
                "1795903230000000",
                "1795903230000000000",
                "1795903229.25",
            ] {
                assert_eq!(of(value), Some(30), "{name}: {value}");
            }
            assert_eq!(of("2026-11-28T22:00:30Z"), Some(30));
            assert_eq!((of("1000000030"), of("253402300799")), (None, None), "neither is near");
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
    fn a_pause_is_what_a_provider_asks_for_or_lets_through_no_more() {
        let told = |status: u16, headers: &[(&str, &str)]| {
            let headers = [headers, &[("Date", NOW)]].concat();
            pause(&Answer::new(status, &headers, ""))
        };
        assert_eq!(told(429, &[("Retry-After", "7"), ("X-RateLimit-Reset", "9")]), Some((7, "retry-after")));
        assert_eq!(told(429, &[("X-RateLimit-Reset", "9")]), Some((9, "x-ratelimit-reset")));
        assert_eq!(
            (told(429, &[]), told(200, &[("Retry-After", "7")]), told(301, &[("Retry-After", "7")])),
            (None, None, None)
        );
        for (remaining, expected) in [("0", Some((30, "x-ratelimit-reset"))), ("1", None), ("", None)] {
            let limit = [("X-RateLimit-Remaining", remaining), ("X-RateLimit-Reset", "784111807")];
            assert_eq!(told(200, &limit), expected, "{remaining}");
        }
        let of = |limit, policy| told(200, &[("RateLimit", limit), ("RateLimit-Policy", policy)]);
        assert_eq!(of(r#""a";r=0;t=30, "b";r=0;t=40, "c";r=1;t=50"#, ""), Some((40, "ratelimit")));
        assert_eq!(of(r#""a;b";r=0"#, r#""a";q=1;w=60, "a;b";q=9; w=90"#), Some((90, "ratelimit")));
        assert_eq!((of(r#""a";r=0"#, r#""b";q=1;w=60"#), of(r#""a";r=0"#, "")), (None, None));
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
