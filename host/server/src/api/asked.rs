//! What a request for a call says.

use std::time::Duration;

use serde::Deserialize;
use wharf::json::Kind;
use wharf::{Json, MOST_RETRIES};

use crate::problem::{self, Problem};
use crate::work::ask::What;

/// The most items of one request.
pub(super) const MOST_ITEMS: usize = 10_000;

/// The longest that a call may take that says so itself.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// What a request says beside the input.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    pub(super) connection: Option<String>,
    timeout_ms: Option<u64>,
    pub(super) retries: Option<u32>,
    #[serde(default)]
    pub(super) dry_run: bool,
    #[serde(default)]
    pub(super) continue_on_fail: bool,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) options: Options,
    pub(super) what: What,
}

impl Options {
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout_ms.map(Duration::from_millis)
    }
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::new(problem::BAD_REQUEST, detail)
}

/// Reads the body of a call. Inputs stay as they are written: their digits go on.
pub(super) fn read(body: &Json) -> Result<Asked, Problem> {
    const KNOWN: [&str; 7] = ["connection", "input", "items", "timeoutMs", "retries", "dryRun", "continueOnFail"];
    if !body.is_object() {
        return Err(wrong("the body is a JSON object, such as {\"input\": {}}"));
    }
    // They are counted before any is copied.
    if values(body) > 2 * KNOWN.len() {
        return Err(wrong(format!("the body has more members than there are; known are `{}`", KNOWN.join("`, `"))));
    }
    let (mut options, mut input, mut items) = (Vec::new(), None, None);
    for (name, value) in body.members() {
        if !KNOWN.contains(&name.as_str()) {
            let near =
                wharf::operation::nearest(&name, KNOWN.into_iter()).map(|near| format!("did you mean `{near}`?"));
            let meant = near.unwrap_or_else(|| format!("known are `{}`", KNOWN.join("`, `")));
            return Err(wrong(format!(
                "the body has a member {} that is not known; {meant}",
                wharf::text::named(&name, "of a name")
            )));
        }
        let slot = match name.as_str() {
            "input" => &mut input,
            "items" => &mut items,
            _ => {
                options.push((name, value));
                continue;
            }
        };
        if slot.replace(value).is_some() {
            return Err(wrong(format!("the body has the member `{name}` twice")));
        }
    }
    let options = Json::object(options.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let options: Options = serde_json::from_str(options.as_str()).map_err(|error| wrong(in_words(&error)))?;
    check(options.timeout_ms, options.retries)?;
    let what = match (input, items) {
        (Some(_), Some(_)) => return Err(wrong("the body has both `input` and `items`; keep one of the two")),
        (input, None) if options.continue_on_fail => {
            let _ = input;
            return Err(wrong("`continueOnFail` is for `items`"));
        }
        (input, None) => What::One(input.unwrap_or_else(|| Json::object([]))),
        (None, Some(items)) => What::Items(each(&items)?),
    };
    Ok(Asked { options, what })
}

/// What serde says, without a place: it is one in a text that the caller has not written.
fn in_words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    format!(
        "the body does not say what it has to: {words}; `connection` is a text, `timeoutMs` and `retries` are whole numbers, `dryRun` and `continueOnFail` are true or false"
    )
}

fn each(items: &Json) -> Result<Vec<Json>, Problem> {
    if !items.is_list() {
        return Err(wrong("`items` is a list of inputs"));
    }
    match values(items) {
        0 => Err(wrong("`items` is empty; it has the input of each call")),
        1..=MOST_ITEMS => Ok(items.entries()),
        many => Err(wrong(format!("`items` has {many} inputs, and the most is {MOST_ITEMS}; send several requests"))),
    }
}

/// How many values a list or an object has.
fn values(json: &Json) -> usize {
    let (mut depth, mut count) = (0_usize, 0);
    for token in json.tokens() {
        match token.kind {
            Kind::Begin => {
                count += usize::from(depth == 1);
                depth += 1;
            }
            Kind::End => depth = depth.saturating_sub(1),
            Kind::Name => {}
            _ => count += usize::from(depth == 1),
        }
    }
    count
}

/// Refuses a time and a number of retries that no call may have.
pub(crate) fn check(timeout_ms: Option<u64>, retries: Option<u32>) -> Result<(), Problem> {
    if retries.is_some_and(|retries| retries > MOST_RETRIES) {
        return Err(wrong(format!("`retries` is a whole number from 0 to {MOST_RETRIES}")));
    }
    let most = LONGEST.as_millis();
    match timeout_ms {
        Some(0) => Err(wrong(format!("`timeoutMs` is a whole number from 1 to {most}"))),
        Some(timeout) if u128::from(timeout) > most => {
            Err(wrong(format!("`timeoutMs` is a whole number from 1 to {most}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        read(&Json::parse(text).unwrap()).map(|_| ()).unwrap_err().detail
    }

    #[test]
    fn an_input_stays_as_it_is_written() {
        let asked =
            read(&Json::parse(r#"{"input": {"n": 12345678901234567890123.10}, "timeoutMs": 5}"#).unwrap()).unwrap();
        let What::One(input) = asked.what else { panic!() };
        assert_eq!(input.as_str(), r#"{"n": 12345678901234567890123.10}"#);
        assert_eq!(asked.options.timeout(), Some(Duration::from_millis(5)));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        assert!(problem("[]").contains("JSON object"));
        assert!(problem(r#"{"inputs": {}}"#).contains("did you mean `input`?"));
        assert!(problem(r#"{"input": 1, "input": 2}"#).contains("twice"));
        assert!(problem(r#"{"dryRun": true, "dryRun": false}"#).contains("duplicate"));
        assert!(problem(r#"{"input": {}, "items": []}"#).contains("both"));
        assert!(problem(r#"{"items": []}"#).contains("empty"));
        assert!(problem(r#"{"items": {}}"#).contains("a list"));
        assert!(problem(r#"{"timeoutMs": 0}"#).contains("`timeoutMs`"));
        assert!(problem(r#"{"timeoutMs": -1}"#).contains("`timeoutMs`"));
        assert!(problem(r#"{"retries": 11}"#).contains("0 to 10"));
        assert!(problem(r#"{"connection": 7}"#).contains("`connection` is a text"));
        let many = format!(r#"{{"items": [{}0]}}"#, "0,".repeat(MOST_ITEMS));
        assert!(problem(&many).contains("the most is 10000"));
    }
}
