use wharf_plugin::{Attachment, Body, Input, Operation, Resource, body, object, text};

use crate::ids::WEBSITE;
use crate::pages::LIMIT;

const TO: Input = body("to", text().at_least(1))
    .describe("The number with its country code, followed by @s.whatsapp.net: 27821234567@s.whatsapp.net.");

pub(crate) const WHATSAPP: Resource = Resource::new(
    "whatsapp",
    &[
        Operation::post("send", "Send WhatsApp message", "/send-whatsapp")
            .summary("Sends a text by WhatsApp, from the number of a website.")
            .inputs(&[WEBSITE, TO, body("message", text().at_least(1)).describe("The text.")]),
        Operation::post("send-document", "Send WhatsApp document", "/send-whatsapp-document")
            .summary("Sends a file by WhatsApp, from the number of a website.")
            // The query and the form each have a field `id`.
            .inputs(&[
                WEBSITE,
                TO.sent_as("id"),
                body("filename", text().at_least(1)).describe("Name of the file, as the receiver sees it."),
            ])
            .attachments(&[Attachment::new("file", "The file.")])
            .sends(Body::Multipart),
        Operation::post("send-direct", "Send direct message", "/messaging/send-direct")
            .summary("Sends a message straight to somebody; send is the surer way.")
            .inputs(&[
                WEBSITE,
                body("payload", object())
                    .sent_as("")
                    .describe("The message and its receiver: an object that is the whole body."),
            ])
            .unverified("which members the payload has is not known"),
        Operation::post("check-number", "Check number on WhatsApp", "/onwhatsapp")
            .summary("Tells whether a number is on WhatsApp; nothing is sent to it.")
            .inputs(&[WEBSITE, TO])
            .reads(),
        Operation::get("get-recent", "Get recent interactions", "/recent-whatsapp-interactions")
            .summary("Fetches the latest messages that were exchanged by WhatsApp.")
            .inputs(&[WEBSITE, LIMIT]),
    ],
);
