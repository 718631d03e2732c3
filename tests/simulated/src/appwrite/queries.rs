//! The filters, order and pages of lists.

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::call::Call;
use super::fault::Fault;
use super::rules;

const DEFAULT_LIMIT: u64 = 25;
const MAX_LIMIT: u64 = 5000;
const MAX_QUERIES: usize = 100;
const MAX_QUERY_CHARS: usize = 4096;
const MAX_SEARCH_CHARS: usize = 256;
const SEARCHED: [&str; 5] = ["$id", "name", "email", "phone", "data"];

/// What the queries of an operation may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All methods, on these attributes and the server's own; none stands for any attribute.
    Whole(&'static [&'static str]),
    /// `limit` and `offset` alone.
    Page,
    /// `select` alone.
    Selection,
}

/// What was asked for, checked.
pub(super) struct Queries {
    limit: u64,
    offset: u64,
    cursor: Option<Cursor>,
    filters: Vec<Query>,
    /// The attributes, each with whether it falls.
    order: Vec<(String, bool)>,
    selection: Vec<String>,
    /// What the parameter `search` looks for.
    search: String,
}

enum Cursor {
    After(String),
    Before(String),
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
    /// The queries of a call, wherever it carries them.
    pub(super) fn of(call: &Call<'_>, scope: Scope) -> Result<Self, Fault> {
        let search = call.text("search").unwrap_or_default();
        rules::length("search", search, 0, MAX_SEARCH_CHARS)?;
        let given = call.input.query.get("queries").or_else(|| call.given("queries"));
        let texts: Vec<&str> =
            given.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        if texts.len() > MAX_QUERIES || texts.iter().any(|text| text.chars().count() > MAX_QUERY_CHARS) {
            return Err(invalid("there are too many, or one is too long"));
        }
        let mut queries = Self {
            limit: DEFAULT_LIMIT,
            offset: 0,
            cursor: None,
            filters: Vec::new(),
            order: Vec::new(),
            selection: Vec::new(),
            search: search.to_lowercase(),
        };
        for text in texts {
            let query: Query = serde_json::from_str(text).map_err(|error| invalid(&error.to_string()))?;
            queries.add(query, scope)?;
        }
        Ok(queries)
    }

    fn add(&mut self, query: Query, scope: Scope) -> Result<(), Fault> {
        let method = query.method.as_str();
        let allowed = match scope {
            Scope::Whole(_) => true,
            Scope::Page => matches!(method, "limit" | "offset"),
            Scope::Selection => method == "select",
        };
        if !allowed {
            return Err(invalid(&format!("the method {method} is not for this list")));
        }
        let has_attribute = query.attribute.as_deref().is_some_and(|name| is_known(scope, name));
        match (method, query.values.as_slice(), has_attribute) {
            ("limit", [value], false) => self.limit = number(value, 1, MAX_LIMIT)?,
            ("offset", [value], false) => self.offset = number(value, 0, MAX_LIMIT)?,
            ("cursorAfter", [Value::String(id)], false) => self.cursor = Some(Cursor::After(id.clone())),
            ("cursorBefore", [Value::String(id)], false) => self.cursor = Some(Cursor::Before(id.clone())),
            ("select", [_, ..], false) => {
                self.selection.extend(query.values.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            ("orderAsc" | "orderDesc", [], true) => {
                let falls = method == "orderDesc";
                self.order.extend(query.attribute.map(|attribute| (attribute, falls)));
            }
            ("isNull" | "isNotNull", [], true)
            | ("equal" | "notEqual" | "contains", [_, ..], true)
            | ("search" | "startsWith" | "endsWith", [Value::String(_)], true)
            | ("lessThan" | "lessThanEqual" | "greaterThan" | "greaterThanEqual", [_], true)
            | ("between", [_, _], true) => self.filters.push(query),
            // The real server knows more of them; refusing is better than a wrong list.
            (method, ..) => return Err(invalid(&format!("bad attribute, values or method: {method}"))),
        }
        Ok(())
    }

    /// How many things the filters leave, and the page of them.
    pub(super) fn apply(&self, things: &[Value]) -> Result<(usize, Vec<Value>), Fault> {
        let mut found: Vec<&Value> = things.iter().collect();
        for (attribute, falls) in self.order.iter().rev() {
            found.sort_by(|a, b| {
                let order = compare(member(a, attribute), member(b, attribute));
                if *falls { order.reverse() } else { order }
            });
        }
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let total = found.iter().filter(|thing| self.matches(thing)).count();
        let page: Vec<&Value> = match &self.cursor {
            None => self.matching(&found).skip(offset).take(limit).collect(),
            Some(Cursor::After(id)) => {
                let (_, after) = found.split_at_checked(position(&found, id)? + 1).unwrap_or_default();
                self.matching(after).skip(offset).take(limit).collect()
            }
            Some(Cursor::Before(id)) => {
                let (before, _) = found.split_at_checked(position(&found, id)?).unwrap_or_default();
                let mut page: Vec<&Value> = self.matching(before).rev().skip(offset).take(limit).collect();
                page.reverse();
                page
            }
        };
        Ok((total, page.into_iter().map(|thing| self.select(thing)).collect()))
    }

    /// Those that match, of all pages.
    pub(super) fn all<'t>(&self, things: &'t [Value]) -> impl Iterator<Item = &'t Value> {
        things.iter().filter(move |thing| self.matches(thing))
    }

    fn matching<'t>(&self, things: &'t [&'t Value]) -> impl DoubleEndedIterator<Item = &'t Value> {
        things.iter().copied().filter(move |thing| self.matches(thing))
    }

    fn matches(&self, thing: &Value) -> bool {
        let found = |name: &&str| text(member(thing, name)).contains(&self.search);
        (self.search.is_empty() || SEARCHED.iter().any(found))
            && self.filters.iter().all(|filter| filter.matches(thing))
    }

    /// Of a thing what was selected.
    pub(super) fn select(&self, thing: &Value) -> Value {
        let Some(members) = thing.as_object() else { return thing.clone() };
        if self.selection.is_empty() || self.selection.iter().any(|name| name == "*") {
            return thing.clone();
        }
        let selected = members.iter().filter(|(name, _)| self.selection.contains(name));
        selected.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
    }
}

impl Query {
    fn matches(&self, thing: &Value) -> bool {
        let value = member(thing, self.attribute.as_deref().unwrap_or_default());
        let (first, second) = (self.values.first().unwrap_or(&Value::Null), self.values.get(1).unwrap_or(&Value::Null));
        let order = |with: &Value| compare(value, with);
        match self.method.as_str() {
            "equal" => self.values.contains(value),
            "notEqual" => !self.values.contains(value),
            "isNull" => value.is_null(),
            "isNotNull" => !value.is_null(),
            "lessThan" => !value.is_null() && order(first).is_lt(),
            "lessThanEqual" => !value.is_null() && order(first).is_le(),
            "greaterThan" => order(first).is_gt(),
            "greaterThanEqual" => order(first).is_ge(),
            "between" => order(first).is_ge() && order(second).is_le(),
            "startsWith" => text(value).starts_with(&text(first)),
            "endsWith" => text(value).ends_with(&text(first)),
            "search" => text(value).contains(&text(first)),
            "contains" => match value {
                Value::Array(items) => self.values.iter().any(|wanted| items.contains(wanted)),
                value => self.values.iter().any(|wanted| text(value).contains(&text(wanted))),
            },
            _ => false,
        }
    }
}

fn member<'t>(thing: &'t Value, name: &str) -> &'t Value {
    thing.get(name).unwrap_or(&Value::Null)
}

/// For comparisons, in which case does not count.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase()
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        // What has no value comes before all others.
        _ => (!a.is_null(), text(a)).cmp(&(!b.is_null(), text(b))),
    }
}

fn position(things: &[&Value], id: &str) -> Result<usize, Fault> {
    let position = things.iter().position(|thing| member(thing, "$id") == id);
    position.ok_or_else(|| Fault::new(400, "general_cursor_not_found", format!("No '{id}' for the cursor")))
}

fn is_known(scope: Scope, attribute: &str) -> bool {
    match scope {
        Scope::Whole(attributes) => {
            attributes.is_empty()
                || attributes.contains(&attribute)
                || matches!(attribute, "$id" | "$createdAt" | "$updatedAt")
        }
        Scope::Page | Scope::Selection => false,
    }
}

fn number(value: &Value, least: u64, most: u64) -> Result<u64, Fault> {
    value
        .as_u64()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| invalid(&format!("{value} is not a whole number from {least} to {most}")))
}

fn invalid(problem: &str) -> Fault {
    Fault::param("queries", problem)
}
