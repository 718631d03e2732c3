//! A value, walked by the plan of its schema, before the validator tries it: the validator cannot be stopped, and this can.
//!
//! On the way whole numbers become whole. JSON Schema takes `1.0` and `1e2` for integers: what is written as a fraction becomes a
//! whole number. And a parser turns one of many digits into the nearest float, which may be another record's id, or a whole number
//! where none was written: so digits are asked, and what the validator would judge in another way is refused.

use std::collections::HashMap;

use serde_json::{Number, Value};
use wharf_answer::Decimal;
use wharf_egress::json::is_plain;
use wharf_egress::work::{OutOfTime, Work};

use super::plan::{self, Node, Plan};
use crate::operation::numbers::Numbers;

/// What checking one input may take. A list of some thousand records has some ten thousand. The validator does a million in fifty
/// milliseconds at most, whatever they are made of, and in five as a rule.
const MOST_STEPS: usize = 1_000_000;

/// What one of them takes, in steps of the host's work.
const STEP: usize = 32;

/// Values within values: as deep as a parser goes.
const DEEPEST: usize = 128;

/// Schemas within schemas, references followed, also where one leads to itself: as deep as the host's stack allows.
const MOST_NESTED: usize = plan::DEEPEST;

/// From here on not every whole number has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Why an input is not tried.
#[derive(Debug)]
pub(super) enum Stop {
    OutOfTime(OutOfTime),
    TooMuch,
    TooDeep,
    /// A number that cannot stand where it does, and the top-level input that it stands in.
    Number {
        input: Option<String>,
        number: String,
        problem: Problem,
    },
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Problem {
    NotWhole,
    /// It may be whole, and was rounded before the host got it.
    NotExact,
    /// The schema says one thing of it, and another one of the float that is nearest.
    TooFine,
}

/// Counts what trying a schema on a value takes, and rewrites the numbers that it says are whole.
pub(super) fn walk(plan: &Plan, value: &mut Value, numbers: &mut Numbers<'_>, work: &Work) -> Result<(), Stop> {
    Walk { plan, work, left: MOST_STEPS, nested: 0 }.visit(plan.root(), value, numbers, How::Part, 0)
}

/// How a schema stands to a value.
#[derive(Clone, Copy, PartialEq)]
enum How {
    /// It is the schema of this part of the input.
    Part,
    /// Another schema is, and this one is a part of that.
    Same,
    /// It may be, under a condition: numbers stay as they are.
    Maybe,
}

struct Walk<'a> {
    plan: &'a Plan,
    work: &'a Work,
    left: usize,
    nested: usize,
}

impl Walk<'_> {
    fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        self.left = self.left.checked_sub(steps).ok_or(Stop::TooMuch)?;
        self.work.steps(steps.saturating_mul(STEP)).map_err(Stop::OutOfTime)
    }

    fn visit(
        &mut self,
        number: usize,
        value: &mut Value,
        numbers: &mut Numbers<'_>,
        how: How,
        depth: usize,
    ) -> Result<(), Stop> {
        let Some(node) = self.plan.node(number) else { return Ok(()) };
        if depth > DEEPEST || self.nested > MOST_NESTED {
            return Err(Stop::TooDeep);
        }
        self.nested += 1;
        let visited = self.look(node, value, numbers, how, depth);
        self.nested -= 1;
        visited
    }

    fn look(
        &mut self,
        node: &Node,
        value: &mut Value,
        numbers: &mut Numbers<'_>,
        how: How,
        depth: usize,
    ) -> Result<(), Stop> {
        self.spend(node.steps)?;
        let before = self.left;
        let same = if how == How::Part { How::Same } else { how };
        node.same.iter().try_for_each(|child| self.visit(*child, value, numbers, same, depth))?;
        node.conditional.iter().try_for_each(|child| self.visit(*child, value, numbers, How::Maybe, depth))?;
        let of_same = before - self.left;
        self.spend(of_same.saturating_mul(node.times - 1))?;
        let inner = if how == How::Maybe { How::Maybe } else { How::Part };
        let mut none = Numbers::None;
        self.check_digits(node, value, numbers)?;
        match value {
            Value::Number(number) if node.whole && how == How::Part => whole(number, numbers),
            Value::String(text) => self.spend(of_text(text, node.text)),
            Value::Array(items) => self.list(node, items, numbers, inner, depth + 1),
            Value::Object(members) => {
                for (index, (name, member)) in members.iter_mut().enumerate() {
                    let numbers = numbers.at(index).unwrap_or(&mut none);
                    let named = self.member(node, name, member, numbers, inner, depth + 1);
                    named.map_err(|stop| stop.in_input(name))?;
                }
                Ok(())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    /// Refuses numbers of which the validator would say something else than what is true of their digits.
    fn check_digits(&mut self, node: &Node, value: &Value, numbers: &Numbers<'_>) -> Result<(), Stop> {
        match (&node.numeric, value, numbers) {
            (Some(rules), Value::Number(number), _) => {
                let Some(digits) = numbers.digits().filter(|digits| !is_plain(digits)) else { return Ok(()) };
                self.spend(1 + digits.len() / STEP)?;
                let (exact, rounded) = (Decimal::of(digits), Decimal::of(&number.to_string()));
                let problem = match rules.allows(&exact) == rules.allows(&rounded) {
                    true => return Ok(()),
                    false if rules.whole && !exact.is_whole() => Problem::NotWhole,
                    false => Problem::TooFine,
                };
                Err(Stop::number(digits, problem))
            }
            // Each number in it is compared with others.
            (Some(rules), _, Numbers::Each(_)) if rules.compares_all => {
                let mut fine = None;
                let mut steps = 0;
                numbers.visit(&mut |digits| {
                    steps += 1 + digits.len() / STEP;
                    if fine.is_none() && rounded(digits).is_some() {
                        fine = Some(digits.to_owned());
                    }
                });
                self.spend(steps)?;
                fine.map_or(Ok(()), |digits| Err(Stop::number(&digits, Problem::TooFine)))
            }
            (_, _, Numbers::Each(each)) if node.unique => {
                let mut seen = HashMap::new();
                for digits in each.iter().filter_map(Numbers::digits) {
                    self.spend(1 + digits.len() / STEP)?;
                    let exact = Decimal::of(digits);
                    let float = rounded(digits).map_or_else(|| exact.clone(), |float| Decimal::of(&float));
                    if seen.insert(float, exact.clone()).is_some_and(|other| other != exact) {
                        return Err(Stop::number(digits, Problem::TooFine));
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn list(
        &mut self,
        node: &Node,
        items: &mut [Value],
        numbers: &mut Numbers<'_>,
        how: How,
        depth: usize,
    ) -> Result<(), Stop> {
        if node.unique {
            // Lists and objects can be made so that all of them look alike at first.
            let simple = |item: &&Value| item.is_string() || item.as_i64().is_some_and(|n| n.unsigned_abs() < 1 << 53);
            let others = items.len() - items.iter().filter(simple).count();
            self.spend(items.len() + others.saturating_mul(others))?;
        }
        let mut none = Numbers::None;
        for (index, item) in items.iter_mut().enumerate() {
            let schema = node.first.get(index).copied().or(node.items);
            let numbers = numbers.at(index).unwrap_or(&mut none);
            schema.map_or(Ok(()), |schema| self.visit(schema, item, numbers, how, depth))?;
            for schema in node.contains.into_iter().chain(node.rest) {
                self.visit(schema, item, numbers, How::Maybe, depth)?;
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        node: &Node,
        name: &str,
        member: &mut Value,
        numbers: &mut Numbers<'_>,
        how: How,
        depth: usize,
    ) -> Result<(), Stop> {
        self.spend(1 + of_text(name, node.names_text))?;
        let schema = node.members.get(name).copied().or(node.others);
        schema.map_or(Ok(()), |schema| self.visit(schema, member, numbers, how, depth))?;
        for schema in node.patterns.iter().copied().chain(node.rest) {
            self.visit(schema, member, numbers, How::Maybe, depth)?;
        }
        match node.names {
            Some(names) => self.visit(names, &mut Value::from(name), &mut Numbers::None, How::Maybe, depth),
            None => Ok(()),
        }
    }
}

/// For each 16 bytes of a text as many steps as a pattern has states.
fn of_text(text: &str, states: usize) -> usize {
    text.len().saturating_mul(states) / 16
}

/// The float that a parser takes for a number, where it is another number.
fn rounded(digits: &str) -> Option<String> {
    let float = serde_json::from_str::<Number>(digits).ok()?.to_string();
    (Decimal::of(&float) != Decimal::of(digits)).then_some(float)
}

fn whole(number: &mut Number, numbers: &mut Numbers<'_>) -> Result<(), Stop> {
    let Some(digits) = numbers.digits() else { return whole_by_value(number) };
    let Some(whole) = Decimal::of(digits).in_digits() else {
        return Err(Stop::number(digits, Problem::NotWhole));
    };
    // What is longer than this is sent by its digits alone.
    if let Ok(fitting) = whole.parse::<i64>().map(Number::from).or_else(|_| whole.parse::<u64>().map(Number::from)) {
        *number = fitting;
    }
    if digits.contains(['.', 'e', 'E']) {
        *numbers = Numbers::Other(whole);
    }
    Ok(())
}

fn whole_by_value(number: &mut Number) -> Result<(), Stop> {
    if number.is_i64() || number.is_u64() {
        return Ok(());
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0);
    let float = float.ok_or_else(|| Stop::number(&number.to_string(), Problem::NotWhole))?;
    if float.abs() >= EXACT {
        return Err(Stop::number(&number.to_string(), Problem::NotExact));
    }
    // Below the bound a float with no fraction is that integer.
    *number = Number::from(float as i64);
    Ok(())
}

impl Stop {
    fn number(digits: &str, problem: Problem) -> Self {
        Self::Number { input: None, number: digits.to_owned(), problem }
    }

    /// The outermost one is the last to be named.
    fn in_input(self, name: &str) -> Self {
        match self {
            Self::Number { number, problem, .. } => Self::Number { input: Some(name.to_owned()), number, problem },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
