//! What a client keeps for the server between two requests of one tool. It comes back from whoever wants to send it, so it is signed,
//! and good only for the same principal, tool and arguments, for some minutes.

use std::time::Duration;

use rmcp::model::{RequestStateCodec, RequestStateError, SealOptions};
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::principal::Principal;
use crate::problem::{self, Problem};

/// What a state is good for.
pub(super) struct Bound<'a> {
    pub(super) principal: &'a Principal,
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
}

impl Bound<'_> {
    fn words(&self) -> String {
        let Principal { tenant, name, .. } = self.principal;
        json!([tenant, name, self.tool, self.arguments]).to_string()
    }
}

/// A state that a client keeps. It can read it.
pub(super) fn sealed(app: &App, bound: &Bound<'_>, state: &str, lasts: Duration) -> Result<String, Problem> {
    let words = bound.words();
    let options = SealOptions::new().associated_data(words.as_bytes()).ttl(lasts);
    Ok(codec(app)?.seal_with(state.as_bytes(), &options))
}

/// A state that a client sent back.
pub(super) fn opened(app: &App, bound: &Bound<'_>, sealed: &str) -> Result<String, Problem> {
    let opened = codec(app)?.open_with(sealed, bound.words().as_bytes()).map_err(|error| match error {
        RequestStateError::Expired => wrong("is too old"),
        _ => wrong("is not one that the server gave you for these arguments"),
    })?;
    String::from_utf8(opened).map_err(|_| wrong("is not one that the server gave you"))
}

fn wrong(what: &str) -> Problem {
    Problem::new(problem::BAD_REQUEST, format!("the `requestState` {what}; call the tool anew, without one"))
}

fn codec(app: &App) -> Result<RequestStateCodec, Problem> {
    let key = app.store.digest(&[b"request state of the model context protocol"]);
    RequestStateCodec::try_new(key.to_vec())
        .map_err(|error| Problem::new(problem::HOST_FAULT, format!("the host failed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::known::{app, principal};

    #[test]
    fn a_state_is_good_for_whom_it_was_given_for_what_and_for_minutes() {
        let (app, _folder) = app();
        let (ada, minutes) = (principal(), Duration::from_secs(60));
        let arguments = json!({"plugin": "appwrite"});
        let own = Bound { principal: &ada, tool: "connect", arguments: arguments.clone() };
        let state = sealed(&app, &own, "cs_1", minutes).unwrap();
        assert_eq!(opened(&app, &own, &state).unwrap(), "cs_1");

        let tenant = Principal { tenant: Some("acme".to_owned()), ..ada.clone() };
        let bob = Principal { name: "bob".to_owned(), ..ada.clone() };
        let other = json!({"plugin": "chatwoot"});
        for stolen in [
            Bound { principal: &tenant, tool: "connect", arguments: arguments.clone() },
            Bound { principal: &bob, tool: "connect", arguments: arguments.clone() },
            Bound { principal: &ada, tool: "call", arguments: arguments.clone() },
            Bound { principal: &ada, tool: "connect", arguments: other },
        ] {
            assert!(opened(&app, &stolen, &state).unwrap_err().detail.contains("for these arguments"));
        }
        let forged = state.replace(state.chars().last().unwrap(), "_");
        for wrong in [&forged, "", "cs_1"] {
            assert!(opened(&app, &own, wrong).is_err(), "{wrong}");
        }
        // It lasts to the end of its millisecond.
        let old = sealed(&app, &own, "cs_1", Duration::ZERO).unwrap();
        let refused = (0..u32::MAX).find_map(|_| opened(&app, &own, &old).err()).unwrap();
        assert!(refused.detail.contains("too old"), "{}", refused.detail);
    }
}
