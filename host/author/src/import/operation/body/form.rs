//! Forms: fields that are texts, and parts that are files or JSON.

use serde_json::Value;
use wharf::declaration::{BodyFields, BodyForm, Field, ListStyle, MultipartFields, Source};

use super::super::super::model::{Api, Content, Encoding, Style};
use super::super::super::texts;
use super::super::inputs::Inputs;
use super::super::parameters::field;
use super::super::schemas::{self, Kinds, Members};
use super::super::{Part, lacking};
use super::{Kind, Writer, essence, is_empty, media_types, words};

/// Whether a file can be a part of it.
pub(super) fn has_files(api: &Api, content: &Content) -> bool {
    let is_file = |schema: &Value| {
        let kinds = schemas::kinds(api, schema);
        kinds.file || kinds.list_of_files
    };
    let schema = content.schema.as_ref();
    schema.is_some_and(|schema| schemas::loose_members(api, schema).members.iter().any(|(_, member)| is_file(member)))
}

/// Writes a form: nothing where it has no fields, and none where the operation is left out.
pub(super) fn write<'a>(
    writer: &mut Writer<'a, '_, '_>,
    kind: Kind,
    content: &'a Content,
    required: bool,
) -> Option<Option<BodyForm>> {
    if let Some(form) = nameless_file(writer, kind, content, required) {
        return Some(Some(form));
    }
    let members = members(writer, content);
    if members.members.is_empty() {
        if is_empty(writer.api, content) {
            writer.teller.note(&content.place, "empty-form", "a form without fields is no body");
            return Some(None);
        }
        let what = "a form of which no field is described";
        lacking(required, &content.place, "form-without-fields", what, writer.teller)?;
        return Some(None);
    }
    let mut form = Form { is_multipart: kind == Kind::Multipart, fields: Vec::new(), media_types: Vec::new() };
    let (mut all, mut needed) = (Vec::new(), Vec::new());
    for (name, schema) in &members.members {
        if writer.wanted.left_out.contains(&Part::Member((*name).to_owned())) {
            continue;
        }
        let is_required = members.required.contains(name);
        let input = form.add(writer, content, name, schema, required && is_required);
        // A file is no member of the input.
        let input = input.filter(|input| writer.inputs.schema_of(input).is_some());
        needed.extend(input.clone().filter(|_| is_required));
        all.extend(input);
    }
    if !required {
        writer.inputs.together(&all, &needed);
    }
    Some(Some(form.into()))
}

/// A form that is described as a file, without a name for it.
fn nameless_file(writer: &mut Writer<'_, '_, '_>, kind: Kind, content: &Content, required: bool) -> Option<BodyForm> {
    const NAME: &str = "file";
    let schema = content.schema.as_ref().filter(|_| kind == Kind::Multipart)?;
    let kinds = schemas::kinds(writer.api, schema);
    if !(kinds.file || kinds.list_of_files) {
        return None;
    }
    writer.teller.note(
        &content.place,
        "nameless-file",
        "nothing says what the part with the file is called; it is `file` here",
    );
    let mut form = Form { is_multipart: true, fields: Vec::new(), media_types: Vec::new() };
    form.add_file(writer.inputs, content.encoding.get(NAME), NAME, schema, required, kinds);
    Some(form.into())
}

/// The form that is sent in place of JSON where there are files, and what has to be given for it. None where JSON has members that
/// it has not: they would be lost.
pub(super) fn beside_json<'a>(
    writer: &mut Writer<'a, '_, '_>,
    content: &'a Content,
    json: &[Field],
) -> Option<(BodyForm, Vec<String>)> {
    let members = members(writer, content);
    let is_known = |field: &Field| members.members.iter().any(|(name, _)| *name == field.name);
    if !json.iter().all(is_known) {
        return None;
    }
    let mut form = Form { is_multipart: true, fields: Vec::new(), media_types: Vec::new() };
    let mut when_given = Vec::new();
    for (name, schema) in &members.members {
        match json.iter().find(|field| field.name == *name) {
            Some(known) => {
                let mut shared = form.place(writer, content, name, schema, schemas::kinds(writer.api, schema));
                shared.source = known.source.clone();
                form.fields.push(shared);
            }
            None => when_given.extend(form.add(writer, content, name, schema, false)),
        }
    }
    Some((form.into(), when_given)).filter(|(_, when_given)| !when_given.is_empty())
}

fn members<'a>(writer: &mut Writer<'a, '_, '_>, content: &'a Content) -> Members<'a> {
    let Some(schema) = &content.schema else { return Members::default() };
    schemas::members(writer.api, schema).unwrap_or_else(|| {
        let members = schemas::loose_members(writer.api, schema);
        if !members.members.is_empty() && !members.is_exact {
            let text =
                "fields of a form are inputs by themselves: what is said of several together is not asked of them";
            writer.teller.relaxed(&content.place, "form-alternatives", text);
        }
        members
    })
}

/// A form while it is written.
struct Form {
    is_multipart: bool,
    fields: Vec<Field>,
    media_types: Vec<String>,
}

impl Form {
    /// Adds a field, and gives the name of its input or file.
    fn add(
        &mut self,
        writer: &mut Writer<'_, '_, '_>,
        content: &Content,
        name: &str,
        schema: &Value,
        required: bool,
    ) -> Option<String> {
        let kinds = schemas::kinds(writer.api, schema);
        if self.is_multipart && is_file(kinds, content.encoding.get(name)) {
            if kinds.file && kinds.plain_text {
                let text = format!("`{name}` is a file, or a text in its place: only a file can be given");
                writer.teller.lost(&content.place, "file-or-text", text);
            }
            return Some(self.add_file(writer.inputs, content.encoding.get(name), name, schema, required, kinds));
        }
        if let Some(Value::String(text)) = schemas::only(writer.api, schema).filter(|_| required) {
            self.fields.push(field(name.to_owned(), Source::Text(text.clone()), ListStyle::Repeated));
            return None;
        }
        if kinds.file {
            let text = format!("`{name}` is a file, and a form has only texts: it is a text here");
            writer.teller.note(&content.place, "file-in-form", text);
        }
        let mut placed = self.place(writer, content, name, schema, kinds);
        let plain = name.strip_suffix("[]").filter(|plain| !plain.is_empty()).unwrap_or(name);
        let input = writer.inputs.add(plain, "body", schemas::input(writer.api, schema, words(schema)), required);
        placed.source = Source::Input(input.clone());
        self.fields.push(placed);
        Some(input)
    }

    fn add_file(
        &mut self,
        inputs: &mut Inputs,
        encoding: Option<&Encoding>,
        name: &str,
        schema: &Value,
        required: bool,
        kinds: Kinds,
    ) -> String {
        let plain = name.strip_suffix("[]").filter(|plain| !plain.is_empty()).unwrap_or(name);
        let summary = texts::line(words(schema), 200);
        let summary = if summary.is_empty() { "A file.".to_owned() } else { summary };
        let file = inputs.add_file(plain, summary, required, kinds.list_of_files);
        let lists = if plain == name { ListStyle::Repeated } else { ListStyle::Brackets };
        let ranges = media_types(encoding.and_then(|encoding| encoding.media_type.as_deref()).into_iter());
        let new: Vec<String> = ranges.into_iter().filter(|range| !self.media_types.contains(range)).collect();
        self.media_types.extend(new);
        self.fields.push(field(plain.to_owned(), Source::Input(file.clone()), lists));
        file
    }

    /// How a field is written that is no file; where it comes from is for others to say.
    fn place(
        &self,
        writer: &mut Writer<'_, '_, '_>,
        content: &Content,
        name: &str,
        schema: &Value,
        kinds: Kinds,
    ) -> Field {
        let encoding = content.encoding.get(name).cloned().unwrap_or_default();
        let json = encoding.media_type.as_deref().map(essence).filter(|media_type| is_json(media_type));
        let source = Source::Input(name.to_owned());
        if self.is_multipart {
            let is_document = json.is_some() || kinds.object || kinds.nested_list;
            let media_type = is_document.then(|| json.unwrap_or("application/json").to_owned());
            let in_brackets =
                name.strip_suffix("[]").filter(|plain| !plain.is_empty() && media_type.is_none() && kinds.list);
            let lists = match in_brackets {
                Some(_) => ListStyle::Brackets,
                None if encoding.explode == Some(false) && kinds.list && !is_document => ListStyle::Commas,
                None => ListStyle::Repeated,
            };
            return Field { name: in_brackets.unwrap_or(name).to_owned(), source, lists, media_type };
        }
        if json.is_some() {
            return field(name.to_owned(), source, ListStyle::Json);
        }
        if kinds.is_only_text() {
            return field(name.to_owned(), source, ListStyle::Repeated);
        }
        let style = encoding.style.unwrap_or_default();
        if let Some(plain) = name.strip_suffix("[]").filter(|plain| !plain.is_empty()) {
            let lists = if kinds.nested_list { ListStyle::Indexed } else { ListStyle::Brackets };
            return field(plain.to_owned(), source, lists);
        }
        let lists = match style {
            Style::DeepObject if schemas::has_nested_lists(writer.api, schema) => ListStyle::Indexed,
            Style::DeepObject => ListStyle::Brackets,
            _ if kinds.nested_list => {
                let text = format!("nothing says how `{name}` is written as a text; it is written as JSON");
                writer.teller.note(&content.place, "nested-in-form", text);
                ListStyle::Json
            }
            _ if kinds.object => ListStyle::Json,
            _ if encoding.explode == Some(false) => ListStyle::Commas,
            _ => ListStyle::Repeated,
        };
        field(name.to_owned(), source, lists)
    }
}

impl From<Form> for BodyForm {
    fn from(form: Form) -> Self {
        let Form { is_multipart, fields, media_types } = form;
        match is_multipart {
            true => Self::Multipart(MultipartFields { fields, open: None, media_types }),
            false => Self::Form(BodyFields { fields, open: None, media_type: None }),
        }
    }
}

/// Whether a part is a file: by what is said of its bytes, or of its media type.
fn is_file(kinds: Kinds, encoding: Option<&Encoding>) -> bool {
    let is_said = |media_type: &str| {
        let media_type = essence(media_type);
        !media_type.is_empty() && !media_type.starts_with("text/plain") && !is_json(media_type)
    };
    let by_encoding = encoding.and_then(|encoding| encoding.media_type.as_deref()).is_some_and(is_said);
    kinds.file || kinds.list_of_files || (by_encoding && kinds.is_only_text())
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}
