//! Websites, settings and WhatsApp.

use super::{WEBSITE, World, call, count, entry, fails, here, json, run};

#[test]
fn a_website_is_added_found_and_listed() {
    let world = World::new();
    let made = call(&world, "wibiclick websites.add", json!({"url": "https://pier.example"}));
    let id = made["website"]["id"].clone();
    let website = call(&world, "wibiclick websites.get", json!({"websiteId": id}));
    assert_eq!(website["setting"]["url"], "https://pier.example");
    assert_eq!(count(&call(&world, "wibiclick websites.list", json!({"offset": 1}))), 2);
    assert_eq!(count(&call(&world, "wibiclick websites.list", json!({"maxItems": 1}))), 1);
    let of = |user| call(&world, "wibiclick websites.get-for-user", json!({"userId": user}));
    assert_eq!(entry(&of("user-ada"), "id", id)["url"], "https://pier.example");
    assert_eq!(count(&of("user-grace")), 1);
    fails(&world, "wibiclick websites.get", json!({"websiteId": "nowhere"}), 4, &["not found", "Website not found"]);
}

#[test]
fn a_website_has_views_clicks_and_a_performance() {
    let world = World::new();
    let figures = json!({"views": 2, "clicks": 2, "jobs": 1});
    assert_eq!(call(&world, "wibiclick websites.get-analytics", here(json!({}))), json!({"analytics": figures}));
    assert_eq!(call(&world, "wibiclick websites.get-performance", here(json!({}))), figures);
    assert_eq!(count(&call(&world, "wibiclick websites.get-views", here(json!({})))), 2);
    assert_eq!(count(&call(&world, "wibiclick websites.get-clicks", here(json!({})))), 2);
    let recent = call(&world, "wibiclick websites.get-recent-clicks", here(json!({})));
    assert_eq!(recent["clicks"][0]["button"], "whatsapp");
}

#[test]
fn the_settings_of_a_website_and_its_company_are_changed() {
    let world = World::new();
    let settings =
        json!({"phone_show": "false", "email": "desk@harbour.example", "body": "Dear harbour", "subject": "Hello"});
    call(&world, "wibiclick settings.update", here(settings));
    let found = call(&world, "wibiclick settings.get", here(json!({})))["setting"].clone();
    assert_eq!((&found["phone_show"], &found["body"]), (&json!("false"), &json!("Dear harbour")));
    assert!(found.get("pnumber").is_none(), "the whole set was replaced");

    let company = json!({"company_name": "Harbour Repairs", "currency_symbol": "R"});
    call(&world, "wibiclick settings.update-company-information", company);
    world.write("logo.png", b"\x89PNG\r\n\x1a\n--\r\n");
    let logo = here(json!({"name": "logo.png"}));
    run(&world, "wibiclick settings.upload-logo", &logo, &["--attach", "logo=@logo.png"]).json();
    let profile = call(&world, "wibiclick users.get-profile", here(json!({})));
    assert_eq!((&profile["company_name"], &profile["invoice_logo"]), (&json!("Harbour Repairs"), &json!("logo.png")));
    run(&world, "wibiclick settings.upload-logo", &logo, &[]).fails(2, &["`logo`"]);
}

#[test]
fn messages_and_documents_are_sent_by_whatsapp_and_found_again() {
    let world = World::new();
    let to = "27215550142@s.whatsapp.net";
    assert_eq!(call(&world, "wibiclick whatsapp.check-number", here(json!({"to": to})))["exists"], true);
    call(&world, "wibiclick whatsapp.send", here(json!({"to": to, "message": "Good morning"})));
    world.write("offer.pdf", "an offer");
    let document = json!({"websiteId": WEBSITE, "to": to, "filename": "offer.pdf"});
    run(&world, "wibiclick whatsapp.send-document", &document, &["--attach", "file=@offer.pdf"]).json();
    call(&world, "wibiclick whatsapp.send-direct", here(json!({"payload": {"to": to, "text": "Hello"}})));

    let recent = call(&world, "wibiclick whatsapp.get-recent", here(json!({"limit": 3})));
    let [direct, document, text] = [0, 1, 2].map(|place| recent["interactions"][place].clone());
    assert_eq!((&direct["text"], &text["message"]), (&json!("Hello"), &json!("Good morning")));
    assert_eq!((&document["to"], &document["filename"]), (&json!(to), &json!("offer.pdf")));
    assert_eq!(document["size"], 8);
    let elsewhere = here(json!({"to": "27210000000@s.whatsapp.net"}));
    assert_eq!(call(&world, "wibiclick whatsapp.check-number", elsewhere)["exists"], false);
}
