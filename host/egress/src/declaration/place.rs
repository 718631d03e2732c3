//! Places in the document of a manifest, as JSON Pointers (RFC 6901), by which problems are told.

use super::Request;

/// The pointer through these members, one in the other: of none it is the whole document.
pub fn place(members: &[&str]) -> String {
    members.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

/// The place of a request. The only one of an operation has a member of its own where it has the name of the action.
pub fn place_of_request(operation: &str, requests: &[Request], request: &str) -> String {
    // That which turns the page is made of the first one.
    let others = requests.iter().filter(|other| other.name != request && other.name != "next-page").count();
    let is_only = others == 0 && operation.rsplit('.').next() == Some(request);
    match is_only {
        true => place(&["operations", operation, "request"]),
        false => place(&["operations", operation, "requests", request]),
    }
}

/// Whether a text is a JSON Pointer (RFC 6901).
pub fn is_pointer(text: &str) -> bool {
    let is_escaped = |token: &str| token.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    (text.is_empty() || text.starts_with('/')) && is_escaped(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_slashes_and_tildes_stay_one_member() {
        assert_eq!(place(&["operations", "a/b~c", "requests"]), "/operations/a~1b~0c/requests");
        assert_eq!(place(&[]), "");
    }
}
