//! The query language: a statement is read and run against the records of a module.

use std::cmp::Ordering;
use std::iter;

use serde_json::{Value, json};

use super::crm::{CONVERTED, Crm, Record};
use super::lexer::{Token, Tokens};
use super::modules::{self, Field, Module};
use super::refusal::Refusal;

/// The most that a query gives, and what it gives without a limit.
const MOST: usize = 100;

/// A statement that was understood.
#[derive(Debug)]
pub(super) struct Query {
    columns: Columns,
    module: String,
    /// Those within a list are joined by `and`, the lists by `or`.
    conditions: Vec<Vec<Condition>>,
    order: Vec<String>,
    /// Of the last column of the order; the others ascend.
    descending: bool,
    offset: usize,
    limit: usize,
}

#[derive(Debug)]
enum Columns {
    All,
    Count,
    Named(Vec<String>),
}

#[derive(Debug)]
struct Condition {
    column: String,
    operator: String,
    values: Vec<String>,
}

impl Query {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let mut tokens = Tokens::of(text);
        tokens.expect("SELECT")?;
        let columns = columns(&mut tokens)?;
        tokens.expect("FROM")?;
        let module = tokens.expect("TABLENAME")?;
        let conditions = if tokens.take("WHERE") { conditions(&mut tokens)? } else { Vec::new() };
        let (mut order, mut descending) = (Vec::new(), false);
        if tokens.take("ORDERBY") {
            order.push(tokens.expect("COLUMNNAME")?);
            while tokens.take("COMMA") {
                order.push(tokens.expect("COLUMNNAME")?);
            }
            descending = !tokens.take("ASC") && tokens.take("DESC");
        }
        let (mut offset, mut limit) = (0, MOST);
        if tokens.take("LIMIT") {
            limit = number(&mut tokens)?;
            if tokens.take("COMMA") {
                offset = limit;
                limit = number(&mut tokens)?;
            }
        }
        tokens.expect("SEMICOLON")?;
        tokens.end()?;
        Ok(Self { columns, module, conditions, order, descending, offset, limit: limit.min(MOST) })
    }

    /// The rows that it finds. The limit is one of what is joined, in which a record may stand several times; what is repeated among
    /// them is left out afterwards.
    pub(super) fn rows(&self, crm: &Crm) -> Result<Vec<Value>, Refusal> {
        let module = modules::permitted(&self.module)?;
        self.check_columns(module)?;
        if matches!(self.columns, Columns::Count) {
            // As 8.4 does; 8.0 gives one row.
            return Ok(Vec::new());
        }
        let records = crm.store.all(&module.name).iter().filter_map(Value::as_object);
        let mut records: Vec<&Record> =
            records.filter(|record| !record.contains_key(CONVERTED) && self.holds(record)).collect();
        // Whatever the order says nothing of is up to the database, and need not be the same for the next page.
        if !self.order.is_empty() && (self.offset / MOST) % 2 == 1 {
            records.reverse();
        }
        records.sort_by(|one, other| self.ordered(one, other));
        let joined = records.into_iter().flat_map(|record| iter::repeat_n(record, self.joined(crm, module, record)));
        let mut read: Vec<&Record> = joined.skip(self.offset).take(self.limit).collect();
        // They stand next to each other, whatever the order.
        read.dedup_by_key(|record| text(record, "id"));
        Ok(read.into_iter().map(|record| self.row(module, record)).collect())
    }

    /// How many rows a record has: that of a meeting is joined with each of its guests, where they are asked for.
    fn joined(&self, crm: &Crm, module: &Module, record: &Record) -> usize {
        let asks = match &self.columns {
            Columns::Named(names) => names.iter().any(|name| name == "contact_id"),
            _ => true,
        };
        let id = text(record, "id");
        let guests = || crm.links.iter().filter(|(one, other)| one == id || other == id).count();
        if asks && module.name == "Events" { guests().max(1) } else { 1 }
    }

    fn check_columns(&self, module: &Module) -> Result<(), Refusal> {
        let named = match &self.columns {
            Columns::Named(names) => &names[..],
            _ => &[],
        };
        let conditions = self.conditions.iter().flatten().map(|condition| &condition.column);
        let mut used = named.iter().chain(conditions).chain(&self.order);
        match used.find(|name| *name != "id" && module.field(name).is_none()) {
            Some(name) => {
                Err(Refusal::new("ACCESS_DENIED", format!("Permission to access '.{name}.' attribute denied.")))
            }
            None => Ok(()),
        }
    }

    fn holds(&self, record: &Record) -> bool {
        self.conditions.is_empty() || self.conditions.iter().any(|all| all.iter().all(|one| one.holds(record)))
    }

    fn ordered(&self, one: &Record, other: &Record) -> Ordering {
        let compared = |column: &String| compare(text(one, column), text(other, column));
        let Some((last, others)) = self.order.split_last() else { return Ordering::Equal };
        let order = compared(last);
        let order = if self.descending { order.reverse() } else { order };
        others.iter().fold(Ordering::Equal, |sofar, column| sofar.then_with(|| compared(column))).then(order)
    }

    /// The id is there whether or not it was asked for. A date that is not set is null here, and an empty text elsewhere.
    fn row(&self, module: &Module, record: &Record) -> Value {
        let asked = |field: &&Field| match &self.columns {
            Columns::Named(names) => names.contains(&field.name),
            _ => true,
        };
        let value = |field: &Field| {
            let value = record.get(&field.name)?;
            let is_unset = field.kind == "date" && value.as_str() == Some("");
            Some((field.name.clone(), if is_unset { Value::Null } else { value.clone() }))
        };
        let mut row: Record = module.fields.iter().filter(asked).filter_map(value).collect();
        row.insert("id".to_owned(), json!(text(record, "id")));
        row.into()
    }
}

fn columns(tokens: &mut Tokens) -> Result<Columns, Refusal> {
    if tokens.take("ASTERISK") {
        return Ok(Columns::All);
    }
    let mut names = vec![tokens.expect("COLUMNNAME")?];
    if names == ["count"] && tokens.take("PARENOPEN") {
        tokens.expect("ASTERISK")?;
        tokens.expect("PARENCLOSE")?;
        return Ok(Columns::Count);
    }
    while tokens.take("COMMA") {
        names.push(tokens.expect("COLUMNNAME")?);
    }
    Ok(Columns::Named(names))
}

fn conditions(tokens: &mut Tokens) -> Result<Vec<Vec<Condition>>, Refusal> {
    let mut groups = Vec::new();
    let mut group = vec![condition(tokens)?];
    loop {
        if tokens.take("OR") {
            groups.push(std::mem::take(&mut group));
        } else if !tokens.take("AND") {
            groups.push(group);
            return Ok(groups);
        }
        group.push(condition(tokens)?);
    }
}

fn condition(tokens: &mut Tokens) -> Result<Condition, Refusal> {
    let column = tokens.expect("COLUMNNAME")?;
    if !tokens.take("IN") {
        let operator = tokens.expect("OPERATOR")?.to_ascii_lowercase();
        return Ok(Condition { column, operator, values: vec![value(tokens)?] });
    }
    tokens.expect("PARENOPEN")?;
    let mut values = vec![value(tokens)?];
    while tokens.take("COMMA") {
        values.push(value(tokens)?);
    }
    tokens.expect("PARENCLOSE")?;
    Ok(Condition { column, operator: "in".to_owned(), values })
}

fn value(tokens: &mut Tokens) -> Result<String, Refusal> {
    tokens.expect("VALUE").and_then(|raw| Token::value(&raw))
}

fn number(tokens: &mut Tokens) -> Result<usize, Refusal> {
    let raw = tokens.expect("VALUE")?;
    raw.parse().map_err(|_| Tokens::unexpected(&raw, "VALUE", &raw, "INTEGER"))
}

impl Condition {
    fn holds(&self, record: &Record) -> bool {
        let found = text(record, &self.column);
        let holds = |value: &String| {
            let order = compare(found, value);
            match self.operator.as_str() {
                "=" | "in" => order.is_eq(),
                "!=" => order.is_ne(),
                "<" => order.is_lt(),
                ">" => order.is_gt(),
                "<=" => order.is_le(),
                ">=" => order.is_ge(),
                _ => is_like(found, value),
            }
        };
        self.values.iter().any(holds)
    }
}

fn text<'r>(record: &'r Record, column: &str) -> &'r str {
    record.get(column).and_then(Value::as_str).unwrap_or_default()
}

/// Numbers and ids by their amount, texts without regard to their case.
fn compare(one: &str, other: &str) -> Ordering {
    let amount = |text: &str| match text.split_once('x') {
        Some((prefix, number)) => Some((prefix.parse().ok()?, number.parse().ok()?)),
        None => Some((text.parse::<f64>().ok()?, 0.0_f64)),
    };
    match (amount(one), amount(other)) {
        (Some(one), Some(other)) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        _ => one.to_lowercase().cmp(&other.to_lowercase()),
    }
}

/// `%` stands for any text and `_` for any character.
fn is_like(text: &str, pattern: &str) -> bool {
    fn fits(text: &[char], pattern: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some(('%', after)), rest) => {
                fits(text, after) || rest.is_some_and(|(_, following)| fits(following, pattern))
            }
            (Some((wanted, after)), Some((found, following))) => {
                (*wanted == '_' || wanted == found) && fits(following, after)
            }
            (Some(_), None) => false,
        }
    }
    let characters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    fits(&characters(text), &characters(pattern))
}
