//! The fields of a connection that a credential by OAuth 2 is obtained with, and as what.

use super::{Client, Endpoint, Key, Oauth2, ParameterValue, place};

/// A field of the connection in its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldUse<'a> {
    /// Where the credential says so, within its `oauth2`: `/client/id`.
    pub place: String,
    /// Its name.
    pub field: &'a str,
    /// Whether it has to be a secret there. Where it has not, it must be none: it stands in addresses, or is said to people.
    pub secret: bool,
}

impl Oauth2 {
    /// The fields of a connection that it takes, and the place of each.
    pub fn uses(&self) -> Vec<FieldUse<'_>> {
        let Client { id, secret, key, .. } = &self.client;
        let mut uses = vec![FieldUse { place: "/client/id".to_owned(), field: id, secret: false }];
        uses.extend(secret.iter().map(|secret| FieldUse {
            place: "/client/secret".to_owned(),
            field: secret,
            secret: true,
        }));
        uses.extend(key.iter().flat_map(|key| of_key("/client/key", key)));
        if let Some(assertion) = &self.assertion {
            uses.extend(of_key("/assertion/key", &assertion.key));
            let readable =
                [("/assertion/issuer", Some(&assertion.issuer)), ("/assertion/subject", assertion.subject.as_ref())];
            for (place, field) in readable {
                uses.extend(field.map(|field| FieldUse { place: place.to_owned(), field, secret: false }));
            }
        }
        uses.extend(self.endpoints().flat_map(|(name, endpoint)| of_endpoint(name, endpoint)));
        uses
    }

    /// Its endpoints, by the names that they have in a document.
    pub fn endpoints(&self) -> impl Iterator<Item = (&'static str, &Endpoint)> {
        let all = [
            ("authorize", self.authorize.as_ref()),
            ("device", self.device.as_ref()),
            ("token", Some(&self.token)),
            ("revoke", self.revoke.as_ref()),
        ];
        all.into_iter().filter_map(|(name, endpoint)| Some((name, endpoint?)))
    }
}

fn of_key<'a>(place: &str, key: &'a Key) -> Vec<FieldUse<'a>> {
    let of = |name: &str, field, secret| FieldUse { place: format!("{place}/{name}"), field, secret };
    std::iter::once(of("field", key.field.as_str(), true))
        .chain(key.id.as_deref().map(|id| of("id", id, false)))
        .collect()
}

fn of_endpoint<'a>(name: &str, endpoint: &'a Endpoint) -> Vec<FieldUse<'a>> {
    let in_path =
        endpoint.path.variables().map(|field| FieldUse { place: place(&[name, "path"]), field, secret: false });
    let parameters = endpoint.parameters.iter().filter_map(|parameter| match &parameter.value {
        ParameterValue::Field(field) => {
            Some(FieldUse { place: place(&[name, "parameters", &parameter.name]), field, secret: false })
        }
        ParameterValue::Text(_) => None,
    });
    in_path.chain(parameters).collect()
}
