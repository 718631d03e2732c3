use wharf_plugin::{Attachment, Body, Operation, Resource, body, text};

use crate::ids::{EMAIL, WEBSITE, words};

pub(crate) const SETTINGS: Resource = Resource::new(
    "settings",
    &[
        Operation::get("get", "Get settings", "/get-website")
            .summary("Fetches the settings of a website, as websites.get does.")
            .inputs(&[WEBSITE]),
        Operation::post("update", "Update settings", "/update-settings")
            .summary("Sets the contact buttons of a website; give the whole set, as the rest may be lost.")
            .inputs(&[
                WEBSITE,
                words("phone_show", "Switch for the phone button, as a text."),
                words("phoneText", "Text of the phone button."),
                words("pnumber", "Phone number to call."),
                words("text_show", "Switch for the SMS button, as a text."),
                words("pnumber_sms", "Phone number for an SMS."),
                words("sms_body", "Text that an SMS begins with."),
                words("whatsapp_show", "Switch for the WhatsApp button, as a text."),
                words("wnumber", "Number on WhatsApp."),
                words("whatsapp_message", "Text that a WhatsApp message begins with."),
                words("email_show", "Switch for the email button, as a text."),
                body("email", EMAIL).optional().describe("Email address to write to."),
                words("subject", "Subject that an email begins with."),
                words("body", "Text that an email begins with."),
                words("messenger_show", "Switch for the Messenger button, as a text."),
                words("messenger_url", "Address of the Messenger page."),
                words("skype_show", "Switch for the Skype button, as a text."),
                words("skype_nameemail", "Name or email address on Skype."),
                words("telegram_show", "Switch for the Telegram button, as a text."),
                words("telegram_num", "Number on Telegram."),
                words("viber_show", "Switch for the Viber button, as a text."),
                words("viber_num", "Number on Viber."),
                words("book_a_technician_show", "Switch for the button to book a technician, as a text."),
                words("booking_form_url", "Address of the booking form."),
                words("gads_track", "Switch for tracking by Google Ads, as a text."),
                words("gads_id", "ID of the Google Ads account."),
                words("gads_label", "Label of the Google Ads conversion."),
                words("gtm_container_id", "ID of the Google Tag Manager container."),
            ])
            .idempotent(),
        Operation::post("update-company-information", "Update company information", "/company-information")
            .summary("Sets name, address and bank account of the company.")
            .inputs(&[
                words("company_name", "Name of the company."),
                words("slogan", "Slogan of the company."),
                words("address1", "First line of the address."),
                words("address2", "Second line of the address."),
                words("city", "City."),
                words("postal_code", "Postal code."),
                words("state", "State or province."),
                words("country", "Country."),
                words("currency_symbol", "Symbol that amounts are shown with, such as R."),
                words("bank", "Name of the bank."),
                words("branch_code", "Code of the bank's branch."),
                words("account_name", "Holder of the bank account."),
                words("account_number", "Number of the bank account."),
                words("account_type", "Type of the bank account."),
            ])
            .idempotent(),
        Operation::post("upload-logo", "Upload logo", "/upload-logo")
            .summary("Uploads the company's logo, which invoices show.")
            .inputs(&[WEBSITE, body("name", text().at_least(1)).describe("Name of the picture's file.")])
            .attachments(&[Attachment::new("logo", "The picture.")])
            .sends(Body::Multipart),
    ],
);
