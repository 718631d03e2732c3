//! The filters and pages of the list of users.

use serde::Deserialize;
use serde_json::Value;

use super::{Fault, last, text};

const DEFAULT_LIMIT: u64 = 25;
const MAX_QUERIES: usize = 100;
const MAX_QUERY_CHARS: usize = 4096;
const MAX_SEARCH_CHARS: usize = 256;
const FILTERABLE: [&str; 9] = [
    "name",
    "email",
    "phone",
    "status",
    "passwordUpdate",
    "registration",
    "emailVerification",
    "phoneVerification",
    "labels",
];

/// What was asked for, checked.
pub(super) struct Queries {
    limit: u64,
    offset: u64,
    /// The id of the last user of the page before.
    after: Option<String>,
    filters: Vec<Filter>,
}

enum Filter {
    Equal {
        attribute: String,
        values: Vec<Value>,
    },
    Contains {
        attribute: String,
        text: String,
    },
    /// The parameter `search`, which looks at several attributes.
    Anywhere {
        text: String,
    },
}

/// The JSON text of one query.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    method: String,
    #[serde(default)]
    attribute: Option<String>,
    #[serde(default)]
    values: Vec<Value>,
}

impl Queries {
    pub(super) fn read(parameters: &[(String, String)]) -> Result<Self, Fault> {
        let mut queries = Self { limit: DEFAULT_LIMIT, offset: 0, after: None, filters: Vec::new() };
        let search = last(parameters, "search").unwrap_or_default();
        if search.chars().count() > MAX_SEARCH_CHARS {
            return Err(Fault::argument("Invalid `search` param: it is too long"));
        }
        if !search.is_empty() {
            queries.filters.push(Filter::Anywhere { text: search.to_lowercase() });
        }
        let given = parameters.iter().filter(|(name, _)| name.starts_with("queries"));
        for (position, (name, query)) in given.enumerate() {
            if !is_numbered(name) {
                return Err(invalid("it must be an array"));
            }
            if position >= MAX_QUERIES || query.chars().count() > MAX_QUERY_CHARS {
                return Err(invalid("there are too many, or one is too long"));
            }
            let query = serde_json::from_str(query).map_err(|error| invalid(&error.to_string()))?;
            queries.add(query)?;
        }
        Ok(queries)
    }

    fn add(&mut self, query: Query) -> Result<(), Fault> {
        match (query.method.as_str(), query.values.as_slice()) {
            ("limit", [value]) => self.limit = number(value, 1)?,
            ("offset", [value]) => self.offset = number(value, 0)?,
            ("cursorAfter", [Value::String(id)]) => self.after = Some(id.clone()),
            ("equal", [_, ..]) => {
                let attribute = filterable(query.attribute)?;
                self.filters.push(Filter::Equal { attribute, values: query.values });
            }
            ("search", [Value::String(text)]) => {
                let attribute = filterable(query.attribute)?;
                self.filters.push(Filter::Contains { attribute, text: text.to_lowercase() });
            }
            // The real server knows more of them; refusing is better than a wrong list.
            (method, _) => return Err(invalid(&format!("bad values or method: {method}"))),
        }
        Ok(())
    }

    /// How many users the filters leave, and the page of them.
    pub(super) fn apply<'u>(&self, users: &'u [Value]) -> Result<(usize, Vec<&'u Value>), Fault> {
        let start = match &self.after {
            None => 0,
            Some(id) => self.cursor(users, id)?,
        };
        let matches = |user: &&Value| self.filters.iter().all(|filter| filter.matches(user));
        let total = users.iter().filter(matches).count();
        let page = users
            .iter()
            .skip(start)
            .filter(matches)
            .skip(usize::try_from(self.offset).unwrap_or(usize::MAX))
            .take(usize::try_from(self.limit).unwrap_or(usize::MAX))
            .collect();
        Ok((total, page))
    }

    fn cursor(&self, users: &[Value], id: &str) -> Result<usize, Fault> {
        let position = users.iter().position(|user| text(user, "$id") == id);
        position
            .map(|position| position + 1)
            .ok_or_else(|| Fault::new(400, "general_cursor_not_found", format!("No user '{id}' for the cursor")))
    }
}

impl Filter {
    fn matches(&self, user: &Value) -> bool {
        match self {
            Self::Equal { attribute, values } => user.get(attribute).is_some_and(|value| values.contains(value)),
            Self::Contains { attribute, text } => has(user, attribute, text),
            Self::Anywhere { text } => ["$id", "name", "email", "phone"].iter().any(|name| has(user, name, text)),
        }
    }
}

fn has(user: &Value, attribute: &str, wanted: &str) -> bool {
    text(user, attribute).to_lowercase().contains(wanted)
}

/// Whether the name is that of an array's item: `queries[0]` or `queries[]`.
fn is_numbered(name: &str) -> bool {
    name.strip_prefix("queries[")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
}

fn number(value: &Value, least: u64) -> Result<u64, Fault> {
    value
        .as_u64()
        .filter(|number| *number >= least)
        .ok_or_else(|| invalid(&format!("{value} is not a whole number of at least {least}")))
}

fn filterable(attribute: Option<String>) -> Result<String, Fault> {
    attribute
        .filter(|name| FILTERABLE.contains(&name.as_str()))
        .ok_or_else(|| invalid("this attribute cannot be queried"))
}

fn invalid(problem: &str) -> Fault {
    Fault::argument(format!("Invalid `queries` param: {problem}"))
}
