//! The check of the ways in which credentials are placed.

use super::{Lint, Problem};
use crate::declaration::names::header_as_read;
use crate::declaration::{Function, Location, Part, Placement, Scheme, Sign, Template, place};

/// Values, placements and parts of a scheme, and functions of a template: what signs a request has some six.
const MOST_TEMPLATES: usize = 24;
const MOST_FUNCTIONS: usize = 8;

impl Lint<'_> {
    pub(super) fn scheme(&mut self, scheme: &Scheme) {
        let mut known: Vec<&str> = Vec::new();
        for value in &scheme.values {
            self.template(&known, &value.name, &place(&["values", &value.name, "template"]), &value.template);
            known.push(&value.name);
        }
        self.unique("value", scheme.values.iter().map(|v| v.name.clone()));
        let is_made_last = scheme.is_of_request();
        let with_variable = scheme.placed_with(|part| matches!(part, Part::Variable(_)));
        for (number, (Placement { location, name, template, unless }, has_variable)) in
            scheme.placements.iter().zip(with_variable).enumerate()
        {
            self.template(&known, name, &format!("/placements/{number}/template"), template);
            match location {
                Location::Header if header_as_read(name) == "range" => {
                    self.report("the header `Range` is no place of a credential");
                }
                // Whether it is refused there would tell what a plugin makes of a secret.
                Location::Path if has_variable => {
                    self.report(format!(
                        "the credential `{name}` in the path is made of a variable; it can be in a header"
                    ));
                }
                _ if is_made_last && *location != Location::Header => {
                    self.report(format!(
                        "`{name}` is not in a header, and the scheme signs the request as it is sent, path and body with it: place \
                         all of it in headers"
                    ));
                }
                Location::Path if unless.is_some() => {
                    self.report(format!("the credential `{name}` in the path cannot be left out: the path needs it"));
                }
                Location::Path => {}
                Location::Header => self.header_name(name),
                Location::Query | Location::Body if name.is_empty() || name.starts_with('/') => {
                    self.report("a placement in query or body needs the plain name of a field");
                }
                Location::Query | Location::Body => {}
            }
        }
        match &scheme.sign {
            Some(sign) => self.sign(sign),
            None if scheme.placements.is_empty() => self.report("it places no credential"),
            None => {}
        }
        if scheme.values.len() > MOST_TEMPLATES || scheme.placements.len() > MOST_TEMPLATES {
            self.report(format!("it has more than {MOST_TEMPLATES} values or placements"));
        }
        let templates = scheme.values.iter().map(|v| &v.template).chain(scheme.placements.iter().map(|p| &p.template));
        if templates.into_iter().any(|t| t.functions.len() > MOST_FUNCTIONS || t.parts.len() > MOST_TEMPLATES) {
            self.report(format!("a template has more than {MOST_FUNCTIONS} functions or {MOST_TEMPLATES} parts"));
        }
    }

    /// One that stands `at` a place of the scheme.
    fn template(&mut self, values: &[&str], name: &str, at: &str, template: &Template) {
        let keys = template.functions.iter().filter_map(Function::key_field);
        for field in keys.chain(template.parts.iter().filter_map(part_field)) {
            if !self.fields.contains(&field) {
                let problem = format!("`{name}` uses the connection field `{field}`, which is not declared");
                self.problems.push(Problem { place: format!("{}{at}", self.place), problem });
            }
        }
        for part in &template.parts {
            match part {
                Part::Value(value) if !values.contains(&value.as_str()) => {
                    self.report(format!("`{name}` uses the value `{value}`, which is not declared before it"));
                }
                Part::Credential { credential, value } => self.live_value(name, credential, value),
                _ => {}
            }
        }
        let digested = template.functions.iter().any(Function::is_digest);
        let long = template.parts.iter().find_map(|part| match part {
            Part::Request(part) if part.is_for_digests() => Some(part.as_str()),
            _ => None,
        });
        if let Some(part) = long.filter(|_| !digested) {
            self.report(format!("`{name}` has `{{request.{part}}}` in it, and no digest or HMAC is made of that"));
        }
        let has_variable = template.parts.iter().any(|p| matches!(p, Part::Variable(_)));
        let alone = template.parts.len() == 1 && !template.functions.is_empty();
        if has_variable && !alone && !digested {
            self.report(format!(
                "`{name}` has a variable that is not encoded: it must stand alone with a function, or end in a digest"
            ));
        }
    }
}

impl Lint<'_> {
    fn sign(&mut self, sign: &Sign) {
        for (what, field) in sign.fields().filter(|(_, field)| !self.fields.contains(field)) {
            self.problems.push(Problem {
                place: self.place.clone(),
                problem: format!("its signature has the connection field `{field}` as `{what}`, which is not declared"),
            });
        }
        let Sign::AwsV4(with) = sign;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if with.service.is_empty() || !with.service.bytes().all(plain) {
            let service = &with.service;
            self.report(format!("`{service}` is no service of a signature, such as `s3` or `execute-api`"));
        }
    }

    fn live_value(&mut self, name: &str, credential: &str, value: &str) {
        match self.credentials.iter().find(|known| known.name == credential) {
            None => self.report(format!("`{name}` uses the credential `{credential}`, which is not declared")),
            Some(known) if !known.values().contains(&value) => {
                let values = known.values().join("`, `");
                self.report(format!(
                    "`{name}` uses `{value}` of the credential `{credential}`, which it does not have; it has `{values}`"
                ));
            }
            Some(_) => {}
        }
    }
}

fn part_field(part: &Part) -> Option<&str> {
    match part {
        Part::Field(field) => Some(field),
        _ => None,
    }
}
