//! Queries in the server's language, as far as pages have to know it. Between quotes stands a value, in which two quotes are one and
//! nothing else is an escape.

use wharf_plugin::{Failure, Members, items};

/// The most rows that the server reads for a query, and what it reads for one without a limit. It leaves out what is repeated among
/// them afterwards: an event stands there once for each of its guests.
pub(crate) const MOST_ROWS: u64 = 100;

/// A query, without what ends it.
#[derive(Debug)]
pub(crate) struct Query<'q> {
    text: &'q str,
    // Where the words stand that begin its clauses.
    condition: Option<usize>,
    order: Option<usize>,
    limit: Option<usize>,
}

/// What a query says itself about how many rows it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) offset: u64,
    pub(crate) rows: u64,
}

impl Limit {
    /// How many rows are wanted where that is more than the server reads at once: it takes such a limit for its own, and says nothing.
    pub(crate) fn beyond_most(self) -> Option<usize> {
        (self.rows > MOST_ROWS).then(|| usize::try_from(self.rows).unwrap_or(usize::MAX))
    }
}

impl<'q> Query<'q> {
    pub(crate) fn read(text: &'q str) -> Self {
        let text = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        let first = |wanted: &str| words(text).find(|(_, word)| word.eq_ignore_ascii_case(wanted)).map(|(at, _)| at);
        Self { text, condition: first("where"), order: first("order"), limit: first("limit") }
    }

    pub(crate) fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    /// `limit rows` or `limit offset,rows`; none where it says anything else, which is for the server to judge.
    pub(crate) fn limit(&self) -> Option<Limit> {
        let numbers = self.between(self.limit?, None).split_once(char::is_whitespace)?.1;
        Some(match numbers.split_once(',') {
            Some((offset, rows)) => Limit { offset: number(offset)?, rows: number(rows)? },
            None => Limit { offset: 0, rows: number(numbers)? },
        })
    }

    /// From which row on pages are followed. A caller who says how many items are wanted does not say it in the query as well.
    pub(crate) fn first_row(&self, counts_items: bool) -> Result<u64, Failure> {
        if counts_items && self.has_limit() {
            let message =
                "pages are followed by limits, and the query has one of its own: leave it out, or leave out maxItems";
            return Err(Failure::InvalidInput(Some("query".to_owned()), message.to_owned()));
        }
        Ok(self.limit().map_or(0, |limit| limit.offset))
    }

    /// Refuses a limit that the server would not keep, where no pages are followed.
    pub(crate) fn check_limit(&self, input: &str) -> Result<(), Failure> {
        if self.limit().and_then(Limit::beyond_most).is_none() {
            return Ok(());
        }
        let message = "the server gives at most 100 rows for a limit: leave it out or ask for less, or use query.run or \
                       relations.query, which follow pages";
        Err(Failure::InvalidInput(Some(input.to_owned()), message.to_owned()))
    }

    /// The query with the limit of a page, for `query`.
    pub(crate) fn page(&self, offset: u64) -> String {
        let query = self.between(0, self.order.or(self.limit));
        format!("{query} {} limit {offset},{MOST_ROWS};", self.order_of_pages())
    }

    /// The same for `query_related`. That puts a condition of its own behind the word `WHERE`, in capitals, and where it finds none at
    /// the end: behind the limit, where the server does not understand it. So there is one that always holds.
    pub(crate) fn page_of_related(&self, offset: u64) -> String {
        let order_at = self.order.or(self.limit);
        let query = self.between(0, self.condition.or(order_at));
        let condition = self.condition.map_or("id != '0x0'", |at| self.between(at + "where".len(), order_at));
        format!("{query} WHERE {condition} {} limit {offset},{MOST_ROWS}", self.order_of_pages())
    }

    /// The caller's order with the id as its last column: equals may come in another order with each page, which would repeat records
    /// and leave out others. One direction stands behind all columns, and the database takes it for the last alone: where that is
    /// `desc` an id would take it away from the column before.
    fn order_of_pages(&self) -> String {
        let Some(at) = self.order else { return "order by id".to_owned() };
        let order = self.between(at, self.limit);
        let columns = match words(order).last() {
            _ if self.is_unique() => return order.to_owned(),
            Some((_, word)) if word.eq_ignore_ascii_case("desc") => return order.to_owned(),
            Some((at, word)) if word.eq_ignore_ascii_case("asc") => order.get(..at).unwrap_or_default().trim_end(),
            _ => order,
        };
        format!("{columns}, id")
    }

    /// The words of the order behind `order by`.
    fn order_words(&self) -> impl Iterator<Item = &'q str> {
        let order = self.order.map(|at| self.between(at, self.limit)).unwrap_or_default();
        words(order).map(|(_, word)| word).skip(2)
    }

    fn is_unique(&self) -> bool {
        self.order_words().any(|word| word == "id")
    }

    /// The answer of a page, if no record can be missing between it and the page before.
    pub(crate) fn joined(&self, before: Option<&str>, answer: Option<String>) -> Result<Option<String>, Failure> {
        if let (Some(before), Some(next)) = (before, answer.as_deref())
            && self.may_have_lost(before, next)
        {
            let message = "pages in this order may leave out records of equal values, as it ends in desc and without the id: \
                           leave out desc, or say order by id desc; or narrow the query, and select the columns of the order";
            return Err(Failure::InvalidInput(Some("query".to_owned()), message.to_owned()));
        }
        Ok(answer)
    }

    /// Whether equals may stand on both sides of the end of a page, where their order is not known to be the same for both.
    fn may_have_lost(&self, before: &str, next: &str) -> bool {
        if self.is_unique() || !self.order_words().any(|word| word.eq_ignore_ascii_case("desc")) {
            return false;
        }
        let (before, next) = (items(before).unwrap_or_default(), items(next).unwrap_or_default());
        let (Some(last), Some(first)) = (before.last(), next.first()) else { return false };
        let value = |item: &str, column: &str| Members::of(item)?.words(column);
        let differ = |column| Some(surely_differ(&value(last, column)?, &value(first, column)?));
        !self.order_words().any(|column| differ(column).unwrap_or(false))
    }

    fn between(&self, start: usize, end: Option<usize>) -> &'q str {
        self.text.get(start..end.unwrap_or(self.text.len())).unwrap_or_default().trim()
    }
}

/// A number of a limit; one that has no end is as good as the highest there is.
fn number(text: &str) -> Option<u64> {
    let digits = Some(text.trim()).filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.map(|digits| digits.parse().unwrap_or(u64::MAX))
}

/// Whether no collation of the database takes them for equal: it may do so with letters of other cases, accents or lengths.
fn surely_differ(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes()).take_while(|(a, b)| a.is_ascii() && b.is_ascii());
    pairs.into_iter().any(|(a, b)| !a.eq_ignore_ascii_case(&b))
}

/// The words outside of quotes, and where they stand.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let found = text.split('\'').step_by(2).flat_map(move |part| part.split(move |c| !is_word(c)));
    // They are parts of the text.
    found.filter(|word| !word.is_empty()).map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_limit_before_the_semicolon() {
        let page = |text: &str| Query::read(text).page(200);
        assert_eq!(
            page("select id from Contacts where lastname='a;b' order by id ;\r\n"),
            "select id from Contacts where lastname='a;b' order by id limit 200,100;"
        );
        assert_eq!(page("select * from Leads;"), "select * from Leads order by id limit 200,100;");
        assert_eq!(page("select * from Leads limit 5,300;"), "select * from Leads order by id limit 200,100;");
    }

    #[test]
    fn a_page_of_related_records_has_a_condition_in_capitals_before_its_order() {
        let page = |text: &str| Query::read(text).page_of_related(100);
        assert_eq!(page("SELECT * FROM Leads"), "SELECT * FROM Leads WHERE id != '0x0' order by id limit 100,100");
        assert_eq!(
            page("select a from Leads where a='x where' and b='y' order by a desc limit 3"),
            "select a from Leads WHERE a='x where' and b='y' order by a desc limit 100,100"
        );
        assert_eq!(
            page("select a from Leads ORDER BY a \n"),
            "select a from Leads WHERE id != '0x0' ORDER BY a, id limit 100,100"
        );
    }

    #[test]
    fn pages_are_in_an_order_that_is_the_same_for_all_of_them() {
        for (order, of_pages) in [
            ("order by city", "order by city, id"),
            ("ORDER BY city, lastname ASC limit 7", "ORDER BY city, lastname, id"),
            ("order  by id", "order  by id"),
            ("order by id desc", "order by id desc"),
            ("order by city, id desc", "order by city, id desc"),
            ("order by cf_id", "order by cf_id, id"),
            ("order by descr", "order by descr, id"),
            ("order by city desc", "order by city desc"),
        ] {
            let text = format!("select * from Leads {order};");
            assert_eq!(Query::read(&text).page(0), format!("select * from Leads {of_pages} limit 0,100;"));
        }
    }

    #[test]
    fn a_page_that_may_have_lost_equals_is_a_failure() {
        let page = |id: u32, city: &str| format!(r#"[{{"id":"12x{id}","city":"{city}","zip":"1"}}]"#);
        let is_joined = |order: &str, before: &str, next: &str| {
            let text = format!("select * from Leads order by {order};");
            Query::read(&text).joined(Some(&page(1, before)), Some(page(2, next))).is_ok()
        };
        assert!(is_joined("city desc", "Rome", "Paris") && is_joined("zip, city desc", "Zürich", "Munich"));
        for (before, next) in [("Rome", "ROME"), ("Rome", "Romé"), ("Rome", "Rom"), ("", ""), ("Élan", "Elan")] {
            assert!(!is_joined("city DESC", before, next), "{before} {next}");
            assert!(is_joined("city", before, next) && is_joined("city, id desc", before, next));
        }
        assert!(!is_joined("state desc", "Rome", "Paris"), "it is not known what is not given");
        let query = Query::read("select * from Leads order by city desc;");
        assert_eq!(query.joined(None, Some("[]".to_owned())), Ok(Some("[]".to_owned())));
        assert_eq!(query.joined(Some(&page(1, "Rome")), Some("[]".to_owned())), Ok(Some("[]".to_owned())));
        assert_eq!(query.joined(Some(&page(1, "Rome")), None), Ok(None));
    }

    #[test]
    fn a_limit_of_all_there_is_is_one() {
        for (limit, rows) in [
            ("18446744073709551615", u64::MAX),
            ("99999999999999999999999", u64::MAX),
            ("0, 5000000000", 5_000_000_000),
            ("4294967296", 1 << 32),
        ] {
            let text = format!("select * from Leads limit {limit};");
            let limit = Query::read(&text).limit().unwrap();
            assert_eq!(limit, Limit { offset: 0, rows });
            assert!(limit.beyond_most().is_some_and(|rows| rows > 100));
            assert!(matches!(Query::read(&text).check_limit("query"), Err(Failure::InvalidInput(Some(_), _))));
        }
        for (limit, expected) in [("100", None), ("100000000000,100", None), ("101", Some(101))] {
            let text = format!("select * from Leads limit {limit};");
            assert_eq!(Query::read(&text).limit().unwrap().beyond_most(), expected);
        }
    }

    #[test]
    fn a_limit_of_the_querys_own_is_found_outside_of_values_alone() {
        for (text, limit) in [
            ("select * from Leads LIMIT 3;", Some((0, 3))),
            (r"select * from Leads where a='ends\\' limit 200 ;", Some((0, 200))),
            ("select * from Leads where a='it''s' limit\n1 , 2000;", Some((1, 2000))),
            (r"select * from Leads where a='ends\' limit 7;", Some((0, 7))),
            ("select * from Leads where a='no limit 5' order by id;", None),
            ("select cf_limit from Leads where a='it''s limit 5' Order  By id;", None),
            ("select * from Leads where a='''' and b=' limit 5'", None),
            ("select * from Leads limit many;", None),
            ("select * from Leads limit;", None),
        ] {
            let expected = limit.map(|(offset, rows)| Limit { offset, rows });
            assert_eq!(Query::read(text).limit(), expected, "{text}");
        }
    }

    #[test]
    fn a_query_that_says_how_many_it_wants_does_not_go_with_a_number_of_items() {
        for text in ["select * from Leads limit 3;", "select * from Leads limit x;"] {
            assert!(matches!(Query::read(text).first_row(true), Err(Failure::InvalidInput(..))), "{text}");
        }
        assert_eq!(Query::read("select * from Leads limit 30,300;").first_row(false), Ok(30));
        assert_eq!(Query::read("select * from Leads where a='limit';").first_row(true), Ok(0));
    }
}
