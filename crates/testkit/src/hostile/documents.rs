//! Documents that are too much of something, or nothing at all.

use super::numbers::Numbers;

const KINDS: [fn(&mut Numbers) -> String; 20] = [
    |numbers| format!("{} x {}", "{ a ".repeat(size(numbers)), "}".repeat(numbers.below(100))),
    |numbers| format!("{{ notes(after: {}) {{ totalCount }} }}", "[".repeat(size(numbers))),
    |numbers| format!("query($a: {}Int{}) {{ __typename }}", "[".repeat(size(numbers)), "]".repeat(size(numbers))),
    |numbers| format!("{{ notes(filter: {}) {{ totalCount }} }}", "{a:".repeat(size(numbers))),
    |numbers| {
        format!("{{ {} }}", (0..size(numbers)).map(|number| format!("a{number}: viewer {{ id }} ")).collect::<String>())
    },
    |numbers| {
        format!(
            "{{ {} }}",
            "viewer { todos { nodes { user { todos { nodes { id } } } } } } ".repeat(1 + numbers.below(40))
        )
    },
    |numbers| format!("{{ __typename {} }}", "@include(if: true) ".repeat(size(numbers))),
    |numbers| format!("{{ {} }}", "__typename @skip(if: false) ".repeat(size(numbers))),
    // Fragments that double, that go in circles, that nobody uses, and that everybody uses.
    |numbers| {
        let count = 2 + numbers.below(60);
        let double = |number| format!("fragment F{number} on Query {{ ...F{} ...F{} }} ", number + 1, number + 1);
        format!(
            "{{ ...F0 }} {} fragment F{count} on Query {{ __typename }}",
            (0..count).map(double).collect::<String>()
        )
    },
    |numbers| {
        let count = 1 + numbers.below(3_000);
        let next = |number: usize| format!("fragment F{number} on Query {{ ...F{} }} ", (number + 1) % count);
        format!("{{ ...F0 }} {}", (0..count).map(next).collect::<String>())
    },
    |numbers| {
        format!(
            "{{ __typename }} {}",
            (0..size(numbers)).map(|number| format!("fragment F{number} on Query {{ x }} ")).collect::<String>()
        )
    },
    |numbers| {
        let operations: String =
            (0..1 + numbers.below(2_000)).map(|number| format!("query Q{number} {{ ...F }} ")).collect();
        format!("{operations} fragment F on Query {{ {} }}", "__typename ".repeat(size(numbers)))
    },
    |numbers| {
        format!(
            "{{ __schema {{ types {{ {} }} }} }}",
            "fields { type { ".repeat(1 + numbers.below(12)) + "name" + &"} }".repeat(12)
        )
    },
    |numbers| {
        format!(
            "{{ {} }}",
            (0..1 + numbers.below(60))
                .map(|number| format!("a{number}: __schema {{ types {{ fields {{ args {{ name }} }} }} }} "))
                .collect::<String>()
        )
    },
    |numbers| {
        format!(
            "{{ notes(first: {}) {{ totalCount }} }}",
            numbers.one_of(&["-1", "101", "1e999", "99999999999999999999", "1.5", "\"1\"", "[1]", "null", "$x"])
        )
    },
    |numbers| {
        format!(
            "{{ note(id: {}) {{ id }} }}",
            numbers.one_of(&[
                r#""\ud800""#,
                r#""\u0000""#,
                r#""\uD83D\uDE00""#,
                "\"\"\"\\u0000\"\"\"",
                "\"",
                "\"\"\"",
                r#""\x""#,
                "\"a\nb\""
            ])
        )
    },
    |numbers| {
        format!(
            "{{ notes(first: 100) {{ nodes {{ {} }} }} }}",
            "user { todos(first: 100) { nodes { notes(first: 100) { nodes { id } } } } } ".repeat(1 + numbers.below(3))
        )
    },
    |numbers| format!("{{ {} }}", "x".repeat(size(numbers) * 10)),
    |numbers| {
        format!(
            "# {}\n{{ {} }}",
            "\u{202e}".repeat(size(numbers)),
            numbers.one_of(&["", "é", "\0", "...", "... on", "@", "$", "a:", "a(", "__proto__", "constructor"])
        )
    },
    |numbers| {
        format!("subscription {{ {} }} mutation {{ {} }}", "a ".repeat(size(numbers)), "b ".repeat(size(numbers)))
    },
];

/// A document that nobody means well with.
pub(super) fn document(numbers: &mut Numbers) -> String {
    let kind = numbers.below(KINDS.len());
    KINDS[kind](numbers)
}

fn size(numbers: &mut Numbers) -> usize {
    let most = numbers.one_of(&[3, 100, 1_000, 30_000]);
    1 + numbers.below(most)
}
