//! Why a call is refused, in the shapes that the server has for it.

use serde_json::json;

use crate::answer::Answer;
use crate::input::Wrong;

#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no such path.
    NoRoute,
    NotFound,
    /// The words differ by the kind of call.
    WrongToken,
    /// No token came along.
    NotSignedIn,
    /// A token came along with a call that takes none.
    UnwantedToken,
    /// A thing of another platform app.
    Foreign,
    /// The token's user may not do it.
    Right(&'static str),
    /// An attribute, and what is wrong with it.
    Invalid(String, String),
    /// What else is wrong.
    Failed(String),
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::Invalid(wrong.name, wrong.problem)
    }
}

pub(super) fn invalid(attribute: &str, problem: &str) -> Refusal {
    Refusal::Invalid(attribute.to_owned(), problem.to_owned())
}

impl Refusal {
    /// As the calls with this kind of token answer it.
    pub(super) fn answer(self, token: &str) -> Answer {
        let of_platform = token == "platform";
        let error = |status: u16, words: &str| Answer::json(status, &json!({ "error": words }));
        match self {
            Self::NotFound if !of_platform && token != "none" => error(404, "Resource could not be found"),
            // Bare: a client must not count on JSON here.
            Self::NoRoute | Self::NotFound => Answer::text(404, "text/plain; charset=utf-8", ""),
            Self::WrongToken if of_platform => error(401, "Invalid access_token"),
            Self::WrongToken => error(401, "Invalid Access Token"),
            Self::NotSignedIn if of_platform => error(401, "Invalid access_token"),
            Self::NotSignedIn => {
                let errors = ["You need to sign in or sign up before continuing."];
                Answer::json(401, &json!({ "errors": errors }))
            }
            // A real server would pass over it. A client that gives its token away has a fault all the same.
            Self::UnwantedToken => error(400, "this call takes no token"),
            Self::Foreign => error(401, "Non permissible resource"),
            Self::Right(words) => error(401, words),
            Self::Invalid(attribute, problem) => {
                let name = attribute.replace('_', " ");
                let name = name.get(..1).unwrap_or_default().to_uppercase() + name.get(1..).unwrap_or_default();
                Answer::json(422, &json!({ "message": format!("{name} {problem}"), "attributes": [attribute] }))
            }
            Self::Failed(words) => error(422, &words),
        }
    }
}
