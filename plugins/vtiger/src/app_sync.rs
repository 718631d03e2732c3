use wharf_plugin::{
    Body, Call, Constant, DeclaredRequest, Effect, Failure, Field, Input, Method, Operation, Output, Place, Resource,
    any, body, code_only, text,
};

use crate::encoded::encoded;
use crate::ids::MODULE;
use crate::login::by_post;

const UNTRIED: &str = "no answer of a server was seen";

const KEY: Input =
    body("key", text().at_least(1)).sensitive().describe("The application's key, from its registration.");

const ELEMENT: Input = code_only("element", any());

/// What takes an element, given as JSON or as JSON text.
const fn with_element(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    by_post(action, title, name)
        .fields(const { &[Field::free(Place::Body, "element", "the caller's element, as JSON text")] })
        .run(send)
}

const FIRST_CHANGES: &str = "first-changes";

/// What changed since the beginning of 1970, a second after it: the server takes nothing and 0 for no parameter, and dies of it.
const FIRST: DeclaredRequest = DeclaredRequest::new(FIRST_CHANGES, Method::Post, "")
    .discriminator(Constant::body("operation", "wsapp_get"))
    .constants(&[Constant::body("token", "1")])
    .body(Body::Form)
    .fields(&[Field::bound(Place::Body, "key", "key"), Field::bound(Place::Body, "module", "module")]);

pub(crate) const APP_SYNC: Resource = Resource::new(
    "app-sync",
    &[
        by_post("register", "Register application", "wsapp_register")
            .summary("Registers an application that exchanges records with the CRM, and gives its key.")
            .inputs(&[
                body("type", text().at_least(1)).describe("Name of the kind of application."),
                body("synctype", text().at_least(1)).describe("Whose records it exchanges, such as user."),
            ])
            .sensitive_outputs(&["/key"]),
        by_post("deregister", "Deregister application", "wsapp_deregister")
            .summary("Ends the registration of an application.")
            .inputs(&[body("type", text().at_least(1)).describe("The type that it was registered with."), KEY])
            .effect(Effect::Delete)
            .unverified(UNTRIED),
        // Whether the server takes note of what it hands out is not known, so it is no read.
        by_post("get", "Get changes for application", "wsapp_get")
            .summary("Gives an application what was changed in a module since its earlier call.")
            .inputs(&[
                KEY,
                body("module", MODULE).describe("Name of the module, such as Contacts."),
                body("token", text())
                    .optional()
                    .describe("Where the earlier call ended: its lastModifiedTime; 1, or nothing, for the first one."),
            ])
            .also(&[FIRST])
            .run(get)
            .unverified(UNTRIED),
        with_element("put", "Put changes of application", "wsapp_put")
            .summary("Takes records that were added, changed or deleted in an application.")
            .inputs(&[KEY, ELEMENT.describe("The records, in the application's own form.")])
            .effect(Effect::Delete)
            .unverified(UNTRIED),
        with_element("map", "Map records of application", "wsapp_map")
            .summary("Tells which records of an application are which of the CRM.")
            .inputs(&[KEY, ELEMENT.describe("The ids of both sides.")])
            .unverified(UNTRIED),
    ],
);

fn send(call: &Call<'_>) -> Result<Output, Failure> {
    let element = encoded(call.written("element").unwrap_or("null"));
    let answer = call.own_request().form(vec![("element".to_owned(), element)]).send()?;
    call.read(&answer).map(Output::text)
}

fn get(call: &Call<'_>) -> Result<Output, Failure> {
    let is_first = matches!(call.text("token").map(str::trim), None | Some("" | "0"));
    let request = if is_first { call.request(FIRST_CHANGES) } else { call.own_request() };
    call.read(&request.send()?).map(Output::text)
}
