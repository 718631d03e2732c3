//! Reading a call the way PHP does.

use crate::request::Recorded;

/// The operations that are simulated.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    GetChallenge,
    Login,
    Logout,
    ListTypes,
    ExtendSession,
}

impl Operation {
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "getchallenge" => Some(Self::GetChallenge),
            "login" => Some(Self::Login),
            "logout" => Some(Self::Logout),
            "listtypes" => Some(Self::ListTypes),
            "extendsession" => Some(Self::ExtendSession),
            _ => None,
        }
    }
}

/// The parameters of a request by their place. An operation looks for its own ones in one place
/// only, whatever the method of the request.
pub(super) struct Call<'r> {
    request: &'r Recorded,
    query: Pairs,
    form: Pairs,
}

type Pairs = Vec<(String, String)>;

impl<'r> Call<'r> {
    pub(super) fn read(request: &'r Recorded) -> Self {
        let form = if request.method == "POST" { form(request) } else { Pairs::new() };
        Self { request, query: request.query(), form }
    }

    pub(super) fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    pub(super) fn in_query(&self, name: &str) -> Option<&str> {
        last(&self.query, name)
    }

    pub(super) fn in_form(&self, name: &str) -> Option<&str> {
        last(&self.form, name)
    }

    pub(super) fn operation(&self) -> Option<Operation> {
        self.anywhere("operation").and_then(Operation::named)
    }

    /// An empty name and the word `null` count as none.
    pub(super) fn session_name(&self) -> Option<&str> {
        self.anywhere("sessionName").filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("null"))
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.request.header("cookie")?.split(';');
        cookies
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The form goes before the query.
    fn anywhere(&self, name: &str) -> Option<&str> {
        self.in_form(name).or_else(|| self.in_query(name))
    }
}

/// Of parameters that come more than once the last one counts.
fn last<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Empty for every other kind of body, JSON among them.
fn form(request: &Recorded) -> Pairs {
    if request.has_media_type("application/x-www-form-urlencoded") {
        form_urlencoded::parse(&request.body).into_owned().collect()
    } else if request.has_media_type("multipart/form-data") {
        multipart(request).unwrap_or_default()
    } else {
        Pairs::new()
    }
}

fn multipart(request: &Recorded) -> Option<Pairs> {
    let boundary = parameter(request.header("content-type")?, "boundary")?;
    let body = String::from_utf8_lossy(&request.body);
    Some(body.split(&format!("--{boundary}")).filter_map(field).collect())
}

/// A part's name and text. Parts without them (what surrounds the boundaries) and files are none.
fn field(part: &str) -> Option<(String, String)> {
    let (head, text) = part.split_once("\r\n\r\n")?;
    let text = text.strip_suffix("\r\n")?;
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    match parameter(disposition, "filename") {
        None => Some((parameter(disposition, "name")?.to_owned(), text.to_owned())),
        Some(_) => None,
    }
}

/// A parameter of a header, as `boundary` in `multipart/form-data; boundary="x"`.
fn parameter<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    header
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches('"'))
}
