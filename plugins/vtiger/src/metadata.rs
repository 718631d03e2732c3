use wharf_plugin::{
    Call, Constant, DeclaredRequest, Effect, Failure, Field, Lists, Method, Operation, Output, Place, Resource, Schema,
    code_only, list, text,
};

use crate::login::{GET_CHALLENGE, LOGIN, WHY_FREE, with_session};

const FIELD_TYPE: Schema = text().at_least(1);

const LIST_TYPES: DeclaredRequest = DeclaredRequest::new("list-types", Method::Get, "")
    .discriminator(Constant::query("operation", "listtypes"))
    .fields(&[
        Field::free(Place::Query, "sessionName", WHY_FREE),
        Field::bound(Place::Query, "fieldTypeList", "fieldTypeList").lists(Lists::Json),
    ]);

pub(crate) const METADATA: Resource = Resource::new(
    "metadata",
    &[Operation::function("list-types", "List types", Effect::Read, &[LIST_TYPES, GET_CHALLENGE, LOGIN], list_types)
        .summary("Lists the modules that the user may use.")
        .inputs(&[
            code_only("sessionName", text().at_least(1))
                .optional()
                .sensitive()
                .describe("Name of a session; without one the plugin logs in and keeps its session."),
            code_only("fieldTypeList", list(&FIELD_TYPE))
                .optional()
                .describe("Only modules that have a field of one of these types, such as email."),
        ])],
);

fn list_types(call: &Call<'_>) -> Result<Output, Failure> {
    with_session(call, |session| call.request("list-types").query("sessionName", session).send()).map(Output::text)
}
