//! Answers that come line by line: what their items are, and when they are at their end.

use std::slice;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::look::{Inside, Late, Steps};
use crate::rules::{Text, Value};
use crate::values::{Seen, one_of};

/// The most items that an answer may have.
pub const MOST: u32 = 1_000_000;

/// How an answer is read that comes line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lines {
    /// What its items are.
    pub form: Form,
    /// What ends it. Without one it has to come to its own end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// After how many items it is at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// After how many seconds it is at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// What lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Server-sent events. An item is `{"data": …, "event": …, "id": …}`, the last two where the event has them.
    Events(Content),
    /// One JSON text in each line (NDJSON), which is the item.
    Lines,
}

/// What the data of an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// JSON.
    #[default]
    Json,
    /// A text.
    Text,
}

/// What ends an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// This text, such as `[DONE]`, which is no item.
    Text(Text),
    /// An event of this name. It is an item if its data is what data is.
    Event(Text),
    /// An item in which this stands at a JSON Pointer.
    At(Text, Value),
}

/// What an end is besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// The last item.
    Item,
    /// Nothing else.
    Mark,
}

impl Lines {
    /// Whether the answer is at its end with this data, of an event that is perhaps called so.
    ///
    /// # Errors
    /// [`Late`] where the time is over.
    pub fn end_with(&self, data: &str, event: &str, steps: Steps<'_>) -> Result<Option<Last>, Late> {
        let found = match &self.end {
            None => None,
            Some(End::Text(text)) => (data.trim() == *text).then_some(Last::Mark),
            Some(End::Event(name)) => {
                // An event without a name is called so (WHATWG HTML, section 9.2.6).
                let event = if event.is_empty() { "message" } else { event };
                let is_item = self.form == Form::Events(Content::Text) && !data.is_empty()
                    || serde_json::from_str::<&RawValue>(data).is_ok();
                (event == *name).then_some(if is_item { Last::Item } else { Last::Mark })
            }
            Some(End::At(pointer, value)) => {
                let mut inside = Inside::of(Some(data), steps);
                let found: Vec<Seen<'_>> = inside.at(pointer)?.into_iter().map(Seen::Json).collect();
                let is_equal = one_of(slice::from_ref(value), &found, false, steps)?;
                (is_equal && !inside.met_equal).then_some(Last::Item)
            }
        };
        Ok(found)
    }

    /// Whether its data is JSON.
    pub fn has_json(&self) -> bool {
        self.form != Form::Events(Content::Text)
    }

    /// An item, as JSON.
    pub fn item(&self, data: &str, event: &str, id: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let data = match self.form {
            Form::Lines => return data.to_owned(),
            Form::Events(Content::Json) => data.to_owned(),
            Form::Events(Content::Text) => quoted(data),
        };
        let others = [("event", event), ("id", id)].into_iter().filter(|(_, text)| !text.is_empty());
        let others: String = others.map(|(name, text)| format!(",\"{name}\":{}", quoted(text))).collect();
        format!("{{\"data\":{data}{others}}}")
    }

    /// What ends it, in words.
    pub fn end_in_words(&self) -> Option<String> {
        self.end.as_ref().map(|end| match end {
            End::Text(text) => format!("`{text}`"),
            End::Event(name) => format!("an event `{name}`"),
            End::At(pointer, _) => format!("an item that says so at `{pointer}`"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(form: Form, end: End) -> Lines {
        Lines { form, end: Some(end), most: None, seconds: None }
    }

    fn ends(lines: &Lines, data: &str, event: &str) -> Option<Last> {
        lines.end_with(data, event, &|_| true).unwrap()
    }

    #[test]
    fn a_text_ends_an_answer_and_is_no_item() {
        let lines = lines(Form::Events(Content::Json), End::Text("[DONE]".into()));
        assert_eq!(ends(&lines, "[DONE] ", ""), Some(Last::Mark));
        assert_eq!(ends(&lines, "{\"text\":\"[DONE]\"}", ""), None);
    }

    #[test]
    fn an_event_ends_an_answer_and_is_an_item_if_it_says_something() {
        let lines = lines(Form::Events(Content::Json), End::Event("stop".into()));
        assert_eq!(ends(&lines, "{}", "stop"), Some(Last::Item));
        assert_eq!(ends(&lines, "", "stop"), Some(Last::Mark));
        assert_eq!(ends(&lines, "{}", ""), None);
        let unnamed = Lines { end: Some(End::Event("message".into())), ..lines };
        assert_eq!(ends(&unnamed, "{}", ""), Some(Last::Item));
    }

    #[test]
    fn what_stands_at_a_pointer_ends_an_answer_once() {
        let lines = lines(Form::Lines, End::At("/done".into(), Value::Boolean(true)));
        assert_eq!(ends(&lines, r#"{"done":true,"n":1}"#, ""), Some(Last::Item));
        assert_eq!(ends(&lines, r#"{"done":false}"#, ""), None);
        assert_eq!(ends(&lines, r#"{"done":true,"done":false}"#, ""), None, "it says both");
        assert_eq!(lines.end_with("{\"done\":true}", "", &|_| false), Err(Late));
    }

    #[test]
    fn an_item_tells_its_name_and_id_where_it_has_them() {
        let lines = lines(Form::Events(Content::Json), End::Text("x".into()));
        assert_eq!(lines.item("1.10", "", ""), r#"{"data":1.10}"#);
        assert_eq!(lines.item("1", "a\"b", "7"), r#"{"data":1,"event":"a\"b","id":"7"}"#);
        assert_eq!(Lines { form: Form::Events(Content::Text), ..lines }.item("a", "", ""), r#"{"data":"a"}"#);
    }
}
