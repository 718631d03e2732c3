use wharf_plugin::{
    Call, Detail, Failure, Lists, Members, Output, Property, Resource, Schema, body, object, object_of, one_of, text,
    words,
};

use crate::ids::{ID, is_id};
use crate::login::{SESSION, by_post, form_field, with_session};

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
        .inputs(&[
            SESSION,
            body("element", CONVERSION)
                .lists(Lists::Json)
                .describe("What to convert, and into what. An account of the same name is used again."),
        ])
        .run(convert)],
);

/// The server says success also where it has converted nothing.
fn convert(call: &Call<'_>) -> Result<Output, Failure> {
    let send = |session: &str| call.own_request().form(vec![form_field(session)]).send();
    let made = with_session(call, |session| call.read(&send(session)?))?;
    if names_records(&made) {
        return Ok(Output::text(made));
    }
    Err(Failure::Provider(Detail::new(
        "Vtiger says success and made nothing of the lead: an account or a contact must be among the entities, with create true",
    )))
}

/// Whether a result has the id of a record, which stands there by its module.
fn names_records(made: &str) -> bool {
    let members = Members::of(made);
    members.iter().flat_map(Members::iter).any(|(_, id)| words(id).is_some_and(|id| is_id(id.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_names_the_records_that_it_made() {
        for made in [r#"{"Accounts":"11x5","Contacts":"12x6"}"#, r#"{"Accounts":null, "Contacts":"12x6"}"#] {
            assert!(names_records(made), "{made}");
        }
        let nothing = ["null", "[]", "[ ]", "{}", "{ }", r#""""#, "false", "0", "[null]"];
        let of_nothing = [r#"{"Contacts":null}"#, r#"{"Contacts":""}"#, r#"{"Contacts":"12x0"}"#, r#"{"a":"words"}"#];
        for made in nothing.iter().chain(&of_nothing) {
            assert!(!names_records(made), "{made}");
        }
    }
}
