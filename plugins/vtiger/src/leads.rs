use std::borrow::Cow;

use wharf_plugin::build::at;
use wharf_plugin::rules::{Failing, FailureKind, Kind, Output, Place, Rule};
use wharf_plugin::{Lists, Property, Resource, Schema, body, object, object_of, one_of, text};

use crate::ids::ID;
use crate::login::by_post;

const fn entity(name: &'static str, description: &'static str) -> Property {
    Property { name, schema: object(), required: false, description }
}

const ENTITIES: Schema = object_of(&[
    entity("Accounts", "create (true or false), name Accounts, accountname, and further fields of the account."),
    entity("Contacts", "create (true or false), name Contacts, lastname, and further fields of the contact."),
    entity(
        "Potentials",
        "create (true or false), name Potentials, potentialname, closingdate, sales_stage, and further fields.",
    ),
]);

const CONVERSION: Schema = object_of(&[
    Property { name: "leadId", schema: ID, required: true, description: "Id of the lead." },
    Property {
        name: "assignedTo",
        schema: ID,
        required: true,
        description: "Id of the user or group that owns what is made.",
    },
    Property {
        name: "transferRelatedRecordsTo",
        schema: one_of(&["Contacts", "Accounts"]),
        required: false,
        description: "Which of the new records gets what was related to the lead.",
    },
    Property {
        name: "imageAttachmentId",
        schema: text(),
        required: false,
        description: "Id of the lead's picture, for the contact; may be empty.",
    },
    Property {
        name: "entities",
        schema: ENTITIES,
        required: true,
        description: "What is made of the lead: an account or a contact at least.",
    },
]);

pub(crate) const LEADS: Resource = Resource::new(
    "leads",
    &[by_post("convert", "Convert lead", "convertlead")
        .summary("Turns a lead into an account, a contact and a potential, and gives their ids by module.")
        .inputs(&[body("element", CONVERSION)
            .lists(Lists::Json)
            .describe("What to convert, and into what. An account of the same name is used again.")])
        .answers_by(convert)],
);

/// The server says success also where it has converted nothing.
fn convert() -> Vec<Rule> {
    let made = [at(["/result"]).is([Kind::Object]), at(["/result/*"]).contains(NUMBERS)];
    let nothing = "Vtiger says success and made nothing of the lead: an account or a contact must be among the entities, with create true";
    let nothing = Cow::Owned(vec![Place::Words(Cow::Borrowed(nothing))]);
    vec![
        Rule::uses("first"),
        Rule::output(made, Output::At("/result".into())),
        Rule::failure([], Failing { message: nothing, ..Failing::of(FailureKind::Provider) }),
    ]
}

/// What is in the id of a record, such as `12x6`, which stands in the result by its module. The numbers of records begin with 1.
const NUMBERS: [&str; 9] = ["x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"];

#[cfg(test)]
mod tests {
    use wharf_plugin::{Failure, Read, Response, Rules};

    use super::*;

    #[test]
    fn a_conversion_names_the_records_that_it_made() {
        let read = |made: &str| {
            let answer = Response::new(200, &[], format!(r#"{{"success":true,"result":{made}}}"#));
            Read::Rules(|| Rules { output: convert(), ..crate::answer::rules() }).read(&answer)
        };
        for made in [r#"{"Accounts":"11x5","Contacts":"12x6"}"#, r#"{"Accounts":null, "Contacts":"12x60"}"#] {
            assert_eq!(read(made).unwrap(), made);
        }
        let nothing = ["null", "[]", "[ ]", "{}", "{ }", r#""""#, "false", "0", "[null]"];
        let of_nothing = [r#"{"Contacts":null}"#, r#"{"Contacts":""}"#, r#"{"Contacts":"12x0"}"#, r#"{"a":"words"}"#];
        for made in nothing.iter().chain(&of_nothing) {
            assert!(matches!(read(made), Err(Failure::Provider(d)) if d.message.contains("create true")), "{made}");
        }
    }
}
