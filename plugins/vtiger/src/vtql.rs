//! Queries in the server's language, as far as pages have to know it. Between quotes stands a value, in which two quotes are one and
//! nothing else is an escape.

use wharf_plugin::Failure;

/// The most rows that the server reads for a query, and what it reads for one without a limit. It leaves out what is repeated among
/// them afterwards: an event stands there once for each of its guests.
pub(crate) const MOST_ROWS: usize = 100;

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
    pub(crate) offset: usize,
    pub(crate) rows: usize,
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
        let number = |text: &str| text.trim().parse().ok();
        Some(match numbers.split_once(',') {
            Some((offset, rows)) => Limit { offset: number(offset)?, rows: number(rows)? },
            None => Limit { offset: 0, rows: number(numbers)? },
        })
    }

    /// From which row on pages are followed. A caller who says how many items are wanted does not say it in the query as well.
    pub(crate) fn first_row(&self, counts_items: bool) -> Result<usize, Failure> {
        if counts_items && self.has_limit() {
            let message =
                "pages are followed by limits, and the query has one of its own: leave it out, or leave out maxItems";
            return Err(Failure::InvalidInput(Some("query".to_owned()), message.to_owned()));
        }
        Ok(self.limit().map_or(0, |limit| limit.offset))
    }

    /// The query with the limit of a page, for `query`. Without an order pages could repeat records and leave out others.
    pub(crate) fn page(&self, offset: usize) -> String {
        let query = self.between(0, self.limit);
        let order = if self.order.is_some() { "" } else { " order by id" };
        format!("{query}{order} limit {offset},{MOST_ROWS};")
    }

    /// The same for `query_related`. That puts a condition of its own behind the word `WHERE`, in capitals, and where it finds none at
    /// the end: behind the limit, where the server does not understand it. So there is one that always holds.
    pub(crate) fn page_of_related(&self, offset: usize) -> String {
        let order_at = self.order.or(self.limit);
        let query = self.between(0, self.condition.or(order_at));
        let condition = self.condition.map_or("id != '0x0'", |at| self.between(at + "where".len(), order_at));
        let order = self.order.map_or("order by id", |at| self.between(at, self.limit));
        format!("{query} WHERE {condition} {order} limit {offset},{MOST_ROWS}")
    }

    fn between(&self, start: usize, end: Option<usize>) -> &'q str {
        self.text.get(start..end.unwrap_or(self.text.len())).unwrap_or_default().trim()
    }
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
            "select a from Leads WHERE id != '0x0' ORDER BY a limit 100,100"
        );
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
