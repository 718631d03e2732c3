//! A value, walked by the plan of its schema, before the validator tries it: the validator cannot be stopped, and this can.
//!
//! On the way whole numbers become whole. JSON Schema takes `1.0` and `1e2` for integers: what is written as a fraction becomes a
//! whole number. And a parser turns one of many digits into the nearest float, which may be another record's id, or a whole number
//! where none was written: so digits are asked, and what the validator would judge in another way is refused.

use std::collections::HashMap;

use serde_json::{Number, Value};
use wharf_egress::json::is_plain;
use wharf_egress::work::{OutOfTime, Work};

use super::plan::{self, Node, Plan};
use crate::operation::decimal::Decimal;
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
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use serde_json::json;
    use wharf_egress::Deadline;

    use super::*;

    fn walked(schema: &Value, input: &mut Value) -> Result<u64, Stop> {
        let work = Work::until(Deadline::within(Duration::MAX));
        walk(&Plan::of(schema).unwrap(), input, &mut Numbers::None, &work).map(|()| work.done())
    }

    #[test]
    fn a_whole_number_is_found_behind_references_and_choices() {
        let schema = json!({
            "$defs": {"id": {"type": "integer"}},
            "properties": {
                "a": {"$ref": "#/$defs/id"},
                "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "c": {"not": {"type": "integer"}},
                "d": {"anyOf": [{"type": "integer"}, {"type": "number"}]},
            },
        });
        let mut input = json!({"a": 1.0, "b": 2e0, "c": 3.0, "d": 4.0});
        assert!(walked(&schema, &mut input).is_ok());
        assert_eq!(input.to_string(), r#"{"a":1,"b":2,"c":3.0,"d":4.0}"#);
    }

    #[test]
    fn a_whole_number_is_written_as_one_or_refused() {
        let schema = json!({"properties": {"id": {"type": "integer"}, "ids": {"items": {"type": "integer"}}, "n": {"type": "number"}}});
        let mut input = json!({"id": 7.0, "ids": [1e2, -3], "n": 1.5, "other": 2.0});
        assert!(walked(&schema, &mut input).is_ok());
        assert_eq!(input.to_string(), r#"{"id":7,"ids":[100,-3],"n":1.5,"other":2.0}"#);
        for wrong in ["1.5", "123456789012345678901", "1e300"] {
            let mut input: Value = serde_json::from_str(&format!(r#"{{"id": {wrong}}}"#)).unwrap();
            let Err(Stop::Number { input, .. }) = walked(&schema, &mut input) else { panic!("{wrong}") };
            assert_eq!(input.as_deref(), Some("id"), "{wrong}");
        }
    }

    #[test]
    fn what_a_check_would_take_is_known_before_it_is_made() {
        let text = json!("a".repeat(1 << 20));
        let nested = (0..100).fold(json!({}), |inner, _| json!([inner]));
        let alike: Vec<Value> = (0..2000).map(|n| json!([n])).collect();
        let many = json!({"items": {"anyOf": vec![json!({"type": "string"}); 1000]}});
        for (what, schema, mut input) in [
            ("a pattern", json!({"pattern": "^(a?b?c?d?){90}$"}), text),
            ("lists that look alike", json!({"uniqueItems": true}), json!(alike)),
            ("many choices for many values", many, json!(vec![0; 2000])),
        ] {
            assert!(matches!(walked(&schema, &mut input), Err(Stop::TooMuch)), "{what}");
        }
        assert!(walked(&json!({"uniqueItems": true}), &mut json!((0..100_000).collect::<Vec<_>>())).is_ok());
        assert!(walked(&json!({"pattern": "^[A-Za-z0-9+/=]*$"}), &mut json!("a".repeat(1 << 20))).is_ok());
        assert!(walked(&json!({}), &mut nested.clone()).is_ok());
    }

    #[test]
    fn what_nests_deeper_than_a_parser_reads_is_refused() {
        let mut input = (0..200).fold(json!({}), |inner, _| json!([inner]));
        let schema = (0..150).fold(json!({}), |inner, _| json!({"items": inner}));
        assert!(matches!(walked(&schema, &mut input), Err(Stop::TooDeep)));
    }

    #[test]
    fn a_schema_that_leads_to_itself_is_followed_as_far_as_the_stack_goes() {
        let tree = json!({"$defs": {"tree": {"properties": {
            "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}, "id": {"type": "integer"},
        }}}, "$ref": "#/$defs/tree"});
        let deep =
            |levels: usize| (0..levels).fold(json!({"id": 1.0}), |inner, _| json!({"children": [inner], "id": 1.0}));
        let mut input = deep(60);
        assert!(walked(&tree, &mut input).is_ok());
        assert!(!input.to_string().contains("1.0"));
        let once =
            json!({"$defs": {"a": {"items": {"allOf": [{"allOf": [{"$ref": "#/$defs/a"}]}]}}}, "$ref": "#/$defs/a"});
        let lists = |levels: usize| (0..levels).fold(json!([]), |inner, _| json!([inner]));
        assert!(walked(&once, &mut lists(40)).is_ok());
        assert!(matches!(walked(&once, &mut lists(100)), Err(Stop::TooDeep)));
    }

    #[test]
    fn what_doubles_with_each_step_into_the_value_is_counted_and_ends() {
        let again = json!({"items": {"$ref": "#/$defs/a"}});
        let doubles = json!({"$defs": {"a": {"anyOf": [again, again]}}, "$ref": "#/$defs/a"});
        let lists = |levels: usize| (0..levels).fold(json!([]), |inner, _| json!([inner]));
        assert!(walked(&doubles, &mut lists(10)).is_ok());
        assert!(matches!(walked(&doubles, &mut lists(40)), Err(Stop::TooMuch)));
    }

    #[test]
    fn the_time_of_the_call_ends_a_check() {
        let work = Work::until(Deadline::within(Duration::ZERO));
        let plan = Plan::of(&json!({"items": {"type": "string"}})).unwrap();
        assert!(matches!(
            walk(&plan, &mut json!(vec![""; 10_000]), &mut Numbers::None, &work),
            Err(Stop::OutOfTime(_))
        ));
    }

    fn schemas() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(true)),
            Just(json!({"type": "string", "maxLength": 9})),
            Just(json!({"pattern": "^(a?b?){9}$"})),
            Just(json!({"enum": [1, "a", [null]]})),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                list.clone().prop_map(|all| json!({"allOf": all, "unevaluatedProperties": false})),
                list.prop_map(|all| json!({"anyOf": all, "not": false})),
                inner.clone().prop_map(|one| json!({"properties": {"a": one}, "additionalProperties": one})),
                inner.prop_map(|one| json!({"items": one, "contains": one, "uniqueItems": true})),
            ]
        })
    }

    fn inputs() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(json!(1.0)), Just(json!("ab")), Just(json!(null))];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("[ab]{1,2}", inner, 0..4)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    /// Definitions that lead to each other, and to themselves.
    fn recursive() -> impl Strategy<Value = Value> {
        let reference = (0..4_usize).prop_map(|n| json!({"$ref": format!("#/$defs/d{n}")}));
        let leaf = prop_oneof![reference, Just(json!({"type": "integer"})), Just(json!({"pattern": "^(a?b?){9}$"}))];
        let schema = leaf.prop_recursive(3, 24, 4, |inner| {
            let list = prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                list.clone().prop_map(|all| json!({"anyOf": all})),
                list.clone().prop_map(|all| json!({"prefixItems": all, "unevaluatedItems": false})),
                list.prop_map(|all| json!({"oneOf": all, "unevaluatedProperties": false})),
                inner.clone().prop_map(|one| json!({"properties": {"a": one, "b": one}, "additionalProperties": one})),
                inner.clone().prop_map(|one| json!({"items": one, "contains": one})),
                inner.prop_map(|one| json!({"not": one, "propertyNames": one})),
            ]
        });
        prop::collection::vec(schema, 4).prop_map(|all| {
            let defs = all.into_iter().enumerate().map(|(n, schema)| (format!("d{n}"), schema));
            json!({"$defs": serde_json::Map::from_iter(defs), "$ref": "#/$defs/d0"})
        })
    }

    proptest! {
        /// What is let in has an end, for the walk as for the validator.
        #[test]
        fn schemas_that_lead_to_themselves_are_refused_or_end(schema in recursive(), mut input in inputs()) {
            if let Ok(plan) = Plan::of(&schema) {
                let validator = super::super::validator(&schema);
                prop_assert!(validator.is_ok(), "{:?}", validator.err());
                let work = Work::until(Deadline::within(Duration::MAX));
                if walk(&plan, &mut input, &mut Numbers::None, &work).is_ok() {
                    let _ = validator.map(|validator| validator.is_valid(&input));
                }
                prop_assert!(work.done() <= (MOST_STEPS * STEP) as u64);
            }
        }

        /// Whatever the schema and the input are, a walk ends within its steps.
        #[test]
        fn a_walk_has_no_more_steps_than_it_may(schema in schemas(), mut input in inputs()) {
            if let Ok(plan) = Plan::of(&schema) {
                let work = Work::until(Deadline::within(Duration::MAX));
                let _ = walk(&plan, &mut input, &mut Numbers::None, &work);
                prop_assert!(work.done() <= (MOST_STEPS * STEP) as u64);
            }
        }
    }
}
