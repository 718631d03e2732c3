//! Queries: the filters, order and page of a list.

use wharf_plugin::{Call, Input, Lists, Members, Schema, Value, list, query, text};

/// The most that the server takes at once.
pub(crate) const MOST_QUERIES: usize = 100;

const QUERY: Schema = text().at_most(4096);

/// The filters, order and page of a list.
pub(crate) const QUERIES: Input =
    query("queries", list(&QUERY).at_most(MOST_QUERIES as i64)).optional().lists(Lists::Indexed).describe(
        "Filters, order and page, each as JSON text such as \
         {\"method\":\"equal\",\"attribute\":\"name\",\"values\":[\"x\"]}.",
    );

/// Names that methods have in other tools, and those of the API. Lists take both.
const OTHER_NAMES: [(&str, &str); 13] = [
    ("cursor_after", "cursorAfter"),
    ("cursor_before", "cursorBefore"),
    ("ends_with", "endsWith"),
    ("greater_than", "greaterThan"),
    ("greater_than_or_equal", "greaterThanEqual"),
    ("is_not_null", "isNotNull"),
    ("is_null", "isNull"),
    ("less_than", "lessThan"),
    ("less_than_or_equal", "lessThanEqual"),
    ("not_equal", "notEqual"),
    ("order_ascending", "orderAsc"),
    ("order_descending", "orderDesc"),
    ("starts_with", "startsWith"),
];

/// Methods that say which page.
const OF_A_PAGE: [&str; 4] = ["limit", "offset", "cursorAfter", "cursorBefore"];

/// The caller's queries, with the API's names of methods.
pub(crate) fn given(call: &Call<'_>) -> Vec<String> {
    as_written(call).map(|query| translated(query).unwrap_or_else(|| query.to_owned())).collect()
}

/// Whether the API does not know the caller's queries as they are written.
pub(crate) fn are_in_other_words(call: &Call<'_>) -> bool {
    as_written(call).any(|query| translated(query).is_some())
}

/// Whether a query says which page.
pub(crate) fn is_of_a_page(query: &str) -> bool {
    let method = Members::of(query).and_then(|query| query.text("method"));
    method.is_some_and(|method| OF_A_PAGE.contains(&method.as_str()))
}

fn as_written<'c>(call: &'c Call<'_>) -> impl Iterator<Item = &'c str> {
    call.input("queries").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A query with the API's name of its method, where it has another one.
fn translated(query: &str) -> Option<String> {
    let query = Members::of(query)?;
    let method = query.text("method")?;
    let (_, name) = OTHER_NAMES.iter().find(|(other, _)| method == *other)?;
    Some(query.with(|member| (member == "method").then(|| Some(format!("\"{name}\"")))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_methods_are_put_in_the_words_of_the_api() {
        let query = r#"{"method":"greater_than_or_equal","attribute":"age","values":[18,1.10]}"#;
        let expected = r#"{"method":"greaterThanEqual","attribute":"age","values":[18,1.10]}"#;
        assert_eq!(translated(query).unwrap(), expected);
        for known in [r#"{"method":"equal","attribute":"a","values":["not_equal"]}"#, "no JSON", "[]"] {
            assert_eq!(translated(known), None);
        }
    }
}
