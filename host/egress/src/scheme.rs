use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::declaration::{Choice, Function, Location, Part, Scheme, Template};
use crate::encode::{form_encode, hex, json_escape, percent_encode};
use crate::masker::Masker;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::secret::Text;
use crate::sign::ToSign;

/// Longer than any server takes, in bytes: a value that is made of others could double with each of them. What is made on the
/// way has no more either, all of it together: an answer is searched for it, in up to seven forms.
const LONGEST: usize = 64 * 1024;

/// A credential and its place.
pub(crate) struct Credential<'a> {
    /// Which placement of its scheme it has.
    pub(crate) placement: usize,
    pub(crate) location: Location,
    pub(crate) name: &'a str,
    pub(crate) text: Text,
}

/// What was made of secrets on the way to the credentials of one request: a digest, a base 64. An answer may echo it.
#[derive(Default)]
pub(crate) struct Derived(RefCell<Vec<Text>>);

impl Derived {
    pub(crate) fn note(&self, text: &Text) -> Result<(), Refusal> {
        if text.is_masked() {
            let mut texts = self.0.borrow_mut();
            texts.push(text.clone());
            within(texts.iter().map(|text| text.real().len()).sum(), LONGEST)?;
        }
        Ok(())
    }

    /// For what a plugin sees, and for what people see: what the connection knows of the latter, too.
    pub(crate) fn into_maskers(self, connection: &Connection) -> (Masker, Masker) {
        let texts = self.0.into_inner();
        let mut weak = connection.weak().beside(texts.iter().filter(|text| !text.is_strong()));
        weak.extend(connection.weak());
        (connection.strong().beside(texts.iter().filter(|text| text.is_strong())), weak)
    }
}

/// What templates are made of, besides the values of their scheme.
pub(crate) struct Given<'a, V> {
    pub(crate) connection: &'a Connection,
    pub(crate) derived: &'a Derived,
    /// Gives a variable of the request.
    pub(crate) variable: V,
    /// The request as it is sent, where that stands already.
    pub(crate) request: Option<&'a ToSign<'a>>,
}

/// Makes the credentials of one request.
pub(crate) fn credentials<'a>(
    scheme: &'a Scheme,
    given: &Given<'_, impl Fn(&str) -> Result<Text, Refusal>>,
) -> Result<Vec<Credential<'a>>, Refusal> {
    let mut values: Vec<(&str, Text)> = Vec::with_capacity(scheme.values.len());
    for value in &scheme.values {
        let text = render(&value.template, given, &values)?;
        values.push((&value.name, text));
    }
    scheme
        .placements
        .iter()
        .enumerate()
        .filter(|(_, placement)| !placement.unless.as_ref().is_some_and(|choice| has_chosen(given.connection, choice)))
        .map(|(index, placement)| {
            let text = render(&placement.template, given, &values)?;
            Ok(Credential { placement: index, location: placement.location, name: &placement.name, text })
        })
        .collect()
}

fn has_chosen(connection: &Connection, choice: &Choice) -> bool {
    connection.field(&choice.field) == Some(choice.value.as_str())
}

fn render(
    template: &Template,
    given: &Given<'_, impl Fn(&str) -> Result<Text, Refusal>>,
    values: &[(&str, Text)],
) -> Result<Text, Refusal> {
    let Given { connection, derived, variable, request } = given;
    let mut text = Text::default();
    // What is signed may be longer than what is made of it.
    let mut most = LONGEST;
    for part in &template.parts {
        let piece = match part {
            Part::Literal(literal) => Text::open(literal.as_str()),
            Part::Field(name) => connection.credential(name)?,
            Part::Variable(name) => variable(name)?,
            Part::Credential { credential, value } => connection.live(credential, value)?,
            Part::Value(name) => values.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default(),
            Part::Request(part) => {
                let request = request.ok_or_else(|| too_early(part.as_str()))?;
                most = most.saturating_add(request.room(*part));
                request.part(*part)?
            }
        };
        within(text.real().len() + piece.real().len(), most)?;
        if text.real().is_empty() {
            text = piece;
        } else {
            text.push(&piece);
        }
    }
    template.functions.iter().try_fold(text, |text, function| {
        let text = apply(function, &text, connection)?;
        within(text.real().len(), most)?;
        derived.note(&text)?;
        Ok(text)
    })
}

fn within(bytes: usize, most: usize) -> Result<(), Refusal> {
    if bytes <= most {
        return Ok(());
    }
    Err(Rule::Credential.denies(format!("a credential would have more than {most} bytes")).into())
}

/// The check of a manifest has refused it.
fn too_early(part: &str) -> Refusal {
    let why = format!("a credential is made of `{{request.{part}}}`, and stands in a place that is made before that");
    Rule::Credential.denies(why).into()
}

fn apply(function: &Function, text: &Text, connection: &Connection) -> Result<Text, Refusal> {
    Ok(match function {
        Function::Base64 => text.encoded(|t| STANDARD.encode(t)),
        Function::Base64Url => text.encoded(|t| URL_SAFE_NO_PAD.encode(t)),
        Function::PercentEncode => text.encoded(percent_encode),
        Function::FormEncode => text.encoded(form_encode),
        Function::JsonEscape => text.encoded(json_escape),
        Function::Md5Hex => text.encoded(|t| hex(&Md5::digest(t))),
        Function::Sha256Hex => text.encoded(|t| hex(&Sha256::digest(t))),
        Function::HmacSha256Hex(field) => hmac_sha256(connection, field, text, hex)?,
        Function::HmacSha256Base64(field) => hmac_sha256(connection, field, text, |digest| STANDARD.encode(digest))?,
    })
}

fn hmac_sha256(
    connection: &Connection,
    field: &str,
    text: &Text,
    write: impl FnOnce(&[u8]) -> String,
) -> Result<Text, Refusal> {
    let key = connection.credential(field)?;
    // HMAC takes a key of any length (RFC 2104, section 2), so there is no error to report.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.real().as_bytes())
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
    mac.update(text.real().as_bytes());
    let digest = Zeroizing::new(mac.finalize().into_bytes().to_vec());
    Ok(Text::made_of(write(&digest), key.is_strong() || text.is_strong()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::{NamedTemplate, Placement};
    use crate::{Connection, Secret};

    fn connection() -> Connection {
        Connection::builder("test", "main", "https://provider.example")
            .field("user", "ada")
            .secret("key", Secret::new("k 1+&"))
            .allow_weak(["key"])
            .absent("token", "set TEST_TOKEN")
            .build()
            .unwrap()
    }

    fn template(parts: &[Part], functions: &[Function]) -> Template {
        Template { parts: parts.to_vec(), functions: functions.to_vec() }
    }

    fn made<'a>(
        scheme: &'a Scheme,
        derived: &Derived,
        variable: impl Fn(&str) -> Result<Text, Refusal>,
    ) -> Result<Vec<Credential<'a>>, Refusal> {
        credentials(scheme, &Given { connection: &connection(), derived, variable, request: None })
    }

    fn rendered(template: Template) -> Text {
        let placement = Placement { location: Location::Header, name: "h".to_owned(), template, unless: None };
        let scheme = Scheme {
            name: "s".to_owned(),
            summary: String::new(),
            values: vec![],
            placements: vec![placement],
            servers: vec![],
            sign: None,
        };
        let variable = |name: &str| Ok(Text::open(format!("<{name}>")));
        let mut credentials = made(&scheme, &Derived::default(), variable).unwrap();
        credentials.remove(0).text
    }

    #[test]
    fn functions_encode_as_their_specifications_say() {
        let of = |literal: &str, function| {
            rendered(template(&[Part::Literal(literal.into())], &[function])).real().to_owned()
        };
        assert_eq!(of("Aladdin:open sesame", Function::Base64), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "RFC 7617, section 2");
        assert_eq!(of("\u{fb}\u{ff}", Function::Base64Url), "w7vDvw");
        assert_eq!(of("a b/~é", Function::PercentEncode), "a%20b%2F~%C3%A9");
        assert_eq!(of("k 1+&", Function::FormEncode), "k+1%2B%26");
        assert_eq!(of("say \"hi\"\n", Function::JsonEscape), "say \\\"hi\\\"\\n");
        assert_eq!(of("message digest", Function::Md5Hex), "f96b697d7cb7938d525a2f31aaf161d0", "RFC 1321, A.5");
        assert_eq!(
            of("abc", Function::Sha256Hex),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "FIPS 180-2, B.1"
        );
    }

    #[test]
    fn a_keyed_digest_uses_a_field_of_the_connection() {
        let connection = Connection::builder("test", "main", "https://provider.example")
            .secret("key", Secret::new("Jefe"))
            .allow_weak(["key"])
            .build()
            .unwrap();
        let text =
            apply(&Function::HmacSha256Hex("key".into()), &Text::open("what do ya want for nothing?"), &connection)
                .unwrap();
        assert_eq!(text.real(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231, 4.3");
        assert_eq!(text.shown(), crate::MASK);
    }

    #[test]
    fn a_keyed_digest_is_strong_where_the_key_or_the_text_is() {
        let connection = Connection::builder("test", "main", "https://provider.example")
            .secret("weak", Secret::new("Jefe"))
            .allow_weak(["weak"])
            .secret("strong", Secret::new("k7RmX2vQp9LzT4wB"))
            .build()
            .unwrap();
        let digest = |key: &str, text: &Text| {
            let made = apply(&Function::HmacSha256Base64(key.into()), text, &connection).unwrap();
            assert!(made.is_masked());
            made.is_strong()
        };
        let of = |field: &str| connection.credential(field).unwrap();
        assert!(digest("strong", &Text::open("a")) && digest("weak", &of("strong")));
        assert!(!digest("weak", &Text::open("a")) && !digest("weak", &of("weak")));
        assert!(!digest("weak", &Text::masked("a sensitive input")));
    }

    #[test]
    fn values_nest_and_show_only_what_is_not_secret() {
        let scheme = Scheme {
            name: "as-user".to_owned(),
            summary: String::new(),
            values: vec![
                NamedTemplate {
                    name: "key".into(),
                    template: template(&[Part::Field("key".into())], &[Function::FormEncode]),
                },
                NamedTemplate {
                    name: "id".into(),
                    template: template(&[Part::Variable("userId".into())], &[Function::JsonEscape]),
                },
                NamedTemplate {
                    name: "user".into(),
                    template: template(
                        &[Part::Literal("{\"id\":\"".into()), Part::Value("id".into()), Part::Literal("\"}".into())],
                        &[Function::FormEncode],
                    ),
                },
            ],
            placements: vec![Placement {
                location: Location::Header,
                name: "Authorization".into(),
                template: template(
                    &[
                        Part::Literal("Bearer api_key=".into()),
                        Part::Value("key".into()),
                        Part::Literal("&user=".into()),
                        Part::Value("user".into()),
                    ],
                    &[],
                ),
                unless: None,
            }],
            servers: vec![],
            sign: None,
        };
        let derived = Derived::default();
        let credentials = made(&scheme, &derived, |_| Ok(Text::open("123"))).unwrap();
        let derived = derived.0.into_inner();
        assert_eq!(derived.iter().map(Text::real).collect::<Vec<_>>(), ["k+1%2B%26"], "what an answer may echo");
        assert_eq!(credentials[0].text.real(), "Bearer api_key=k+1%2B%26&user=%7B%22id%22%3A%22123%22%7D");
        assert_eq!(credentials[0].text.shown(), "Bearer api_key=•••&user=%7B%22id%22%3A%22123%22%7D");
    }

    #[test]
    fn a_placement_is_left_out_where_the_operator_chose_so_and_asks_for_nothing() {
        let placement = |name: &str, field: &str, unless: Option<&str>| Placement {
            location: Location::Header,
            name: name.to_owned(),
            template: template(&[Part::Field(field.into())], &[]),
            unless: unless.map(|value| Choice { field: "user".into(), value: value.into() }),
        };
        // There is no `token`.
        let placements = vec![placement("a", "token", Some("ada")), placement("b", "key", Some("bob"))];
        let (name, summary) = ("s".to_owned(), String::new());
        let scheme = Scheme { name, summary, values: vec![], placements, servers: vec![], sign: None };
        let made = made(&scheme, &Derived::default(), |_| Ok(Text::default())).unwrap();
        assert_eq!(made.iter().map(|c| (c.placement, c.name)).collect::<Vec<_>>(), [(1, "b")]);
    }

    #[test]
    fn a_missing_credential_names_the_field_and_its_variable() {
        let (connection, derived) = (connection(), Derived::default());
        let variable = |_: &str| Ok(Text::default());
        let given = Given { connection: &connection, derived: &derived, variable, request: None };
        let missing = render(&template(&[Part::Field("token".into())], &[]), &given, &[]);
        let message = missing.unwrap_err().to_string();
        assert!(
            message.contains("`token`") && message.contains("TEST_TOKEN") && message.contains("`main`"),
            "{message}"
        );
    }
}
