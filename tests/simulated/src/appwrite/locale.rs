//! Places, languages and currencies; a few stand for all.

use serde_json::{Value, json};

use super::call::Call;
use crate::answer::Answer;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    let items = match call.action() {
        "list-continents" => pairs(&[("Europe", "EU"), ("North America", "NA"), ("Africa", "AF")]),
        "list-countries" => pairs(&[("Austria", "AT"), ("Germany", "DE"), ("Kenya", "KE"), ("United States", "US")]),
        "list-countries-eu" => pairs(&[("Austria", "AT"), ("Germany", "DE")]),
        "list-codes" => pairs(&[("Deutsch (Deutschland)", "de-de"), ("English (United States)", "en-us")]),
        "list-countries-phones" => json!([
            { "code": "+49", "countryCode": "DE", "countryName": "Germany" },
            { "code": "+1", "countryCode": "US", "countryName": "United States" },
        ]),
        "list-languages" => json!([
            { "name": "German", "code": "de", "nativeName": "Deutsch" },
            { "name": "English", "code": "en", "nativeName": "English" },
        ]),
        "list-currencies" => json!([{
            "symbol": "€", "name": "Euro", "symbolNative": "€", "decimalDigits": 2, "rounding": 0, "code": "EUR",
            "namePlural": "euros",
        }]),
        _ => {
            return call.answer(&json!({
                "ip": "127.0.0.1", "countryCode": "DE", "country": "Germany", "continentCode": "EU",
                "continent": "Europe", "eu": true, "currency": "EUR",
            }));
        }
    };
    call.answer(&json!({ "total": items.as_array().map_or(0, Vec::len), call.plural(): items }))
}

fn pairs(items: &[(&str, &str)]) -> Value {
    items.iter().map(|(name, code)| json!({ "name": name, "code": code })).collect()
}
