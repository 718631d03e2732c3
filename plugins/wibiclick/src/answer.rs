use std::borrow::Cow;

use wharf_plugin::Rules;
use wharf_plugin::build::{Look, at, body, header, reads, success};
use wharf_plugin::rules::{Condition, Failing, FailureKind, Kind, Output, Rule, Value};

/// A good answer to a change may be JSON, a few bare words or nothing. To a read it is an object or a list. Errors have `message`,
/// or else `error`, and may come with status 200, so what does not say yes in a known way is none.
pub(crate) fn rules() -> Rules {
    let is = |kind: Kind| body().is([kind]);
    let only_how_it_went = || at(["/*"]).exists(false).in_any_case().except(ENVELOPE);
    let with_data = || at(["/data", "/result"]).is([Kind::Something]).in_any_case().negated();
    let output = vec![
        Rule::failure([success().negated()], told(FailureKind::ByStatus)),
        Rule::output([reads(false), is(Kind::Nothing)], Output::Value(r#"{"success":true}"#.into())),
        uses([is(Kind::Object)], "says-no"),
        // The records of a read may have a member of any name.
        uses([reads(false), is(Kind::Object)], "refuses"),
        uses([is(Kind::Object), only_how_it_went(), with_data()], "refuses"),
        Rule::output([is(Kind::Object)], Output::Body),
        Rule::output([reads(true), is(Kind::List)], Output::Body),
        Rule::unreadable([reads(true)], NO_ANSWER),
        uses([is(Kind::List)], "says-no").of_each("/*"),
        uses([is(Kind::List)], "refuses").of_each("/*"),
        Rule::output([is(Kind::List)], Output::Body),
        Rule::output([at([""]).one_of(YES)], Output::Body),
        Rule::output([says_done(at([""]))], Output::Body),
        Rule::output(
            [
                is(Kind::Json).negated(),
                header("content-type").contains(["json"]).in_any_case().negated(),
                says_done(body()),
            ],
            Output::Message,
        ),
        // A web page, for instance, which a path that does not exist may be answered with, or a notice of PHP before the JSON.
        Rule::unreadable([], NO_ANSWER),
    ];
    let named = vec![
        ("no", vec![Rule::failure([], told(FailureKind::Provider))]),
        ("says-no", says_no()),
        ("refuses", refuses()),
    ];
    Rules { first: Vec::new(), output, errors: Vec::new(), named }
}

const NO_ANSWER: &str = "one of WibiClick";

fn told(kind: FailureKind) -> Failing {
    Failing::of(kind).message(["/message", "/error", "/errors"])
}

fn uses(conditions: impl Into<Vec<Condition>>, name: &'static str) -> Rule {
    Rule { conditions: conditions.into().into(), ..Rule::uses(name) }
}

/// What says that something failed.
fn no(conditions: impl Into<Vec<Condition>>) -> Rule {
    uses(conditions, "no")
}

/// Members of these names.
fn members(names: &[&str]) -> Look {
    at(names.iter().map(|name| format!("/{name}")))
}

/// Of an object, or of an entry of a list: whether `success` is there and is not true, each time; or where it is not there, whether there is an error.
fn says_no() -> Vec<Rule> {
    let is_there = || members(&["success"]).exists(true).in_any_case();
    vec![
        no([
            is_there(),
            members(&["success"]).none_of(YES).in_any_case(),
            says_done(members(&["success"])).in_any_case().negated(),
        ]),
        no([is_there().negated(), members(&["error"]).is([Kind::Something]).in_any_case()]),
        no([is_there().negated(), members(&["status"]).one_of(FAILED.iter().copied()).in_any_case()]),
    ]
}

/// Whether an answer says no in any other way that a server may have.
fn refuses() -> Vec<Rule> {
    // The status of a record is not that of the request.
    let is_no_record = || members(&["id", "token"]).exists(true).in_any_case().negated();
    // Each by itself, so that none speaks for another one.
    let is_no_yes = |name: &str| {
        no([
            members(&[name]).exists(true).in_any_case(),
            members(&[name]).none_of(YES).in_any_case(),
            says_done(members(&[name])).in_any_case().negated(),
        ])
    };
    let are_no_yes =
        ["ok", "data/success", "result/success", "response/success", "data/ok", "result/ok", "response/ok"]
            .map(is_no_yes);
    let others = |names: &[&'static str], ask: fn(Look) -> Condition| ask(at(["/*"])).in_any_case().except(names);
    const WORDS: &[&str] = &["message", "error", "errors"];
    let rest = [
        no([members(&["error", "errors", "exception"]).is([Kind::Something]).in_any_case()]),
        no([is_no_record(), members(&["status"]).one_of(NO).in_any_case()]),
        no([is_no_record(), members(&["status"]).is_an_error().in_any_case()]),
        no([members(&["code", "statusCode", "status_code"]).is_an_error().in_any_case()]),
        // There is a no, and beside it at most a message: `{"connected":false}`.
        no([
            others(WORDS, |look| look.one_of(NO)),
            others(WORDS, |look| look.none_of(NO.into_iter().chain(NOTHING))).negated(),
        ]),
        // There is nothing but a message, and that one tells what was wrong.
        no([others(&["message"], |look| look.exists(false)), members(&["message"]).words(NOT, &[]).in_any_case()]),
    ];
    are_no_yes.into_iter().chain(rest).collect()
}

const YES: [Value; 3] = [Value::Boolean(true), Value::Number(Cow::Borrowed("1")), Value::Text(Cow::Borrowed("yes"))];

/// What counts as no in JSON, where a null or an empty text says nothing.
const NO: [Value; 4] = [
    Value::Boolean(false),
    Value::Number(Cow::Borrowed("0")),
    Value::Text(Cow::Borrowed("false")),
    Value::Text(Cow::Borrowed("no")),
];

const NOTHING: [Value; 4] = [Value::Null, Value::Text(Cow::Borrowed("")), Value::EmptyList, Value::EmptyObject];

/// What an answer has that tells nothing but how a request went.
const ENVELOPE: &[&str] =
    &["code", "data", "error", "errors", "message", "ok", "result", "status", "statuscode", "success"];

/// What `status` says of a request that failed, beside what it says of a job.
const FAILED: &[&str] =
    &["bad request", "denied", "error", "fail", "failed", "failure", "forbidden", "not found", "unauthorized"];

const NOT: &[&str] = &[
    "cannot",
    "can't",
    "denied",
    "error",
    "expired",
    "failed",
    "forbidden",
    "invalid",
    "missing",
    "not",
    "unable",
    "unauthorised",
    "unauthorized",
    "unknown",
];

/// Whether every word of a text is one by which a server says that it did something, such as "User updated successfully.": nobody
/// has seen them all, and anything else may say what went wrong.
fn says_done(look: Look) -> Condition {
    look.words(DONE, BESIDE)
}

const DONE: &[&str] = &[
    "accepted",
    "added",
    "booked",
    "changed",
    "connected",
    "converted",
    "created",
    "deleted",
    "disconnected",
    "done",
    "merged",
    "ok",
    "reassigned",
    "registered",
    "removed",
    "reset",
    "saved",
    "sent",
    "set",
    "success",
    "successful",
    "successfully",
    "true",
    "updated",
    "uploaded",
];

/// What it was done to, alone or several of them.
const BESIDE: &[&str] = &[
    "a",
    "an",
    "and",
    "been",
    "booking",
    "callout",
    "company",
    "contact",
    "customer",
    "document",
    "email",
    "employee",
    "estimate",
    "fee",
    "from",
    "has",
    "have",
    "information",
    "invoice",
    "item",
    "job",
    "line",
    "logo",
    "mail",
    "message",
    "note",
    "password",
    "profile",
    "settings",
    "status",
    "supplier",
    "task",
    "technician",
    "the",
    "to",
    "user",
    "was",
    "website",
    "bookings",
    "callouts",
    "contacts",
    "customers",
    "documents",
    "emails",
    "employees",
    "estimates",
    "fees",
    "invoices",
    "items",
    "jobs",
    "lines",
    "logos",
    "mails",
    "messages",
    "notes",
    "passwords",
    "profiles",
    "suppliers",
    "tasks",
    "technicians",
    "users",
    "websites",
];

#[cfg(test)]
mod tests {
    use wharf_plugin::{Failure, Read, Response, json};

    use super::*;

    fn read(response: &Response) -> Result<String, Failure> {
        Read::Rules(rules).read(response)
    }

    #[test]
    fn an_answer_that_is_not_json_is_no_failure() {
        let good = |body: &str| read(&Response::new(200, &[], body)).unwrap();
        assert_eq!(good(r#"{"success":true,"message":"Done"}"#), r#"{"success":true,"message":"Done"}"#);
        assert_eq!(good(""), r#"{"success":true}"#);
        assert_eq!(good("updated\n"), r#"{"success":true,"message":"updated"}"#);
        for words in ["OK", "User updated", "User was updated successfully!", "Settings saved.", "Notes reassigned"] {
            assert_eq!(good(words), json!({"success": true, "message": words}).to_string());
        }
        for json in [
            "true",
            "1",
            r#""User updated""#,
            "{}",
            "[]",
            r#"{"message":"Done"}"#,
            r#"{"message":"Notes of Ada were added"}"#,
            r#"{"success":"true"}"#,
            r#"{"success":true,"errors":[ ],"error":false}"#,
            r#"{"status":true}"#,
            r#"{"status":200,"message":"Saved"}"#,
            r#"{"status":"success"}"#,
            r#"{"status":"scheduled"}"#,
            r#"{"ok":1}"#,
            r#"{"error":0,"message":"Saved"}"#,
            r#"{"id":7,"status":false,"active":false}"#,
            r#"{"token":"t","blocked":false,"status":0}"#,
            r#"{"message":"Saved","invoice":{"id":7,"status":0}}"#,
        ] {
            assert_eq!(good(json), json);
        }
        let unread = r#"{"success":1,"error":null,"n":1.10,"h":"\ud83d","n":1e400}"#;
        assert_eq!(good(unread), unread);
    }

    #[test]
    fn a_mark_before_the_json_says_nothing() {
        let marked = Response::new(200, &[], "\u{feff}{\"success\":false,\"message\":\"No.\"}");
        assert!(matches!(read(&marked), Err(Failure::Provider(detail)) if detail.message == "No."));
        let marked = Response::new(200, &[], "\u{feff}{\"id\":1.10}");
        assert_eq!(read(&marked).unwrap(), r#"{"id":1.10}"#);
    }

    #[test]
    fn what_cannot_be_parsed_or_says_no_is_no_success() {
        for body in [
            "Notice: Undefined index: id in /srv/api.php on line 3\n{\"success\":false}",
            "Warning: mail() failed in /srv/api.php on line 3",
            "{\"success\":true",
            "\u{feff}\u{feff}{\"success\":true}",
            "<br />\n<b>Notice</b>",
            "Strict Standards: Only variables should be passed by reference in /srv/a.php on line 3",
            "Catchable fatal error: x in /srv/a.php on line 3",
            "Uncaught Error: Call to undefined function foo",
            "Error: something broke",
            "Unauthorized",
            "Internal Server Error",
            "Could not connect: Access denied",
            "User not updated",
            "Nothing was updated",
            "the user",
            "No",
            "\0",
            "\u{a0}",
            "\u{200b}",
            "false",
            "0",
            "null",
            "7",
            r#""error""#,
            r#"{"success":false}"#,
            r#"{"success":"false","message":"No."}"#,
            r#"{"success":0}"#,
            r#"{"success":-0}"#,
            r#"{"success":0.0}"#,
            r#"{"success":0e5}"#,
            r#"{"success":null}"#,
            r#"{"success":[]}"#,
            r#"{"success":{}}"#,
            r#"{"success":"no "}"#,
            r#"{"success":"F"}"#,
            r#"{"success":"error"}"#,
            r#"{"success":"f\u0061lse"}"#,
            r#"{"success":false,"success":true}"#,
            r#"{"success":true,"success":false}"#,
            r#"{"s\u0075ccess":false}"#,
            r#"{"Success":false}"#,
            r#"{"success":false,"message":"\ud83d","n":1e400}"#,
            r#"{"error":"Website not found"}"#,
            r#"{"status":"error","message":"x"}"#,
            r#"[{"success":false}]"#,
            r#"{"status":false,"message":""}"#,
            r#"{"status":"false"}"#,
            r#"{"status":0}"#,
            r#"{"status":400,"message":"bad"}"#,
            r#"{"Status":"500"}"#,
            r#"{"statusCode":403,"message":"Forbidden resource"}"#,
            r#"{"code":404,"message":"x"}"#,
            r#"{"ok":false}"#,
            r#"{"ok":null}"#,
            r#"{"errors":["x"]}"#,
            r#"{"errors":{"userId":"x"},"message":"Done"}"#,
            r#"{"success":true,"errors":["x"]}"#,
            r#"{"connected":false}"#,
            r#"{"updated":0,"message":"x"}"#,
            r#"{"data":{"success":false}}"#,
            r#"{"data":{"success":"Saved","ok":false}}"#,
            r#"{"message":"Website not found"}"#,
            r#"{"message":"Invalid user."}"#,
            r#"[{"ok":false}]"#,
            r#"[["no"],{"status":false}]"#,
        ] {
            for kind in ["", "text/plain", "text/html"] {
                let read = read(&Response::new(200, &[("content-type", kind)], body));
                assert!(matches!(read, Err(Failure::Provider(_))), "{body}: {read:?}");
            }
        }
        let json = Response::new(200, &[("content-type", "application/json; charset=utf-8")], "Bad gateway");
        assert!(read(&json).is_err(), "it says that it were JSON");
    }

    /// What one entry said once spoke for those beside it.
    #[test]
    fn an_entry_that_failed_is_no_success_whatever_the_others_are() {
        let read = |body: &str| read(&Response::new(200, &[], body));
        for failed in [
            r#"{"status":false}"#,
            r#"{"status":400}"#,
            r#"{"status":"failed","message":"No."}"#,
            r#"{"error":"No."}"#,
            r#"{"success":false}"#,
            r#"{"ok":0}"#,
            r#"{"connected":false}"#,
            r#"{"message":"Website not found"}"#,
        ] {
            for good in [
                r#"{"id":7,"status":false}"#,
                r#"{"token":"t"}"#,
                r#"{"success":true}"#,
                r#"{"success":"Saved"}"#,
                r#"{"ok":true}"#,
                r#"{"ok":"Saved"}"#,
                r#"{"message":"Saved","name":"Ada"}"#,
            ] {
                assert_eq!(read(&format!("[{good},{good}]")), Ok(format!("[{good},{good}]")));
                for body in [format!("[{good},{failed}]"), format!("[{failed},{good}]")] {
                    assert!(matches!(read(&body), Err(Failure::Provider(_))), "{body}");
                }
            }
        }
        let told = read(r#"[{"id":7},{"success":false,"message":"No such user"}]"#);
        assert!(matches!(told, Err(Failure::Provider(detail)) if detail.message == "No such user"));
    }

    #[test]
    fn a_read_is_answered_by_an_object_or_a_list() {
        let read = |body: &str| read(&Response::new(200, &[], body).to_a_read());
        for body in ["", "\r\n", "OK", "User updated", "Session expired, please log in", "null", "true", "1", r#""OK""#]
        {
            assert!(matches!(read(body), Err(Failure::Provider(_))), "{body}");
        }
        for body in [
            r#"{"customers":[]}"#,
            "[]",
            r#"[{"success":false}]"#,
            r#"{"salary":0}"#,
            r#"{"site":"a","status":0,"errors":["slow"],"ok":false}"#,
        ] {
            assert_eq!(read(body).unwrap(), body);
        }
        for body in [r#"{"success":false}"#, r#"{"status":false,"message":"x"}"#, r#"{"ok":false,"data":null}"#] {
            assert!(read(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_web_page_is_no_success() {
        let page = Response::new(200, &[], "<!doctype html><title>WibiClick</title>");
        assert!(matches!(read(&page), Err(Failure::Provider(d)) if d.message.contains("<!doctype html>")));
    }

    #[test]
    fn an_error_speaks_by_message_then_by_error_then_by_its_status() {
        let words = |body: &str| match read(&Response::new(404, &[], body)) {
            Err(Failure::NotFound(detail)) => detail.message,
            other => panic!("{other:?}"),
        };
        assert_eq!(words(r#"{"message": "User not found", "error": "x"}"#), "User not found");
        assert_eq!(words(r#"{"error": "Website not found"}"#), "Website not found");
        assert_eq!(words(""), "an answer without a body");
        assert!(matches!(read(&Response::new(401, &[], "")), Err(Failure::Unauthorized(_))));
    }
}
