//! Providers: the services that deliver messages. Each kind has settings of its own; `providers.create` and
//! `providers.update` take those of all kinds and send the request of the one that is named.

use wharf_plugin::{
    Call, DeclaredRequest, Effect, Failure, Field, Input, Method, Operation, Output, Paging, Place, Resource, body,
    boolean, code_only, integer, object, one_of, path, text,
};

use crate::data::{NEW_ID, SEARCH, TOTAL};
use crate::ids::ID;
use crate::messages::LOG_PAGE;
use crate::pages::pages;
use crate::queries::QUERIES;

/// A kind of provider.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    /// The path that creates one.
    all: &'static str,
    /// The path that changes one.
    one: &'static str,
    new: &'static [Input],
    changed: &'static [Input],
}

const PAGES: Paging = pages("/providers");

const PROVIDER_ID: Input = path("providerId", ID).describe("ID of the provider.");
const NEW_PROVIDER_ID: Input =
    body("providerId", NEW_ID).describe("ID of the new provider; unique() lets the server choose one.");
const NEW_NAME: Input = body("name", text()).describe("Name of the provider, for people.");
const NAME: Input = NEW_NAME.optional();
const ENABLED: Input = body("enabled", boolean().or_null())
    .optional()
    .describe("Whether it delivers messages; it cannot before it has all its credentials.");

const API_KEY: Input = body("apiKey", text()).optional().sensitive().describe("API key that the service gave you.");
const FROM_NAME: Input = body("fromName", text()).optional().describe("Name of the sender.");
const FROM_EMAIL: Input = body("fromEmail", text().format("email")).optional().describe("Email address of the sender.");
const REPLY_TO_NAME: Input = body("replyToName", text())
    .optional()
    .describe("Name that answers go to, together with `replyToEmail`; without both, the sender's.");
const REPLY_TO_EMAIL: Input = body("replyToEmail", text().format("email"))
    .optional()
    .describe("Address that answers go to, together with `replyToName`; without both, the sender's.");
const NEW_FROM: Input = body("from", text().matches("^\\+[1-9][0-9]{1,14}$"))
    .optional()
    .describe("Phone number of the sender, with + and the country's code.");
const FROM: Input = body("from", text()).optional().describe("Phone number of the sender.");

const APNS_KEY: Input =
    body("authKey", text()).optional().sensitive().describe("Key that Apple gave you: the text of its .p8 file.");
const APNS_KEY_ID: Input = body("authKeyId", text()).optional().describe("ID of Apple's key.");
const TEAM_ID: Input = body("teamId", text()).optional().describe("ID of the team at Apple.");
const BUNDLE_ID: Input = body("bundleId", text()).optional().describe("Bundle ID of the app.");
const SANDBOX: Input =
    body("sandbox", boolean()).optional().describe("Whether to use Apple's sandbox, for apps in development.");
const SERVICE_ACCOUNT: Input = body("serviceAccountJSON", object().or_null())
    .optional()
    .sensitive()
    .describe("Service account of Firebase: the JSON of its key file.");
const DOMAIN: Input = body("domain", text()).optional().describe("Domain at Mailgun that sends.");
const EU_REGION: Input =
    body("isEuRegion", boolean().or_null()).optional().describe("Whether the domain is in Mailgun's EU region.");
const TEMPLATE_ID: Input = body("templateId", text()).optional().describe("ID of the template at MSG91.");
const SENDER_ID: Input = body("senderId", text()).optional().describe("ID of the sender at MSG91.");
const MSG91_KEY: Input = APNS_KEY.describe("Auth key that MSG91 gave you.");
const HOST: Input = body("host", text()).describe(
    "One host or several with ; between, tried in order, each with port and encryption if you like: \
     tls://a.example:587;b.example.",
);
const PORT: Input =
    body("port", integer().at_least(1).at_most(65535)).optional().describe("Port of the hosts that name none.");
const USERNAME: Input = body("username", text()).optional().describe("Name that you log in with at the service.");
const PASSWORD: Input = body("password", text()).optional().sensitive().describe("Password of the SMTP server.");
const ENCRYPTION: Input = body("encryption", one_of(&["none", "ssl", "tls"]))
    .optional()
    .describe("Encryption of the hosts that name none themselves.");
const AUTO_TLS: Input =
    body("autoTLS", boolean()).optional().describe("Whether to use TLS where the SMTP server offers it.");
const MAILER: Input = body("mailer", text()).optional().describe("Value of the header X-Mailer.");
const CUSTOMER_ID: Input = body("customerId", text()).optional().describe("ID of the customer at Telesign.");
const ACCOUNT_SID: Input = body("accountSid", text()).optional().describe("SID of the account at Twilio.");
const AUTH_TOKEN: Input = body("authToken", text()).optional().sensitive().describe("Auth token of Twilio.");
const API_SECRET: Input =
    body("apiSecret", text()).optional().sensitive().describe("Secret of Vonage that belongs to the API key.");

const APNS: Kind = Kind {
    name: "apns",
    all: "/messaging/providers/apns",
    one: "/messaging/providers/apns/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, APNS_KEY, APNS_KEY_ID, TEAM_ID, BUNDLE_ID, SANDBOX, ENABLED],
    changed: &[PROVIDER_ID, NAME, APNS_KEY, APNS_KEY_ID, TEAM_ID, BUNDLE_ID, SANDBOX.or_null(), ENABLED],
};

const FCM: Kind = Kind {
    name: "fcm",
    all: "/messaging/providers/fcm",
    one: "/messaging/providers/fcm/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, SERVICE_ACCOUNT, ENABLED],
    changed: &[PROVIDER_ID, NAME, SERVICE_ACCOUNT, ENABLED],
};

const MAILGUN: Kind = Kind {
    name: "mailgun",
    all: "/messaging/providers/mailgun",
    one: "/messaging/providers/mailgun/{providerId}",
    new: &[
        NEW_PROVIDER_ID,
        NEW_NAME,
        API_KEY,
        DOMAIN,
        EU_REGION,
        FROM_NAME,
        FROM_EMAIL,
        REPLY_TO_NAME,
        REPLY_TO_EMAIL,
        ENABLED,
    ],
    changed: &[
        PROVIDER_ID,
        NAME,
        API_KEY,
        DOMAIN,
        EU_REGION,
        FROM_NAME,
        FROM_EMAIL,
        REPLY_TO_NAME,
        REPLY_TO_EMAIL,
        ENABLED,
    ],
};

const MSG91: Kind = Kind {
    name: "msg91",
    all: "/messaging/providers/msg91",
    one: "/messaging/providers/msg91/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, TEMPLATE_ID, SENDER_ID, MSG91_KEY, ENABLED],
    changed: &[PROVIDER_ID, NAME, TEMPLATE_ID, SENDER_ID, MSG91_KEY, ENABLED],
};

const RESEND: Kind = Kind {
    name: "resend",
    all: "/messaging/providers/resend",
    one: "/messaging/providers/resend/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, API_KEY, FROM_NAME, FROM_EMAIL, REPLY_TO_NAME, REPLY_TO_EMAIL, ENABLED],
    changed: &[PROVIDER_ID, NAME, API_KEY, FROM_NAME, FROM_EMAIL, REPLY_TO_NAME, REPLY_TO_EMAIL, ENABLED],
};

const SENDGRID: Kind = Kind {
    name: "sendgrid",
    all: "/messaging/providers/sendgrid",
    one: "/messaging/providers/sendgrid/{providerId}",
    ..RESEND
};

const SMTP: Kind = Kind {
    name: "smtp",
    all: "/messaging/providers/smtp",
    one: "/messaging/providers/smtp/{providerId}",
    new: &[
        NEW_PROVIDER_ID,
        NEW_NAME,
        HOST,
        PORT,
        USERNAME,
        PASSWORD,
        ENCRYPTION,
        AUTO_TLS,
        MAILER,
        FROM_NAME,
        FROM_EMAIL,
        REPLY_TO_NAME,
        REPLY_TO_EMAIL,
        ENABLED,
    ],
    changed: &[
        PROVIDER_ID,
        NAME,
        HOST.optional(),
        PORT.or_null(),
        USERNAME,
        PASSWORD,
        ENCRYPTION,
        AUTO_TLS.or_null(),
        MAILER,
        FROM_NAME,
        FROM_EMAIL,
        REPLY_TO_NAME,
        REPLY_TO_EMAIL,
        ENABLED,
    ],
};

const TELESIGN: Kind = Kind {
    name: "telesign",
    all: "/messaging/providers/telesign",
    one: "/messaging/providers/telesign/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, NEW_FROM, CUSTOMER_ID, API_KEY, ENABLED],
    changed: &[PROVIDER_ID, NAME, FROM, CUSTOMER_ID, API_KEY, ENABLED],
};

const TEXTMAGIC: Kind = Kind {
    name: "textmagic",
    all: "/messaging/providers/textmagic",
    one: "/messaging/providers/textmagic/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, NEW_FROM, USERNAME, API_KEY, ENABLED],
    changed: &[PROVIDER_ID, NAME, FROM, USERNAME, API_KEY, ENABLED],
};

const TWILIO: Kind = Kind {
    name: "twilio",
    all: "/messaging/providers/twilio",
    one: "/messaging/providers/twilio/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, NEW_FROM, ACCOUNT_SID, AUTH_TOKEN, ENABLED],
    changed: &[PROVIDER_ID, NAME, FROM, ACCOUNT_SID, AUTH_TOKEN, ENABLED],
};

const VONAGE: Kind = Kind {
    name: "vonage",
    all: "/messaging/providers/vonage",
    one: "/messaging/providers/vonage/{providerId}",
    new: &[NEW_PROVIDER_ID, NEW_NAME, NEW_FROM, API_KEY, API_SECRET, ENABLED],
    changed: &[PROVIDER_ID, NAME, FROM, API_KEY, API_SECRET, ENABLED],
};

const KINDS: [Kind; 11] = [APNS, FCM, MAILGUN, MSG91, RESEND, SENDGRID, SMTP, TELESIGN, TEXTMAGIC, TWILIO, VONAGE];

const PROVIDER_TYPE: Input = code_only(
    "providerType",
    one_of(&[
        APNS.name,
        FCM.name,
        MAILGUN.name,
        MSG91.name,
        RESEND.name,
        SENDGRID.name,
        SMTP.name,
        TELESIGN.name,
        TEXTMAGIC.name,
        TWILIO.name,
        VONAGE.name,
    ]),
)
.describe("The service. A setting of another one is refused, not dropped.");

/// The inputs for any kind: every setting once. A null is for those that change one.
const fn of_any_kind(id: Input, name: Input, from: Input) -> [Input; 31] {
    [
        PROVIDER_TYPE,
        id,
        name,
        ENABLED,
        API_KEY.describe("mailgun, resend, sendgrid, telesign, textmagic, vonage: the API key."),
        APNS_KEY.describe("apns: the text of Apple's .p8 file. msg91: the auth key."),
        APNS_KEY_ID.describe("apns: ID of Apple's key."),
        TEAM_ID.describe("apns: ID of the team at Apple."),
        BUNDLE_ID.describe("apns: bundle ID of the app."),
        SANDBOX.or_null().describe("apns: whether to use Apple's sandbox, for apps in development."),
        SERVICE_ACCOUNT.describe("fcm: the JSON of the key file of Firebase's service account."),
        FROM_NAME.describe("mailgun, resend, sendgrid, smtp: name of the sender."),
        FROM_EMAIL.describe("mailgun, resend, sendgrid, smtp: email address of the sender."),
        REPLY_TO_NAME.describe("mailgun, resend, sendgrid, smtp: name that answers go to, with `replyToEmail`."),
        REPLY_TO_EMAIL.describe("mailgun, resend, sendgrid, smtp: address that answers go to, with `replyToName`."),
        DOMAIN.describe("mailgun: the domain that sends."),
        EU_REGION.describe("mailgun: whether the domain is in the EU region."),
        TEMPLATE_ID.describe("msg91: ID of the template."),
        SENDER_ID.describe("msg91: ID of the sender."),
        HOST.optional().describe("smtp: one host or several with ; between, such as tls://a.example:587."),
        PORT.or_null().describe("smtp: port of the hosts that name none."),
        USERNAME.describe("smtp, textmagic: the name that you log in with."),
        PASSWORD.describe("smtp: password of the server."),
        ENCRYPTION.describe("smtp: encryption of the hosts that name none themselves."),
        AUTO_TLS.or_null().describe("smtp: whether to use TLS where the server offers it."),
        MAILER.describe("smtp: value of the header X-Mailer."),
        from.describe("telesign, textmagic, twilio, vonage: number of the sender, with + and the country's code."),
        CUSTOMER_ID.describe("telesign: ID of the customer."),
        ACCOUNT_SID.describe("twilio: SID of the account."),
        AUTH_TOKEN.describe("twilio: the auth token."),
        API_SECRET.describe("vonage: the secret that belongs to the API key."),
    ]
}

const NEW_OF_ANY_KIND: &[Input] = &of_any_kind(NEW_PROVIDER_ID, NEW_NAME, NEW_FROM);
const CHANGED_OF_ANY_KIND: &[Input] = &of_any_kind(PROVIDER_ID, NAME, FROM);

/// As many values as a request has at most.
const MOST: usize = SMTP.new.len();

/// The values of a request, which are these inputs, and values of no use up to the length of the array.
const fn fields(mut inputs: &[Input]) -> [Field; MOST] {
    let mut fields = [Field::bound(Place::Code, "", ""); MOST];
    let mut unset: &mut [Field] = &mut fields;
    while let ([input, inputs_left @ ..], [field, unset_left @ ..]) = (inputs, unset) {
        *field = Field::bound(input.place, input.name, input.name);
        inputs = inputs_left;
        unset = unset_left;
    }
    fields
}

impl Kind {
    const fn creates(self, fields: &'static [Field; MOST]) -> DeclaredRequest {
        DeclaredRequest::new(self.name, Method::Post, self.all).fields(fields.split_at(self.new.len()).0)
    }

    const fn updates(self, fields: &'static [Field; MOST]) -> DeclaredRequest {
        DeclaredRequest::new(self.name, Method::Patch, self.one).fields(fields.split_at(self.changed.len()).0)
    }
}

// One request for each kind, as the kind cannot be a variable of the path: the host refuses a value that another
// request has in its place.
const CREATES: &[DeclaredRequest] = &[
    APNS.creates(&fields(APNS.new)),
    FCM.creates(&fields(FCM.new)),
    MAILGUN.creates(&fields(MAILGUN.new)),
    MSG91.creates(&fields(MSG91.new)),
    RESEND.creates(&fields(RESEND.new)),
    SENDGRID.creates(&fields(SENDGRID.new)),
    SMTP.creates(&fields(SMTP.new)),
    TELESIGN.creates(&fields(TELESIGN.new)),
    TEXTMAGIC.creates(&fields(TEXTMAGIC.new)),
    TWILIO.creates(&fields(TWILIO.new)),
    VONAGE.creates(&fields(VONAGE.new)),
];
const UPDATES: &[DeclaredRequest] = &[
    APNS.updates(&fields(APNS.changed)),
    FCM.updates(&fields(FCM.changed)),
    MAILGUN.updates(&fields(MAILGUN.changed)),
    MSG91.updates(&fields(MSG91.changed)),
    RESEND.updates(&fields(RESEND.changed)),
    SENDGRID.updates(&fields(SENDGRID.changed)),
    SMTP.updates(&fields(SMTP.changed)),
    TELESIGN.updates(&fields(TELESIGN.changed)),
    TEXTMAGIC.updates(&fields(TEXTMAGIC.changed)),
    TWILIO.updates(&fields(TWILIO.changed)),
    VONAGE.updates(&fields(VONAGE.changed)),
];

fn create_any(call: &Call<'_>) -> Result<Output, Failure> {
    send(call, NEW_OF_ANY_KIND, |kind| kind.new)
}

fn update_any(call: &Call<'_>) -> Result<Output, Failure> {
    send(call, CHANGED_OF_ANY_KIND, |kind| kind.changed)
}

/// Sends the request of the kind that is asked for, with its inputs and no others.
fn send(call: &Call<'_>, all: &[Input], of: fn(&Kind) -> &'static [Input]) -> Result<Output, Failure> {
    let name = call.text(PROVIDER_TYPE.name).unwrap_or_default();
    let own = KINDS.iter().find(|kind| kind.name == name).map(of).unwrap_or_default();
    let given = |input: &&Input| call.input(input.name).is_some();
    let is_own = |input: &Input| input.place == Place::Code || own.iter().any(|o| o.name == input.name);
    let wrong = |input: &Input, why: &str| {
        Err(Failure::InvalidInput(Some(input.name.to_owned()), format!("a provider of type `{name}` {why}")))
    };
    if let Some(input) = all.iter().filter(given).find(|input| !is_own(input)) {
        return wrong(input, "has no such setting");
    }
    if let Some(input) = own.iter().find(|input| input.required && !given(input)) {
        return wrong(input, "cannot be without it");
    }
    call.read(&call.request(name).send()?).map(Output::text)
}

/// The answer shows the keys and passwords that were set.
const CREDENTIALS: &[&str] = &["/credentials"];

const fn create(action: &'static str, title: &'static str, kind: Kind) -> Operation {
    Operation::post(action, title, kind.all).inputs(kind.new).sensitive_outputs(CREDENTIALS)
}

const fn update(action: &'static str, title: &'static str, kind: Kind) -> Operation {
    Operation::patch(action, title, kind.one).inputs(kind.changed).sensitive_outputs(CREDENTIALS).idempotent()
}

pub(crate) const PROVIDERS: Resource = Resource::new(
    "providers",
    &[
        Operation::get("list", "List providers", "/messaging/providers")
            .summary("Lists the services that deliver the messages of the project, a page at a time.")
            .inputs(&[QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["providers"])
            .sensitive_outputs(&["/providers/*/credentials"]),
        Operation::function("create", "Create provider", Effect::Write, CREATES, create_any)
            .summary("Adds a provider of any kind; lacking a credential it is stored disabled.")
            .inputs(NEW_OF_ANY_KIND)
            .sensitive_outputs(CREDENTIALS),
        Operation::get("get", "Get provider", "/messaging/providers/{providerId}")
            .summary("Fetches one provider, with its settings and credentials.")
            .inputs(&[PROVIDER_ID])
            .sensitive_outputs(CREDENTIALS),
        Operation::function("update", "Update provider", Effect::Write, UPDATES, update_any)
            .summary("Changes some settings of a provider of any kind, which must be the kind that it has.")
            .inputs(CHANGED_OF_ANY_KIND)
            .sensitive_outputs(CREDENTIALS)
            .idempotent(),
        Operation::delete("delete", "Delete provider", "/messaging/providers/{providerId}")
            .summary("Deletes one provider.")
            .inputs(&[PROVIDER_ID])
            .answers_success(),
        Operation::get("list-logs", "List provider logs", "/messaging/providers/{providerId}/logs")
            .summary("Lists what was done with a provider, by whom and when.")
            .inputs(&[PROVIDER_ID, LOG_PAGE, TOTAL])
            .answers_with(&["logs"]),
        create("create-apns", "Create APNs provider", APNS)
            .summary("Adds a provider for push over APNs (Apple); lacking a credential it is stored disabled."),
        update("update-apns", "Update APNs provider", APNS)
            .summary("Changes some settings of an APNs provider; it is only enabled with all its credentials."),
        create("create-fcm", "Create FCM provider", FCM).summary(
            "Adds a provider for push over Firebase Cloud Messaging; lacking a credential it is stored disabled.",
        ),
        update("update-fcm", "Update FCM provider", FCM)
            .summary("Changes some settings of an FCM provider; it is only enabled with all its credentials."),
        create("create-mailgun", "Create Mailgun provider", MAILGUN)
            .summary("Adds a provider for email by Mailgun; lacking a credential it is stored disabled."),
        update("update-mailgun", "Update Mailgun provider", MAILGUN)
            .summary("Changes some settings of a Mailgun provider; it is only enabled with all its credentials."),
        create("create-msg91", "Create MSG91 provider", MSG91)
            .summary("Adds a provider for SMS by MSG91; lacking a credential it is stored disabled."),
        update("update-msg91", "Update MSG91 provider", MSG91)
            .summary("Changes some settings of an MSG91 provider; it is only enabled with all its credentials."),
        create("create-resend", "Create Resend provider", RESEND)
            .summary("Adds a provider for email by Resend; lacking a credential it is stored disabled."),
        update("update-resend", "Update Resend provider", RESEND)
            .summary("Changes some settings of a Resend provider; it is only enabled with all its credentials."),
        create("create-sendgrid", "Create Sendgrid provider", SENDGRID)
            .summary("Adds a provider for email by Sendgrid; lacking a credential it is stored disabled."),
        update("update-sendgrid", "Update Sendgrid provider", SENDGRID)
            .summary("Changes some settings of a Sendgrid provider; it is only enabled with all its credentials."),
        create("create-smtp", "Create SMTP provider", SMTP)
            .summary("Adds a provider for email over an SMTP server; lacking a credential it is stored disabled."),
        update("update-smtp", "Update SMTP provider", SMTP)
            .summary("Changes some settings of an SMTP provider; it is only enabled with all its credentials."),
        create("create-telesign", "Create Telesign provider", TELESIGN)
            .summary("Adds a provider for SMS by Telesign; lacking a credential it is stored disabled."),
        update("update-telesign", "Update Telesign provider", TELESIGN)
            .summary("Changes some settings of a Telesign provider; it is only enabled with all its credentials."),
        create("create-textmagic", "Create Textmagic provider", TEXTMAGIC)
            .summary("Adds a provider for SMS by Textmagic; lacking a credential it is stored disabled."),
        update("update-textmagic", "Update Textmagic provider", TEXTMAGIC)
            .summary("Changes some settings of a Textmagic provider; it is only enabled with all its credentials."),
        create("create-twilio", "Create Twilio provider", TWILIO)
            .summary("Adds a provider for SMS by Twilio; lacking a credential it is stored disabled."),
        update("update-twilio", "Update Twilio provider", TWILIO)
            .summary("Changes some settings of a Twilio provider; it is only enabled with all its credentials."),
        create("create-vonage", "Create Vonage provider", VONAGE)
            .summary("Adds a provider for SMS by Vonage; lacking a credential it is stored disabled."),
        update("update-vonage", "Update Vonage provider", VONAGE)
            .summary("Changes some settings of a Vonage provider; it is only enabled with all its credentials."),
    ],
);
