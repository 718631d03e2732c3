//! Where an answer says what comes next.

use serde_json::Value;

use super::list::escaped;
use super::plain;
use crate::import::answers::shapes::Shapes;

/// How deep it is looked for: `/paging/next/after`.
const DEEPEST: usize = 3;

/// Objects that are looked at.
const MOST: usize = 50;

/// What a place is called that has the cursor of the next page, whatever its parameter is called.
const CURSORS: [&str; 18] = [
    "after",
    "aftercursor",
    "bookmark",
    "continuationtoken",
    "continue",
    "cursor",
    "endcursor",
    "next",
    "nextcursor",
    "nextid",
    "nextmarker",
    "nextpage",
    "nextpagecursor",
    "nextpageid",
    "nextpagetoken",
    "nextstartcursor",
    "nexttoken",
    "scrollid",
];

/// What a place is called that has the address of the next page.
const LINKS: [&str; 9] = [
    "nexthref",
    "nextlink",
    "nextpagelink",
    "nextpageuri",
    "nextpageurl",
    "nextrecordsurl",
    "nexturi",
    "nexturl",
    "odatanextlink",
];

/// Objects in which links are.
const OF_LINKS: [&str; 4] = ["link", "links", "paginglinks", "nextlink"];

/// A place in an answer that may say what comes next.
#[derive(Clone, Debug)]
pub(super) struct Next<'a> {
    pub(super) pointer: String,
    /// Names of the members on the way.
    way: Vec<String>,
    schema: &'a Value,
    is_text: bool,
    is_number: bool,
}

/// The texts and numbers of an answer outside of its lists.
pub(super) fn places<'a>(shapes: Shapes<'a>, schema: &'a Value) -> Vec<Next<'a>> {
    let mut places = Vec::new();
    let mut open = vec![(schema, String::new(), Vec::new())];
    let mut looked_at = 0;
    while let Some((schema, at, way)) = open.pop() {
        looked_at += 1;
        for (name, member) in shapes.members(schema) {
            let pointer = format!("{at}/{}", escaped(name));
            let way = [way.as_slice(), &[plain(name)]].concat();
            let (is_text, is_number) = (shapes.is(member, "string"), shapes.is(member, "number"));
            if is_text || is_number {
                places.push(Next { pointer, way, schema: shapes.resolved(member), is_text, is_number });
            } else if way.len() < DEEPEST && looked_at + open.len() < MOST && shapes.is(member, "object") {
                open.push((member, pointer, way));
            }
        }
    }
    places
}

/// The schema at a pointer through objects.
pub(super) fn at<'a>(shapes: Shapes<'a>, schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    pointer.split('/').skip(1).try_fold(schema, |schema, token| {
        let name = token.replace("~1", "/").replace("~0", "~");
        shapes.members(schema).get(name.as_str()).copied()
    })
}

impl Next<'_> {
    fn name(&self) -> &str {
        self.way.last().map(String::as_str).unwrap_or_default()
    }

    fn is_below(&self, names: &[&str]) -> bool {
        self.way.iter().rev().skip(1).any(|name| names.contains(&name.as_str()))
    }

    /// How well its value fits a parameter of this name: the smaller the better; none where it does not. A number that is called as its
    /// parameter is what was asked for.
    pub(super) fn fits(&self, parameter: &str, is_number: bool) -> Option<u8> {
        let name = self.name();
        let comes_next = self.is_below(&["next", "cursors", "pagingnext"]) || name.starts_with("next");
        if self.is_link() || (is_number && !comes_next) || (self.is_number && !self.is_text && !comes_next) {
            return None;
        }
        // A page's number goes by itself.
        let counts = is_number && matches!(parameter, "page" | "offset" | "start" | "from");
        match () {
            () if name.strip_prefix("next") == Some(parameter) => Some(0),
            () if counts => None,
            () if name == parameter && comes_next => Some(1),
            () if parameter == "page"
                && !name.contains("page")
                && !name.contains("token")
                && !name.contains("cursor") =>
            {
                None
            }
            () if name == parameter => Some(2),
            () if CURSORS.contains(&name) => Some(3),
            () if name == "lastid" && parameter == "after" => Some(4),
            () => None,
        }
    }

    /// Whether it is the number that a parameter of this name asked for.
    pub(super) fn counts(&self, parameter: &str) -> bool {
        self.is_number && !self.is_text && self.name() == plain(parameter)
    }

    /// Whether it is the address of the next page.
    pub(super) fn is_link(&self) -> bool {
        let is_of = |of: &str| self.schema.get("format").and_then(Value::as_str) == Some(of);
        let text = self.schema.get("description").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let is_url = is_of("uri")
            || is_of("url")
            || self.is_below(&OF_LINKS)
            || ["url", "link"].iter().any(|word| text.contains(word));
        let is_next = LINKS.contains(&self.name())
            || (matches!(self.name(), "next" | "nextpage") && is_url)
            || (self.name() == "href" && self.is_below(&["next"]));
        self.is_text && is_next
    }
}
