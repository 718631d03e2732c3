//! YAML, by the events of a parser.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use saphyr_parser::{BufferedInput, Event, Marker, Parser, ScalarStyle, Tag};

use super::tree::{Tree, shown};
use super::{Aliases, Kind, Limits, Node, Place, Problem, mistakes, scalar};

/// How many characters the parser may read until it knows what comes next. It keeps all of a list in brackets until then, some
/// 100 bytes for each of its signs: what is longer is written as JSON, or in lines.
const MOST_AHEAD: usize = 1 << 20;

/// Characters for the parser, which end early where it reads too far.
struct Ahead<'t> {
    chars: std::str::Chars<'t>,
    left: &'t Cell<usize>,
}

impl Iterator for Ahead<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        self.left.set(self.left.get().checked_sub(1)?);
        self.chars.next()
    }
}

pub(super) fn read(text: &str, limits: &Limits) -> Result<Node, Problem> {
    let left = Cell::new(MOST_AHEAD);
    let mut parser = Parser::new(BufferedInput::new(Ahead { chars: text.chars(), left: &left }));
    let mut reader =
        Reader { tree: Tree::new(limits), limits, anchors: Vec::new(), anchored: HashMap::new(), documents: 0 };
    let mut place = Place::START;
    while let Some(event) = parser.next_event() {
        if left.get() == 0 {
            let problem =
                "what begins here goes on for more than a million characters; write it in lines, or all as JSON";
            return Err(place.wrong(problem));
        }
        let (event, span) = event.map_err(|error| {
            let begun = reader.tree.places_of_open().chain([Place { column: 1, ..place }]);
            mistakes::explained(text, begun, place_of(*error.marker()), error.info())
        })?;
        place = place_of(span.start);
        reader.take(place, event)?;
        left.set(MOST_AHEAD);
    }
    Ok(reader.tree.root().unwrap_or(Place::START.node(Kind::Null)))
}

struct Reader<'l> {
    tree: Tree<'l>,
    limits: &'l Limits,
    /// Those of the lists and mappings that are open; 0 for none.
    anchors: Vec<usize>,
    /// What aliases stand for.
    anchored: HashMap<usize, Node>,
    documents: usize,
}

impl Reader<'_> {
    fn take(&mut self, place: Place, event: Event<'_>) -> Result<(), Problem> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(place.wrong("a second document begins here; write one, and delete the line `---`"));
                }
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => {
                is_of_core(place, tag.as_deref(), &["seq"])?;
                self.open(place, anchor, Kind::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                is_of_core(place, tag.as_deref(), &["map"])?;
                self.open(place, anchor, Kind::Map(Default::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let anchor = self.anchors.pop().unwrap_or_default();
                self.tree.close().map_or(Ok(()), |node| self.add(anchor, node))
            }
            Event::Scalar(text, style, anchor, tag) if self.tree.wants_a_name() => {
                is_of_core(place, tag.as_deref(), &["str", "int", "float", "bool", "null"])?;
                self.anchor(place, anchor)?;
                self.name(place, text, style)
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.anchor(place, anchor)?;
                let node = place.node(kind_of(place, &text, style, tag.as_deref())?);
                self.add(anchor, node)
            }
            Event::Alias(anchor) => self.alias(place, anchor),
        }
    }

    fn open(&mut self, place: Place, anchor: usize, kind: Kind) -> Result<(), Problem> {
        if self.tree.wants_a_name() {
            return Err(place.wrong(
                "a list or a mapping is no name; write a text, and quotes around what begins with a brace or a bracket",
            ));
        }
        self.anchor(place, anchor)?;
        self.anchors.push(anchor);
        self.tree.open(place, kind)
    }

    /// A name is a text, whatever it looks like: `200`, `no`, `null`.
    fn name(&mut self, place: Place, text: Cow<'_, str>, style: ScalarStyle) -> Result<(), Problem> {
        let is_plain = style == ScalarStyle::Plain;
        if is_plain && text.is_empty() {
            return Err(place.wrong("a name is missing before the colon"));
        }
        let merges = is_plain && text == "<<";
        if merges && self.limits.aliases == Aliases::Refused {
            return Err(
                place.wrong("`<<` is not read here; write the members themselves, or take them from a file by `$ref`")
            );
        }
        self.tree.name(place, text.into_owned(), merges)
    }

    fn add(&mut self, anchor: usize, node: Node) -> Result<(), Problem> {
        if anchor != 0 {
            self.tree.count_copy(Place { line: node.line, column: node.column }, &node)?;
            self.anchored.insert(anchor, node.clone());
        }
        self.tree.add(node)
    }

    fn anchor(&self, place: Place, anchor: usize) -> Result<(), Problem> {
        if anchor != 0 && self.limits.aliases == Aliases::Refused {
            return Err(place.wrong(NO_ALIASES));
        }
        Ok(())
    }

    fn alias(&mut self, place: Place, anchor: usize) -> Result<(), Problem> {
        if self.limits.aliases == Aliases::Refused {
            return Err(place.wrong(NO_ALIASES));
        }
        if self.tree.wants_a_name() {
            return Err(place.wrong("an alias is no name; write the name itself"));
        }
        match self.anchored.get(&anchor) {
            Some(node) => self.tree.add_copy(place, node),
            None => Err(place.wrong("this alias stands in what it stands for, which would have no end; write it out")),
        }
    }
}

const NO_ALIASES: &str = "anchors and aliases (`&name`, `*name`) are not read here; write it again, or take it from a file by \
                          `$ref`. A text that begins with `&` or `*` needs quotes";

fn place_of(marker: Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}

/// Which of the core schema's tags a value has.
fn is_of_core<'t>(place: Place, tag: Option<&'t Tag>, known: &[&str]) -> Result<Option<&'t str>, Problem> {
    let Some(tag) = tag else { return Ok(None) };
    if tag.is_yaml_core_schema() && known.contains(&tag.suffix.as_str()) {
        return Ok(Some(&tag.suffix));
    }
    // `!` alone: not what it looks like, but a text, a list or a mapping.
    if tag.handle.is_empty() && tag.suffix == "!" {
        return Ok(Some("str"));
    }
    let name = shown(&tag.to_string());
    Err(place.wrong(format!("the tag `{name}` is not read here; delete it. A text that begins with `!` needs quotes")))
}

/// What a scalar is. What stands in quotes or in a block is a text.
fn kind_of(place: Place, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Kind, Problem> {
    let tag = is_of_core(place, tag, &["str", "int", "float", "bool", "null"])?;
    if tag == Some("str") || (tag.is_none() && style != ScalarStyle::Plain) {
        return Ok(Kind::Text(text.to_owned()));
    }
    let kind = scalar::plain(place, text)?;
    let fits = match (tag, &kind) {
        (None, _) | (Some("null"), Kind::Null) | (Some("bool"), Kind::Bool(_)) | (Some("float"), Kind::Number(_)) => {
            true
        }
        (Some("int"), Kind::Number(digits)) => !digits.contains(['.', 'e', 'E']),
        _ => false,
    };
    if fits {
        return Ok(kind);
    }
    Err(place.wrong(format!(
        "`{}` is not what its tag `!!{}` says; delete the tag",
        shown(text),
        tag.unwrap_or_default()
    )))
}
