//! What a provider says of its limits in the heads of its answers. A budget is corrected by it, within bounds: whatever a provider says,
//! it holds up its own account alone, and for an hour at most.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(3600);

/// Times from here on are no number of seconds from now on, but since 1970; and from there on milliseconds.
const SINCE_1970: f64 = 1e9;
const IN_MILLIS: f64 = 1e11;

/// For so long the provider takes nothing, by this header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) lasts: Duration,
    pub(super) by: &'static str,
}

/// The pairs of headers that say how many requests remain, and when there are more, in the order in which they are believed.
const REMAINING: [(&str, &str); 3] = [
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
];

/// What the head of an answer asks for. Names are in lower case.
pub(super) fn pause(status: u16, headers: &[(String, String)], now: SystemTime) -> Option<Pause> {
    let find = |name: &str| headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.trim());
    // The clock of the provider, by which it tells a time.
    let now = find("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    let retry_after = find("retry-after").filter(|_| matches!(status, 429 | 503));
    let retry_after = retry_after.and_then(|value| Some((after(value, now)?, "retry-after")));
    let limit = || Some((of_limit(find("ratelimit")?, find("ratelimit-policy"))?, "ratelimit"));
    let remaining = || {
        let used_up = |(remaining, reset): (&str, &'static str)| {
            let is_used_up = number(find(remaining)?)? <= 0.0;
            is_used_up.then_some((reset_in(find(reset)?, now)?, reset))
        };
        REMAINING.into_iter().find_map(used_up)
    };
    let (lasts, by) = retry_after.or_else(limit).or_else(remaining)?;
    let lasts = lasts.min(LONGEST);
    (!lasts.is_zero()).then_some(Pause { lasts, by })
}

/// Seconds or a date (RFC 9110, section 10.2.3).
fn after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Some(seconds) = number(value) {
        return of_seconds(seconds);
    }
    httpdate::parse_http_date(value).ok()?.duration_since(now).ok()
}

/// Seconds from now on, or a moment since 1970.
fn reset_in(value: &str, now: SystemTime) -> Option<Duration> {
    let told = number(value)?;
    let seconds = match told {
        _ if told >= IN_MILLIS => told / 1000.0,
        _ if told >= SINCE_1970 => told,
        _ => return of_seconds(told),
    };
    of_seconds(seconds - now.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

fn of_seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds.min(LONGEST.as_secs_f64())).ok()
}

/// `RateLimit` of the IETF's draft, now `"name";r=0;t=30`, and in earlier ones `limit=10, remaining=0, reset=30`: how long nothing
/// remains. Where several policies are told of, the longest; where one tells no time, that of its policy.
fn of_limit(limit: &str, policy: Option<&str>) -> Option<Duration> {
    let older = || {
        let member = |name: &str| limit.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let is_used_up = number(member("remaining")?)? <= 0.0;
        is_used_up.then(|| of_seconds(number(member("reset")?)?)).flatten()
    };
    let newer =
        items(limit).filter(|item| item.number("r").is_some_and(|remaining| remaining <= 0.0)).filter_map(|item| {
            let window = || items(policy.unwrap_or_default()).find(|policy| policy.name == item.name)?.number("w");
            of_seconds(item.number("t").or_else(window)?)
        });
    newer.max().or_else(older)
}

/// Digits, and a part of one: nothing else that is a number for a computer.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| text.parse().ok()).flatten()
}

/// An item of a list of structured fields (RFC 9651) with its parameters. A name with `,` or `;` in it is not understood.
struct Item<'a> {
    name: &'a str,
    parameters: &'a str,
}

fn items(list: &str) -> impl Iterator<Item = Item<'_>> {
    list.split(',').filter_map(|item| {
        let (name, parameters) = item.split_once(';')?;
        Some(Item { name: name.trim(), parameters })
    })
}

impl Item<'_> {
    fn number(&self, name: &str) -> Option<f64> {
        self.parameters.split(';').find_map(|one| number(one.trim().strip_prefix(name)?.strip_prefix('=')?))
    }
}
