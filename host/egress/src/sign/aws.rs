//! Signature Version 4 of AWS, with the signature in a header.

use hmac::{Hmac, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::ToSign;
use crate::connection::Connection;
use crate::declaration::AwsV4;
use crate::encode::hex;
use crate::refusal::Refusal;
use crate::scheme::Derived;
use crate::secret::Text;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The service whose paths are signed as they are sent, as names of its objects may have any slashes and dots.
const S3: &str = "s3";

/// All but unreserved characters.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same for a path.
const OF_PATH: &AsciiSet = &STRICT.remove(b'/');
/// The same for a path in which this has been done.
const ENCODED_PATH: &AsciiSet = &OF_PATH.remove(b'%');

/// The headers that sign a request with these others.
pub(super) fn headers(
    with: &AwsV4,
    request: &ToSign<'_>,
    others: &[(String, Text)],
    connection: &Connection,
    derived: &Derived,
) -> Result<Vec<(String, Text)>, Refusal> {
    let (access, secret) = (connection.credential(&with.access_key)?, connection.credential(&with.secret_key)?);
    let region = connection.credential(&with.region)?;
    let token = match &with.session_token {
        Some(field) if connection.require(field).is_ok() => Some(connection.credential(field)?),
        _ => None,
    };
    let (date, content) = (request.time_basic(), request.body_sha256()?);
    let own = [(AwsV4::DATE, Some(Text::open(date.as_str()))), (AwsV4::CONTENT, Some(Text::open(content)))];
    let own = own.into_iter().chain([(AwsV4::TOKEN, token.filter(|token| !token.real().is_empty()))]);
    let mut headers: Vec<(String, Text)> = own.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();

    let mut signed = vec![("host".to_owned(), request.host().to_owned())];
    signed.extend(request.body.map(|body| ("content-type".to_owned(), body.media_type.clone())));
    let all = others.iter().chain(&headers);
    signed.extend(all.map(|(name, value)| (name.to_ascii_lowercase(), value.real().to_owned())));
    let scope = Scope { date: &date, region: region.real(), service: &with.service };
    let canonical = Canonical {
        method: request.method.as_str(),
        path: request.path(),
        query: request.query(),
        headers: Headers::of(signed),
        content,
    };
    let signature = Text::made_of(signature(secret.real(), &scope, &canonical), secret.is_strong());
    derived.note(&signature)?;

    let mut authorization = Text::open(format!("{ALGORITHM} Credential="));
    authorization.push(&access);
    authorization.push_str(&format!("/{scope}, SignedHeaders={}, Signature=", canonical.headers.names));
    authorization.push(&signature);
    headers.push((AwsV4::AUTHORIZATION.to_owned(), authorization));
    Ok(headers)
}

/// What a signature is good for.
struct Scope<'a> {
    /// `20260131T123000Z`
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl Scope<'_> {
    fn day(&self) -> &str {
        self.date.get(..8).unwrap_or_default()
    }
}

impl std::fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.day(), self.region, self.service)
    }
}

/// A request as both sides write it down.
struct Canonical<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Headers,
    /// SHA-256 of the body.
    content: &'a str,
}

impl Canonical<'_> {
    fn text(&self, service: &str) -> Zeroizing<String> {
        let Self { method, path, query, headers: Headers { lines, names }, content } = self;
        let (path, query, lines) = (canonical_path(path, service), canonical_query(query), lines.as_str());
        Zeroizing::new(format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{content}"))
    }
}

/// Headers in the order of their names, one line each, and the names. A session's token is one of them.
struct Headers {
    lines: Zeroizing<String>,
    names: String,
}

impl Headers {
    fn of(mut headers: Vec<(String, String)>) -> Self {
        // Those of one name stay in their order.
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (mut lines, mut names): (String, Vec<String>) = (String::new(), Vec::new());
        for (name, value) in headers {
            let value = Zeroizing::new(value);
            let words = value.split(' ').filter(|word| !word.is_empty());
            if names.last() == Some(&name) {
                lines.truncate(lines.trim_end().len());
                lines.push(',');
            } else {
                lines.push_str(&name);
                lines.push(':');
                names.push(name);
            }
            words.enumerate().for_each(|(place, word)| {
                lines.push_str(if place == 0 { "" } else { " " });
                lines.push_str(word);
            });
            lines.push('\n');
        }
        Self { lines: Zeroizing::new(lines), names: names.join(";") }
    }
}

/// Encoded once more than it is sent, and without empty segments; for S3 as it is sent, and all encoded that can be.
fn canonical_path(path: &str, service: &str) -> String {
    if service == S3 {
        return percent_encode(path.as_bytes(), ENCODED_PATH).to_string();
    }
    let segments: String = path.split_inclusive('/').filter(|segment| *segment != "/").collect();
    format!("/{}", percent_encode(segments.as_bytes(), OF_PATH))
}

/// All parameters encoded, in the order of their names and then of their values.
fn canonical_query(query: &str) -> String {
    let encoded = |text: &str| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        percent_encode(&bytes, STRICT).to_string()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (encoded(name), encoded(value))
    };
    let mut pairs: Vec<(String, String)> = query.split('&').filter(|text| !text.is_empty()).map(pair).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn signature(secret: &str, scope: &Scope<'_>, canonical: &Canonical<'_>) -> String {
    let digest = hex(&Sha256::digest(canonical.text(scope.service).as_bytes()));
    let text = format!("{ALGORITHM}\n{}\n{scope}\n{digest}", scope.date);
    let first = Zeroizing::new(format!("AWS4{secret}"));
    let steps = [scope.day(), scope.region, scope.service, "aws4_request", &text];
    let mut key = Zeroizing::new(first.as_bytes().to_vec());
    for step in steps {
        key = hmac(&key, step);
    }
    hex(&key)
}

fn hmac(key: &[u8], text: &str) -> Zeroizing<Vec<u8>> {
    // HMAC takes a key of any length (RFC 2104, section 2), so there is no error to report.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
    mac.update(text.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of nothing.
    const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// SHA-256 of `{"a":1}`.
    const BODY: &str = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";

    type Case<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

    fn check(secret: &str, region: &str, date: &str, cases: &[Case<'_>]) {
        for (service, method, path, query, headers, content, expected) in cases {
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let headers = Headers::of(headers.iter().map(own).collect());
            let canonical = Canonical { method, path, query, headers, content };
            let signature = signature(secret, &Scope { date, region, service }, &canonical);
            assert_eq!(signature, *expected, "{service} {method} {path} {query}\n{}", *canonical.text(service));
        }
    }

    #[test]
    fn the_figures_that_the_provider_published_come_out() {
        const DATE: &str = "20150830T123600Z";
        let plain: &[_] = &[("x-amz-date", DATE), ("host", "example.amazonaws.com")];
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let ordered = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
        let post = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        check(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "us-east-1",
            DATE,
            &[
                ("service", "GET", "/", "", plain, NOTHING, vanilla),
                ("service", "GET", "//", "", plain, NOTHING, vanilla),
                ("service", "GET", "/", "Param2=value2&Param1=value1", plain, NOTHING, ordered),
                ("service", "POST", "/", "", plain, NOTHING, post),
            ],
        );
    }

    #[test]
    fn the_figures_of_its_storage_come_out() {
        const DATE: &str = "20130524T000000Z";
        const CONTENT: &str = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
        let host = ("host", "examplebucket.s3.amazonaws.com");
        let plain: &[_] = &[host, ("x-amz-content-sha256", NOTHING), ("x-amz-date", DATE)];
        let part: &[_] = &[plain[0], ("range", "bytes=0-9"), plain[1], plain[2]];
        let put: &[_] = &[
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            host,
            ("x-amz-content-sha256", CONTENT),
            ("x-amz-date", DATE),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        let of_put = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
        let of_part = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        let of_list = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        let of_rule = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
        check(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "us-east-1",
            DATE,
            &[
                ("s3", "GET", "/test.txt", "", part, NOTHING, of_part),
                ("s3", "PUT", "/test%24file.text", "", put, CONTENT, of_put),
                ("s3", "PUT", "/test$file.text", "", put, CONTENT, of_put),
                ("s3", "GET", "/", "prefix=J&max-keys=2", plain, NOTHING, of_list),
                ("s3", "GET", "/", "lifecycle", plain, NOTHING, of_rule),
            ],
        );
    }

    /// Each was computed by another program, in another language.
    #[test]
    fn what_is_encoded_sorted_and_trimmed_is_so_as_others_do_it() {
        const DATE: &str = "20260131T123000Z";
        let of = |content| [("host", "h"), ("x-amz-date", DATE), ("x-amz-content-sha256", content)];
        let mut several = vec![("host", "api.acme.example:8443"), ("content-type", "application/json")];
        several.extend(&of(BODY)[1..]);
        several.extend([("x-b", " one  two   three "), ("x-a", "1"), ("x-a", "2")]);
        let mut session = vec![("host", "s3.acme.example"), ("x-amz-security-token", "t0ken/+=")];
        session.extend(&of(BODY)[1..]);
        let query = "z=1&a=%2F&a=%20b&A=&%C3%A9=x%2By";
        let of_several = "1e452a975dd282a2fc4f1a832f204e4518725e887dabc3daa6c3830d3cfcbbde";
        let of_session = "46e3366b49f55ea9adf578e84850d24bd2a613d69843bd1e44c3e573a8301ff2";
        let of_nothing = "2c54ac5e3755433dbcf1d92cc2aaba4363c90611ff6d70daf601ee33c53d5dbc";
        let of_marks = "105a5fca280c10f1a50356358e42220a36c5089e9fd208bfc77fe73f00a7bd67";
        check(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "eu-central-1",
            DATE,
            &[
                ("service", "POST", "/v1/a%20b//c/", query, &several, BODY, of_several),
                ("s3", "PUT", "/b/k%20ey//x:y%2Fz", "", &session, BODY, of_session),
                ("execute-api", "DELETE", "/", "", &of(NOTHING), NOTHING, of_nothing),
                ("es", "GET", "/_a/x~y!'()*@=", "q=%2A&q2=-._~", &of(NOTHING), NOTHING, of_marks),
            ],
        );
    }
}
