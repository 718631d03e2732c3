use wharf_plugin::{
    Input, Lists, Operation, Resource, Schema, boolean, integer, list, number, object, one_of, path, query, text,
};

use crate::files::{COLOUR, IMAGE_FORMAT, IMAGE_QUALITY};
use crate::places::{COUNTRIES, TIME_ZONES};

/// The name of the file that each of them gives.
const IMAGE: &str = "image";

const LARGEST: i64 = 2000;
const ICON_PIXELS: Schema = pixels("100");
const URL: Schema = text().format("uri");
const QUALITY: Input =
    query("quality", IMAGE_QUALITY).optional().describe("Quality from 0 to 100; -1 keeps the image's own.");
const BROWSER_PERMISSION: Schema = one_of(&[
    "geolocation",
    "camera",
    "microphone",
    "notifications",
    "midi",
    "push",
    "clipboard-read",
    "clipboard-write",
    "payment-handler",
    "usb",
    "bluetooth",
    "accelerometer",
    "gyroscope",
    "magnetometer",
    "ambient-light-sensor",
    "background-sync",
    "persistent-storage",
    "screen-wake-lock",
    "web-share",
    "xr-spatial-tracking",
]);

const fn pixels(default: &'static str) -> Schema {
    integer().at_least(0).at_most(LARGEST).provider_default(default)
}

const fn width(pixels: Schema) -> Input {
    query("width", pixels).optional().describe("Width in pixels; 0 follows from the height.")
}

const fn height(pixels: Schema) -> Input {
    query("height", pixels).optional().describe("Height in pixels; 0 follows from the width.")
}

/// An icon by its code.
const fn icon(action: &'static str, title: &'static str, path: &'static str) -> Operation {
    Operation::get(action, title, path).answers_file(IMAGE)
}

pub(crate) const AVATARS: Resource = Resource::new(
    "avatars",
    &[
        icon("get-browser", "Get browser icon", "/avatars/browsers/{code}")
            .summary("Fetches the icon of a browser, by the code that sessions have.")
            .inputs(&[
                path(
                    "code",
                    one_of(&["aa", "an", "ch", "ci", "cm", "cr", "ff", "sf", "mf", "ps", "oi", "om", "op", "on"]),
                )
                .describe(
                    "Code of the browser, such as ch (Chrome), ff (Firefox), sf (Safari), ps (Edge), op (Opera).",
                ),
                width(ICON_PIXELS),
                height(ICON_PIXELS),
                QUALITY,
            ]),
        icon("get-credit-card", "Get credit card icon", "/avatars/credit-cards/{code}")
            .summary("Fetches the icon of a brand of credit cards.")
            .inputs(&[
                path(
                    "code",
                    one_of(&[
                        "amex",
                        "argencard",
                        "cabal",
                        "cencosud",
                        "diners",
                        "discover",
                        "elo",
                        "hipercard",
                        "jcb",
                        "mastercard",
                        "naranja",
                        "targeta-shopping",
                        "unionpay",
                        "visa",
                        "mir",
                        "maestro",
                        "rupay",
                    ]),
                )
                .describe("Code of the brand."),
                width(ICON_PIXELS),
                height(ICON_PIXELS),
                QUALITY,
            ]),
        icon("get-flag", "Get flag", "/avatars/flags/{code}").summary("Fetches the flag of a country.").inputs(&[
            path("code", one_of(COUNTRIES)).describe("Two-letter code of the country, in lower case."),
            width(ICON_PIXELS),
            height(ICON_PIXELS),
            QUALITY,
        ]),
        Operation::get("get-favicon", "Get favicon", "/avatars/favicon")
            .summary("Fetches the icon of a website; redirects of the site are not followed.")
            .inputs(&[query("url", URL).describe("Address of the website.")])
            .answers_file(IMAGE),
        Operation::get("get-image", "Get image from URL", "/avatars/image")
            .summary("Fetches an image from elsewhere, cut to a size; redirects are not followed.")
            .inputs(&[query("url", URL).describe("Address of the image."), width(pixels("400")), height(pixels("400"))])
            .answers_file(IMAGE),
        Operation::get("get-initials", "Get initials", "/avatars/initials")
            .summary("Draws the initials of a name; without a name the picture is empty.")
            .inputs(&[
                query("name", text().at_most(128)).optional().describe("Full name whose initials are drawn."),
                width(pixels("500")),
                height(pixels("500")),
                query("background", COLOUR)
                    .optional()
                    .describe("Colour behind them in hexadecimal, without #; otherwise one that the name leads to."),
            ])
            .answers_file(IMAGE),
        Operation::get("get-qr", "Get QR code", "/avatars/qr")
            .summary("Draws a text as a QR code.")
            .inputs(&[
                query("text", text().at_least(1)).describe("What the code says."),
                query("size", integer().at_least(1).at_most(1000).provider_default("400"))
                    .optional()
                    .describe("Width and height in pixels."),
                query("margin", integer().at_least(0).at_most(10).provider_default("1"))
                    .optional()
                    .describe("White edge around it, in squares of the code."),
                query("download", boolean().provider_default("false"))
                    .optional()
                    .describe("Whether the answer is marked for download; the picture is the same."),
            ])
            .answers_file(IMAGE),
        Operation::get("get-screenshot", "Get screenshot", "/avatars/screenshots")
            .summary("Opens a web page in a browser of the server and takes a picture of it.")
            .inputs(&[
                query("url", URL).describe("Address of the page."),
                query("headers", object())
                    .optional()
                    .sensitive()
                    .lists(Lists::Brackets)
                    .describe("Headers that the page is asked for with, each a text by its name."),
                query("viewportWidth", integer().at_least(1).at_most(1920).provider_default("1280"))
                    .optional()
                    .describe("Width of the browser's window in pixels."),
                query("viewportHeight", integer().at_least(1).at_most(1080).provider_default("720"))
                    .optional()
                    .describe("Height of the browser's window in pixels."),
                query("scale", number().at_least(0).at_most(3).provider_default("1"))
                    .optional()
                    .describe("Pixels of the picture for each of the page, from 0.1 to 3."),
                query("theme", one_of(&["light", "dark"]).provider_default("\"light\""))
                    .optional()
                    .describe("Colours that the browser prefers."),
                query("userAgent", text())
                    .optional()
                    .describe("What the browser calls itself; otherwise its own name."),
                query("fullpage", boolean().provider_default("false"))
                    .optional()
                    .describe("Whether the whole page is taken, and not only what the window shows."),
                query("locale", text()).optional().describe("Language of the browser, such as en-US."),
                query("timezone", one_of(TIME_ZONES))
                    .optional()
                    .describe("Time zone of the browser, in lower case, such as europe/berlin."),
                query("latitude", number().at_least(-90).at_most(90).provider_default("0"))
                    .optional()
                    .describe("Where the browser says it is, in degrees north."),
                query("longitude", number().at_least(-180).at_most(180).provider_default("0"))
                    .optional()
                    .describe("Where the browser says it is, in degrees east."),
                query("accuracy", number().at_least(0).at_most(100_000).provider_default("0"))
                    .optional()
                    .describe("How exact the place is, in metres."),
                query("touch", boolean().provider_default("false"))
                    .optional()
                    .describe("Whether the browser has a touch screen."),
                query("permissions", list(&BROWSER_PERMISSION))
                    .optional()
                    .lists(Lists::Indexed)
                    .describe("What the browser allows the page to use."),
                query("sleep", integer().at_least(0).at_most(10).provider_default("0"))
                    .optional()
                    .describe("Seconds to wait before the picture is taken."),
                width(pixels("0")),
                height(pixels("0")),
                QUALITY,
                query("output", IMAGE_FORMAT).optional().describe("Format of the picture."),
            ])
            .answers_file(IMAGE),
    ],
);
