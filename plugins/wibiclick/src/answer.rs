use wharf_plugin::{Failure, Members, Response, items, json, read, words};

/// A good answer to a change may be JSON, a few bare words or nothing. To a read it is an object or a list. Errors have `message`,
/// or else `error`, and may come with status 200, so what does not say yes in a known way is none.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    if !response.is_success() {
        return read::rest(response);
    }
    let changes = !response.is_to_a_read();
    if response.is_empty() && changes {
        return Ok(json!({"success": true}).to_string());
    }
    // A web page, for instance, which a path that does not exist may be answered with, or a notice of PHP before the JSON.
    let no_answer = || Err(response.makes_no_sense("one of WibiClick"));
    let Ok(answer) = read::json(response) else {
        let text = response.text()?.trim();
        return match changes && !says_json(response) && is_done(text) {
            true => Ok(json!({"success": true, "message": text}).to_string()),
            false => no_answer(),
        };
    };
    let is_good = match (Members::of(&answer), items(&answer)) {
        (Some(object), _) if says_no(&object) || (changes || is_envelope(&object)) && refuses(&object) => {
            return Err(Failure::Provider(response.detail(reason(&object).as_deref())));
        }
        (Some(_), _) => true,
        // The records of a read may have a member of any name.
        (None, Some(items)) => {
            !changes || !items.into_iter().filter_map(Members::of).any(|item| says_no(&item) || refuses(&item))
        }
        (None, None) => changes && is_yes(answer.trim_ascii()),
    };
    if is_good { Ok(answer) } else { no_answer() }
}

/// What an answer says is wrong.
fn reason(answer: &Members<'_>) -> Option<String> {
    let told = |name: &str| answer.words(name).filter(|words| !words.trim().is_empty());
    let first = || words(items(answer.get("errors")?)?.first()?);
    told("message").or_else(|| told("error")).or_else(|| told("errors")).or_else(first)
}

/// Whether `success` is there and is not true, each time; or where it is not there, whether there is an error.
fn says_no(answer: &Members<'_>) -> bool {
    match of(answer, "success").next() {
        Some(_) => !of(answer, "success").all(is_yes),
        None => {
            of(answer, "error").any(|value| !is_nothing(value))
                || of(answer, "status")
                    .filter_map(words)
                    .any(|status| FAILED.contains(&status.to_ascii_lowercase().as_str()))
        }
    }
}

/// Whether an answer says no in any other way that a server may have. A record that was read may well have such members.
fn refuses(answer: &Members<'_>) -> bool {
    // The status of a record is not that of the request.
    let is_record = ["id", "token"].iter().any(|name| answer.get(name).is_some());
    ["error", "errors", "exception"].iter().any(|name| of(answer, name).any(|value| !is_nothing(value)))
        || of(answer, "ok").any(|value| !is_yes(value))
        || !is_record && of(answer, "status").any(|status| is_no(status) || is_error(status))
        || ["code", "statusCode", "status_code"].iter().any(|name| of(answer, name).any(is_error))
        || ["data", "result", "response"].iter().flat_map(|name| of(answer, name)).any(|value| {
            Members::of(value).is_some_and(|inner| ["success", "ok"].iter().any(|name| !of(&inner, name).all(is_yes)))
        })
        || says_nothing_but_no(answer)
        || says_why_not(answer)
}

/// Whether there is a no, and beside it at most a message: `{"connected":false}`.
fn says_nothing_but_no(answer: &Members<'_>) -> bool {
    let is_other = |name: &str| !["message", "error", "errors"].iter().any(|known| name.eq_ignore_ascii_case(known));
    let others: Vec<&str> = answer.iter().filter(|(name, _)| is_other(name)).map(|(_, value)| value).collect();
    others.iter().any(|value| is_no(value)) && others.iter().all(|value| is_no(value) || is_nothing(value))
}

/// Whether there is nothing but a message, and that one tells what was wrong.
fn says_why_not(answer: &Members<'_>) -> bool {
    const NOT: [&str; 14] = [
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
    let is_not = |word: &str| NOT.iter().any(|not| word.eq_ignore_ascii_case(not));
    let is_alone = answer.iter().all(|(name, _)| name.eq_ignore_ascii_case("message"));
    let ends = |c: char| !c.is_alphanumeric() && c != '\'';
    is_alone && of(answer, "message").filter_map(words).any(|text| text.split(ends).any(is_not))
}

/// Whether an answer has nothing but what tells how a request went.
fn is_envelope(answer: &Members<'_>) -> bool {
    const NAMES: [&str; 10] =
        ["code", "data", "error", "errors", "message", "ok", "result", "status", "statuscode", "success"];
    answer.iter().all(|(name, value)| {
        let name = name.to_ascii_lowercase();
        NAMES.contains(&name.as_str()) && (!matches!(name.as_str(), "data" | "result") || is_nothing(value))
    })
}

/// The members of a name, whatever its case.
fn of<'a>(answer: &'a Members<'a>, wanted: &'a str) -> impl Iterator<Item = &'a str> {
    answer.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
}

fn is_nothing(json: &str) -> bool {
    let inside = |open, close| json.strip_prefix(open).and_then(|json| json.strip_suffix(close));
    let is_empty = inside('[', ']').or_else(|| inside('{', '}')).is_some_and(|inside| inside.trim().is_empty());
    is_empty || matches!(json, "null" | "false" | "0") || words(json).is_some_and(|text| text.trim().is_empty())
}

/// What counts as no in JSON, where a null or an empty text says nothing.
fn is_no(json: &str) -> bool {
    match words(json) {
        Some(text) => matches!(text.trim().to_ascii_lowercase().as_str(), "false" | "no" | "0"),
        None => json == "false" || json.parse() == Ok(0.0),
    }
}

/// Whether it is an HTTP status of an error, as a number or a text.
fn is_error(json: &str) -> bool {
    let number = words(json).unwrap_or_else(|| json.to_owned()).trim().parse();
    number.is_ok_and(|number: f64| (400.0..600.0).contains(&number))
}

/// What `status` says of a request that failed, beside what it says of a job.
const FAILED: [&str; 9] =
    ["bad request", "denied", "error", "fail", "failed", "failure", "forbidden", "not found", "unauthorized"];

/// What counts as yes in JSON: true, 1, or a text of known words.
fn is_yes(json: &str) -> bool {
    match words(json) {
        Some(text) => matches!(text.as_str(), "1" | "yes") || is_done(&text),
        None => matches!(json, "true" | "1" | "1.0"),
    }
}

/// Whether every word of a text is one by which a server says that it did something, such as "User updated successfully.": nobody
/// has seen them all, and anything else may say what went wrong.
fn is_done(text: &str) -> bool {
    const LONGEST: usize = 200;
    const DONE: &str = "accepted added booked changed connected converted created deleted disconnected done merged ok reassigned \
                        registered removed reset saved sent set success successful successfully true updated uploaded";
    /// What it was done to, alone or several of them.
    const BESIDE: &str = "a an and been booking callout company contact customer document email employee estimate fee from has \
                          have information invoice item job line logo mail message note password profile settings status \
                          supplier task technician the to user was website";
    let is_of = |list: &str, word: &str| list.split(' ').any(|known| known == word);
    let is_beside = |word: &str| is_of(BESIDE, word) || word.strip_suffix('s').is_some_and(|one| is_of(BESIDE, one));
    let text = text.to_ascii_lowercase();
    let said: Vec<&str> = text.trim_end_matches(['.', '!', '\r', '\n']).split(' ').collect();
    text.len() <= LONGEST
        && said.iter().any(|word| is_of(DONE, word))
        && said.iter().all(|word| is_of(DONE, word) || is_beside(word))
}

/// Whether the server says that the body were JSON.
fn says_json(response: &Response) -> bool {
    response.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            r#"{"message":"Website not found"}"#,
            r#"{"message":"Invalid user."}"#,
            r#"[{"ok":false}]"#,
        ] {
            for kind in ["", "text/plain", "text/html"] {
                let read = read(&Response::new(200, &[("content-type", kind)], body));
                assert!(matches!(read, Err(Failure::Provider(_))), "{body}: {read:?}");
            }
        }
        let json = Response::new(200, &[("content-type", "application/json; charset=utf-8")], "Bad gateway");
        assert!(read(&json).is_err(), "it says that it were JSON");
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
