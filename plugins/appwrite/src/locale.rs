use wharf_plugin::{Operation, Resource};

pub(crate) const LOCALE: Resource = Resource::new(
    "locale",
    &[
        Operation::get("get", "Get locale", "/locale")
            .summary("Tells the country, continent and currency of the IP address that this request comes from."),
        Operation::get("list-codes", "List locale codes", "/locale/codes")
            .summary("Lists the codes of locales by ISO 639-1, with the names of their languages.")
            .answers_with(&["localeCodes"]),
        Operation::get("list-continents", "List continents", "/locale/continents")
            .summary("Lists the continents with their two-letter codes.")
            .answers_with(&["continents"]),
        Operation::get("list-countries", "List countries", "/locale/countries")
            .summary("Lists all countries with their two-letter codes.")
            .answers_with(&["countries"]),
        Operation::get("list-countries-eu", "List EU countries", "/locale/countries/eu")
            .summary("Lists the countries that are members of the European Union.")
            .answers_with(&["countries"]),
        Operation::get("list-countries-phones", "List phone codes", "/locale/countries/phones")
            .summary("Lists the phone prefix of each country.")
            .answers_with(&["phones"]),
        Operation::get("list-currencies", "List currencies", "/locale/currencies")
            .summary("Lists the currencies with symbols, names and numbers of decimals.")
            .answers_with(&["currencies"]),
        Operation::get("list-languages", "List languages", "/locale/languages")
            .summary("Lists the languages with their ISO 639-1 codes and their names in English and in themselves.")
            .answers_with(&["languages"]),
    ],
);
