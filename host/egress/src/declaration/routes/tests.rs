use std::time::Duration;

use super::*;
use crate::Deadline;
use crate::path::{Given, Whose};
use crate::refusal::Refusal;
use crate::rules::Denial;
use crate::secret::Text;

fn routes(paths: &[(Method, &str)]) -> Routes {
    paths.iter().map(|(method, path)| Route { method: *method, path: Path::parse(path).unwrap() }).collect()
}

/// Whether these values, in order, make the path that of another request.
fn clashes(routes: &Routes, method: Method, path: &str, values: &[&str]) -> bool {
    let path = Path::parse(path).unwrap();
    let siblings = routes.siblings(method, &path, false);
    let names: Vec<&str> = path.variables().collect();
    let value = |name: &str| -> Result<Given, Denial> {
        let index = names.iter().position(|known| *known == name).unwrap();
        Ok(Given { text: Text::open(values[index]), whose: Whose::Caller, slashes: false })
    };
    let work = Work::until(Deadline::within(Duration::MAX));
    match path.expand(&mut Text::default(), &siblings, &work, value) {
        Ok(_) => false,
        Err(Refusal::Denied(denial)) => {
            assert!(denial.message.contains("another request of the plugin"), "{denial}");
            true
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_value_is_refused_that_makes_the_whole_path_that_of_another_request() {
    let routes = routes(&[
        (Method::Get, "/users/identities"),
        (Method::Get, "/users/{id}"),
        (Method::Get, "/users/{id}/sessions/recovery"),
        (Method::Get, "/users/{id}/sessions/{session}"),
        (Method::Get, "/{kind}/Me"),
        (Method::Get, "/teams/members/"),
        (Method::Post, "/users/new"),
    ]);
    let is = |method, path, values: &[&str]| clashes(&routes, method, path, values);
    for value in ["identities", "IDENTITIES", "identitie\u{17f}", "me", "identities.json", "%69dentities;x"] {
        assert!(is(Method::Get, "/users/{id}", &[value]), "{value}");
        assert!(is(Method::Get, "/users/{id}/", &[value]), "{value}, with a slash at the end");
    }
    assert!(!is(Method::Get, "/users/{id}", &["members"]) && !is(Method::Get, "/users/{id}", &["new"]));
    assert!(is(Method::Head, "/users/{id}", &["identities"]), "a HEAD is routed as the GET");
    assert!(is(Method::Post, "/users/{id}", &["new"]));
    assert!(!is(Method::Delete, "/users/{id}", &["identities"]));
    assert!(is(Method::Get, "/teams/{id}", &["members"]), "the other one has a slash at its end");
    assert!(is(Method::Get, "/users/{id}/sessions/{session}", &["ada", "recovery"]));
    assert!(!is(Method::Get, "/teams/{id}/sessions/{session}", &["ada", "recovery"]));
    assert!(is(Method::Get, "/{anything}/{id}", &["teams", "members"]));
    assert!(!is(Method::Get, "/{anything}/{id}", &["clubs", "members"]));
}

#[test]
fn a_name_of_another_request_is_a_value_where_the_rest_is_no_route() {
    let routes = routes(&[
        (Method::Get, "/teams/{id}"),
        (Method::Get, "/services/{id}"),
        (Method::Post, "/teams/{id}/notes"),
        (Method::Post, "/{entity_type}/{id}/change_tags"),
    ]);
    assert!(!clashes(&routes, Method::Post, "/{entity_type}/{id}/change_tags", &["teams", "7"]));
    assert!(!clashes(&routes, Method::Post, "/{entity_type}/{id}/change_tags", &["teams", "notes"]));
    assert!(clashes(&routes, Method::Post, "/{a}/{b}/{c}", &["teams", "7", "notes"]));
    assert!(clashes(&routes, Method::Post, "/{a}/{b}/{c}", &["anything", "7", "change_tags"]));
}

#[test]
fn a_segment_of_text_and_variables_is_another_requests_too() {
    let routes = routes(&[
        (Method::Post, "/things/{id}"),
        (Method::Post, "/things/{id}:archive"),
        (Method::Post, "/things/{a}-{b}.json"),
    ]);
    let is = |path, values: &[&str]| clashes(&routes, Method::Post, path, values);
    for value in ["7:archive", "7:ARCHIVE", "7%3aarchive", "7:archive;x=1", "a-b.json"] {
        assert!(is("/things/{id}", &[value]), "{value}");
    }
    assert!(!is("/things/{id}", &["7:delete"]) && !is("/things/{id}:archive", &["7"]));
    assert!(!is("/things/{a}-{b}.json", &["a", "b"]));
}

#[test]
fn a_variable_of_several_segments_reaches_no_other_route() {
    let routes = routes(&[
        (Method::Get, "/contents/{+path}"),
        (Method::Get, "/contents/{+path}/history"),
        (Method::Get, "/contents/list/{id}"),
        (Method::Get, "/contents/{one}/{two}/{three}"),
        (Method::Get, "/files/{id}/{part}"),
        (Method::Get, "/v1/{+name}"),
        (Method::Get, "/v1/{+resource}:getPolicy"),
    ]);
    let is = |path, values: &[&str]| clashes(&routes, Method::Get, path, values);
    let of_rest = |value| is("/contents/{+path}", &[value]);
    for value in ["a/history", "history/HISTORY", "a/b/c/d/history.", "list/7", "LIST/7", "%6cist/7", "a/b/c"] {
        assert!(of_rest(value), "{value}");
    }
    for value in ["a", "a/b", "list", "history", "a/b/c/d", "history/a"] {
        assert!(!of_rest(value), "{value}");
    }
    assert!(!is("/contents/{+path}/history", &["a/b/c/d"]));
    assert!(!is("/files/{id}/{part}", &["a", "b"]));
    assert!(is("/contents/{a}/{b}", &["a", "history"]), "a single variable beside one of several segments");
    assert!(is("/v1/{+name}", &["projects/a:getPolicy"]) && is("/v1/{+name}", &["a:getpolicy"]));
    assert!(!is("/v1/{+name}", &["projects/a"]));
    assert!(!is("/v1/{+resource}:getPolicy", &["projects/a"]));
}
