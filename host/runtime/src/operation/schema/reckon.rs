//! What a schema costs that was taken apart: how many others are tried on one value with it, how deep, and what the validator of it
//! takes. Every schema counts once, however many references lead to it.
//!
//! A schema may lead to itself by a step into the value, as values have an end, and the walk counts each step. What leads to itself
//! on the same value has no end and is refused.

use super::plan::{DEEPEST, INTEGER, LARGEST_PATTERNS, NUMBER, PATTERN_CACHE, Planner};

/// Schemas that are tried on one value at most. The largest known has some two hundred.
pub(super) const MOST: u64 = 4_000;

/// References that the validator follows within each other while it is made; what is behind them waits for its turn.
const NESTED: usize = 8;

/// What a plan and a validator take for each schema, and for each byte of a pattern, at most and roughly, in bytes.
const SCHEMA: u64 = 1 << 10;
const PATTERN: u64 = 8;

/// What is found out of a node.
#[derive(Debug, Default)]
pub(super) struct Cost {
    /// Whether it asks again what others have looked at: `unevaluatedProperties`.
    pub(super) asks_again: bool,
    pub(super) patterns: Vec<usize>,
    /// What it is written in: the schema, or one of the definitions.
    pub(super) written_in: usize,
    pub(super) state: State,
    /// How many are tried on one value with it, and how deep.
    pub(super) tried: u64,
    pub(super) height: usize,
    /// How many it is when each reference is a copy. With no end where it leads to itself.
    pub(super) copies: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum State {
    #[default]
    New,
    Open,
    Done,
}

/// What a reference leads to, as it is written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Schemas within schemas.
    pub(super) height: usize,
    /// Where its own references lead.
    pub(super) refers: Vec<usize>,
    /// How deep it is with so many references followed within each other.
    pub(super) deep: [usize; NESTED + 1],
}

impl Planner<'_> {
    /// Finds out what the nodes from a number on cost.
    ///
    /// # Errors
    /// The node that has no bound or goes beyond one, and how.
    pub(super) fn reckon(&mut self, from: usize) -> Result<(), (usize, String)> {
        for number in from..self.nodes.len() {
            self.on_one_value(number, 0).map_err(|problem| (number, problem))?;
        }
        for number in from..self.nodes.len() {
            self.asked_again(number).map_err(|problem| (number, problem))?;
        }
        self.while_it_is_made(from)
    }

    fn on_one_value(&mut self, number: usize, depth: usize) -> Result<(), String> {
        let too_deep = || format!("nests more than {DEEPEST} deep when its references are followed");
        let Some(cost) = self.costs.get_mut(number) else { return Ok(()) };
        match cost.state {
            State::Done if depth + cost.height > DEEPEST => return Err(too_deep()),
            State::Done => return Ok(()),
            State::Open => {
                return Err(
                    "refers to itself and tries the same value again, without end; what refers to itself has to \
                            stand below a member or an entry (`properties`, `items`)"
                        .to_owned(),
                );
            }
            State::New if depth > DEEPEST => return Err(too_deep()),
            State::New => cost.state = State::Open,
        }
        let children: Vec<usize> = self.nodes.get(number).into_iter().flat_map(|node| node.on_the_same()).collect();
        let (mut height, mut tried) = (1, 0_u64);
        for child in children {
            self.on_one_value(child, depth + 1)?;
            let Some(child) = self.costs.get(child) else { continue };
            height = height.max(child.height + 1);
            tried = tried.saturating_add(child.tried);
        }
        self.close(number, height, tried)
    }

    /// By now all is known that is tried on the same value.
    fn close(&mut self, number: usize, height: usize, tried: u64) -> Result<(), String> {
        let of_same = self.nodes.get(number).map(|node| node.same.as_slice()).unwrap_or_default();
        let kinds = of_same.iter().filter_map(|child| self.nodes.get(*child)).fold(0, |all, child| all | child.kinds);
        let (Some(node), Some(cost)) = (self.nodes.get_mut(number), self.costs.get_mut(number)) else { return Ok(()) };
        // The validator asks each level again what it has looked at.
        node.times = if cost.asks_again { 1 + height } else { 1 };
        node.kinds |= kinds;
        node.whole = node.kinds & INTEGER != 0 && node.kinds & NUMBER == 0;
        cost.state = State::Done;
        cost.height = height;
        cost.tried = tried.saturating_mul(node.times as u64).saturating_add(1);
        if cost.tried > MOST {
            return Err(format!(
                "tries more than {MOST} schemas on one value when its references are followed; use fewer of them in `allOf`, \
                 `anyOf` and the like"
            ));
        }
        Ok(())
    }

    /// What asks again has copies of its own of all that it asks.
    fn asked_again(&mut self, number: usize) -> Result<(), String> {
        if self.costs.get(number).is_none_or(|cost| !cost.asks_again || self.copies_made(number) == 0) {
            return Ok(());
        }
        if self.copies(number, 0) <= MOST {
            return Ok(());
        }
        Err(format!(
            "has an `unevaluatedProperties` or `unevaluatedItems` beside what is more than {MOST} schemas, or refers to itself, \
             when its references are followed; use `additionalProperties` or `items`"
        ))
    }

    /// How many schemas there are beside what asks again.
    fn copies_made(&self, number: usize) -> usize {
        self.nodes.get(number).map_or(0, |node| node.on_the_same().count())
    }

    fn copies(&mut self, number: usize, depth: usize) -> u64 {
        let Some(cost) = self.costs.get_mut(number) else { return 0 };
        if let Some(known) = cost.copies {
            return known;
        }
        // Until it is known: whoever comes here again has found a circle.
        cost.copies = Some(u64::MAX);
        let Some(node) = self.nodes.get(number).filter(|_| depth <= DEEPEST) else { return u64::MAX };
        let (times, same, within) =
            (node.times as u64, node.on_the_same().collect::<Vec<_>>(), node.within().collect::<Vec<_>>());
        let mut sum =
            |all: Vec<usize>| all.into_iter().fold(0_u64, |sum, n| sum.saturating_add(self.copies(n, depth + 1)));
        let copies = sum(same).saturating_mul(times).saturating_add(sum(within)).saturating_add(1);
        if let Some(cost) = self.costs.get_mut(number) {
            cost.copies = Some(copies);
        }
        copies
    }

    /// How deep the validator's maker goes: it needs the stack of this thread.
    fn while_it_is_made(&mut self, from: usize) -> Result<(), (usize, String)> {
        let numbers: Vec<usize> = self.written.range(from..).map(|(number, _)| *number).collect();
        for nested in 0..=NESTED {
            for number in &numbers {
                let Some(written) = self.written.get(number) else { continue };
                let below = written.refers.iter().filter_map(|target| self.written.get(target));
                let below = below.filter_map(|target| target.deep.get(nested.checked_sub(1)?)).max();
                let deep = below.map_or(written.height, |below| written.height + 1 + below);
                let problem = || format!("nests more than {DEEPEST} deep when its references are followed");
                if deep > DEEPEST {
                    return Err((*number, problem()));
                }
                if let Some(place) = self.written.get_mut(number).and_then(|written| written.deep.get_mut(nested)) {
                    *place = deep;
                }
            }
        }
        Ok(())
    }

    /// What the validator of a node takes, with all that it leads to, roughly, in bytes.
    pub(super) fn weight_of(&mut self, root: usize) -> Result<u64, String> {
        self.round += 1;
        self.seen.resize(self.nodes.len(), 0);
        let (mut open, mut schemas, mut patterns, mut bytes) = (vec![root], 0_u64, 0_u64, 0);
        while let Some(number) = open.pop() {
            let (Some(node), Some(cost)) = (self.nodes.get(number), self.costs.get(number)) else { continue };
            let Some(seen) = self.seen.get_mut(number).filter(|seen| **seen != self.round) else { continue };
            *seen = self.round;
            open.extend(node.on_the_same().chain(node.within()));
            schemas = schemas.saturating_add(if cost.asks_again { cost.copies.unwrap_or(1) } else { 1 });
            for pattern in &cost.patterns {
                let Some(pattern) = self.all_patterns.get_mut(*pattern).filter(|p| p.seen != self.round) else {
                    continue;
                };
                pattern.seen = self.round;
                (patterns, bytes) = (patterns + 1, bytes + pattern.bytes);
            }
        }
        if bytes > LARGEST_PATTERNS {
            return Err(format!("has patterns that take more than {LARGEST_PATTERNS} bytes, all together"));
        }
        Ok(schemas.saturating_mul(SCHEMA) + bytes as u64 * PATTERN + patterns * PATTERN_CACHE as u64)
    }
}
