//! Random documents.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::oracle::FIELDS;

pub(crate) struct Documents {
    random: StdRng,
    /// The types and the texts of fragments, each of which spreads only earlier ones.
    fragments: Vec<(&'static str, String)>,
    /// How many selections there may still be.
    left: u32,
}

impl Documents {
    pub(crate) fn document(seed: u64) -> String {
        let mut documents = Self { random: StdRng::seed_from_u64(seed), fragments: Vec::new(), left: 60 };
        let set = documents.set("Query", 0);
        let fragments: String = documents.fragments.into_iter().map(|(_, fragment)| fragment + "\n").collect();
        format!("{set}\n{fragments}")
    }

    fn set(&mut self, of: &'static str, depth: u32) -> String {
        let length = self.random.random_range(1..=4);
        let selections: Vec<_> = (0..length).map(|_| self.selection(of, depth)).collect();
        format!("{{ {} }}", selections.join(" "))
    }

    fn selection(&mut self, of: &'static str, depth: u32) -> String {
        self.left = self.left.saturating_sub(1);
        match self.random.random_range(0..10) {
            0..2 if depth < 6 && self.left > 0 => {
                let (condition, directive) = (self.condition(of), self.directive());
                let set = self.set(condition, depth + 1);
                format!("... on {condition}{directive} {set}")
            }
            2 if depth < 6 && self.left > 0 => {
                let (directive, set) = (self.directive(), self.set(of, depth + 1));
                format!("...{directive} {set}")
            }
            3..5 if depth < 6 && self.left > 0 => self.spread(of, depth),
            5 => "__typename".to_owned(),
            _ => self.field(of, depth),
        }
    }

    fn spread(&mut self, of: &'static str, depth: u32) -> String {
        let condition = self.condition(of);
        let known: Vec<_> =
            (0..self.fragments.len()).filter(|fragment| self.fragments[*fragment].0 == condition).collect();
        let known = known.choose(&mut self.random).copied().filter(|_| self.random.random_bool(0.6));
        let number = known.unwrap_or_else(|| {
            // Not nearer to the root than it is deep.
            let set = self.set(condition, depth.max(4) + 1);
            let number = self.fragments.len();
            self.fragments.push((condition, format!("fragment f{number} on {condition} {set}")));
            number
        });
        format!("...f{number}{}", self.directive())
    }

    fn field(&mut self, of: &'static str, depth: u32) -> String {
        let fields: Vec<_> = FIELDS
            .into_iter()
            .filter(|(name, field)| {
                (of != "Any" || ["number", "branch"].contains(name)) && (depth < 6 || field.contains("Int"))
            })
            .collect();
        let (name, field) = *fields.choose(&mut self.random).unwrap();
        let alias = match self.random.random_range(0..4) {
            0 => format!("{name}2: "),
            1 => format!("a{name}: "),
            _ => String::new(),
        };
        let directive = self.directive();
        let set = match field.trim_matches(['[', ']', '!']) {
            "Int" => String::new(),
            "Branch" => self.set("Branch", depth + 2),
            "Leaf" => self.set("Leaf", depth + 2),
            _ => self.set("Any", depth + 2),
        };
        format!("{alias}{name}{directive} {set}")
    }

    fn condition(&mut self, of: &'static str) -> &'static str {
        match of {
            "Query" => "Query",
            "Any" => ["Any", "Branch", "Leaf"].choose(&mut self.random).unwrap(),
            of => [of, of, "Any"].choose(&mut self.random).unwrap(),
        }
    }

    fn directive(&mut self) -> &'static str {
        match self.random.random_range(0..12) {
            0 => " @skip(if: true)",
            1 => " @include(if: false)",
            2 => " @skip(if: false)",
            3 => " @include(if: true)",
            _ => "",
        }
    }
}
