//! Whatever else an installation offers. The caller names the server's operation, so these can do what any other can.

use wharf_plugin::{
    Body, Call, DeclaredRequest, Effect, Failure, Field, Input, Lists, Members, Method, Operation, Output, Place,
    Resource, Schema, any, code_only, list, object, plain_json, query, text,
};

use crate::encoded::encoded;
use crate::login::send;
use crate::vtql::Query;

const NAME: Schema = text().matches("^[A-Za-z][A-Za-z0-9_.]*$");

const NAME_OF: &str = "The server's own name of the operation, such as listtypes.";

/// What begins, names or ends a session: the credentials are the host's, and so is the session in which this runs.
const REFUSED: [&str; 4] = ["getchallenge", "login", "extendsession", "logout"];

/// What takes a query, and gives at most 100 rows.
const QUERIES: [&str; 4] = ["query", "query_related", "mobile.query", "mobile.querywithgrouping"];

/// The parameters that the server reads as JSON text.
const ENCODED: [&str; 4] = ["element", "elements", "values", "fieldTypeList"];

/// What the operations that can be called are known to give away.
const SECRETS: &[&str] = &["/key", "/accesskey"];

const CALL: DeclaredRequest = DeclaredRequest::new("call", Method::Post, "")
    .body(Body::Form)
    .fields(&[Field::bound(Place::Body, "operation", "operation")])
    .open("the caller's parameters, whose names only the operation called knows");

const ANY: Schema = any();

const fn parameter(name: &'static str) -> Input {
    query(name, any()).optional().lists(Lists::Json).describe("Sent as it is; a list or an object as JSON text.")
}

pub(crate) const ADVANCED: Resource = Resource::new(
    "advanced",
    &[
        Operation::get("get", "Call by GET", "")
            .scheme(Some("session-in-query"))
            .summary(
                "Calls a GET operation of the server by its own name. A query has declared names alone, so no other \
                 parameters than those listed here can be given. What lists records gives at most 100: query.run and \
                 relations.* follow pages.",
            )
            .inputs(&[
                query("operation", NAME).describe(NAME_OF),
                parameter("elementType"),
                query("fieldTypeList", list(&ANY)).optional().lists(Lists::Json).describe("Sent as JSON text."),
                parameter("id"),
                parameter("query"),
                parameter("module"),
                parameter("record"),
                parameter("sourceType"),
                parameter("relatedType"),
                parameter("relatedLabel"),
                parameter("modifiedTime"),
                parameter("syncType"),
                parameter("name"),
                parameter("value"),
                parameter("search"),
                parameter("type"),
                parameter("mode"),
                parameter("page"),
                parameter("limit"),
                parameter("offset"),
            ])
            // What it does is up to the operation that is called.
            .effect(Effect::Write)
            .not_idempotent()
            .sensitive_outputs(SECRETS)
            .run(get),
        Operation::function("post", "Call by POST", Effect::Delete, &[CALL], post)
            .summary("Calls a POST operation of the server by its own name, with any parameters; it may also delete.")
            .inputs(&[
                code_only("operation", NAME).describe("The server's own name of the operation, such as revise."),
                code_only("parameters", object())
                    .optional()
                    .sensitive()
                    .describe("The operation's parameters by name; lists and objects are sent as JSON text."),
            ])
            .sensitive_outputs(SECRETS),
    ],
);

fn get(call: &Call<'_>) -> Result<Output, Failure> {
    check(call)?;
    check_limit(call, "query", call.text("query"))?;
    send(call).map(Output::text)
}

fn post(call: &Call<'_>) -> Result<Output, Failure> {
    check(call)?;
    let parameters = fields(call.written("parameters"))?;
    let query = parameters.iter().find(|(name, _)| name == "query");
    check_limit(call, "parameters", query.map(|(_, query)| query.as_str()))?;
    call.read(&call.request("call").form(parameters).send()?).map(Output::text)
}

fn check(call: &Call<'_>) -> Result<(), Failure> {
    match call.text("operation") {
        Some(name) if is_of_sessions(name) => {
            Err(wrong("operation", "sessions are begun and ended by the host, or for a caller by session.*: use those"))
        }
        _ => Ok(()),
    }
}

fn check_limit(call: &Call<'_>, input: &str, query: Option<&str>) -> Result<(), Failure> {
    let name = call.text("operation").unwrap_or_default();
    match query {
        Some(query) if QUERIES.iter().any(|known| name.eq_ignore_ascii_case(known)) => {
            Query::read(query).check_limit(input)
        }
        _ => Ok(()),
    }
}

/// The server does not look at the case.
fn is_of_sessions(name: &str) -> bool {
    REFUSED.iter().any(|refused| name.eq_ignore_ascii_case(refused))
}

fn fields(parameters: Option<&str>) -> Result<Vec<(String, String)>, Failure> {
    let Some(parameters) = parameters.and_then(Members::of) else { return Ok(Vec::new()) };
    if parameters.get("operation").or(parameters.get("sessionName")).is_some() {
        return Err(wrong(
            "parameters",
            "`operation` is an input of its own, and `sessionName` is the host's: leave them out",
        ));
    }
    let field = |(name, value): (String, &str)| match value {
        "null" => None,
        value if ENCODED.contains(&name.as_str()) => Some((name, encoded(value))),
        text if text.starts_with('"') => Some((name, serde_json::from_str(text).unwrap_or_default())),
        other => Some((name, plain_json(other))),
    };
    Ok(parameters.iter().filter_map(field).collect())
}

fn wrong(input: &str, message: &str) -> Failure {
    Failure::InvalidInput(Some(input.to_owned()), message.to_owned())
}

#[cfg(test)]
mod tests {
    use wharf_plugin::json;

    use super::*;

    #[test]
    fn parameters_become_fields_of_a_form() {
        let given = r#"{"elementType":"Leads","element":{"a":1.10},"ids":["1x2"],"page":2e0,"none":null}"#;
        let mut sent = fields(Some(given)).unwrap();
        sent.sort();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [
            pair("element", r#"{"a":1.10}"#),
            pair("elementType", "Leads"),
            pair("ids", r#"["1x2"]"#),
            pair("page", "2e0"),
        ];
        assert_eq!(sent, expected);
        assert_eq!(fields(None).unwrap(), []);
    }

    #[test]
    fn json_in_a_field_is_written_so_that_the_server_reads_it_right() {
        let given = r#"{"element":{"a":"C:\\u006eew"},"id":"C:\\u006eew"}"#;
        let sent = fields(Some(given)).unwrap();
        assert_eq!(sent[0].1, r#"{"a":"C:\\\u0075006eew"}"#);
        assert_eq!(sent[1].1, r"C:\u006eew", "a text is no JSON");
        let written_out = json!({ "element": r#"{"a":"C:\\u006eew"}"#, "note": r#"{"a":"C:\\u006eew"}"# });
        let sent = fields(Some(&written_out.to_string())).unwrap();
        assert_eq!(sent[0].1, r#"{"a":"C:\\\u0075006eew"}"#);
        assert_eq!(sent[1].1, r#"{"a":"C:\\u006eew"}"#, "what the server does not read as JSON goes as it is");
    }

    #[test]
    fn what_has_an_input_of_its_own_is_no_parameter() {
        for name in ["operation", "sessionName"] {
            assert!(matches!(fields(Some(&json!({name: "x"}).to_string())), Err(Failure::InvalidInput(..))), "{name}");
        }
        assert!(
            is_of_sessions("LogIn")
                && is_of_sessions("getchallenge")
                && is_of_sessions("ExtendSession")
                && !is_of_sessions("query")
        );
    }
}
