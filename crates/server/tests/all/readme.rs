//! What the README and the table of what protects the server say is what there is.

use std::collections::BTreeSet;
use std::path::Path;

use crate::fixture::succeed;

const README: &str = include_str!("../../../../README.md");
const SECURITY: &str = include_str!("../../../../docs/security.md");

/// The settings that `--help` names, with their defaults.
async fn settings() -> Vec<(String, Option<String>)> {
    let help = succeed(&["--help"], &[]).await;
    let mut settings: Vec<(String, Option<String>)> = Vec::new();
    for line in help.lines().map(str::trim) {
        let bracketed = |name: &str| line.strip_prefix(name)?.strip_suffix(']').map(str::to_owned);
        if let Some(variable) = bracketed("[env: ") {
            settings.push((variable.split('=').next().unwrap().to_owned(), None));
        } else if let Some(default) = bracketed("[default: ") {
            settings.last_mut().unwrap().1 = Some(default);
        }
    }
    settings
}

#[tokio::test]
async fn the_table_of_settings_is_complete_and_true() {
    let settings = settings().await;
    assert!(settings.len() > 20, "{settings:?}");
    for (variable, default) in &settings {
        let row = README.lines().find(|line| line.starts_with(&format!("| `{variable}` |")));
        let row = row.unwrap_or_else(|| panic!("README.md does not tell of {variable}"));
        if let Some(default) = default {
            assert!(row.contains(&format!("| `{default}` |")), "not the default, {default}: {row}");
        }
    }
    let told = README.lines().filter(|line| line.starts_with("| `TIDEWATER_") || line.starts_with("| `REDIS_"));
    for row in told {
        assert!(settings.iter().any(|(variable, _)| row.contains(variable)), "there is no such setting: {row}");
    }
}

/// The cells of the rows of tables, without what is above them.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let rows = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    rows.filter(|row| row.last() != Some(&"test")).collect()
}

#[tokio::test]
async fn each_protection_has_its_setting_its_default_and_its_test() {
    let settings = settings().await;
    let known = |variable: &str| settings.iter().find(|(name, _)| name == variable);
    let (tables, _) = SECURITY.split_once("## Fuzzing").unwrap();
    let rows = rows(tables);
    let mut told = BTreeSet::new();
    for row in &rows {
        let [what, setting, default, _, test] = row[..] else { panic!("{row:?}") };
        if let Some(variable) = setting.strip_prefix('`').and_then(|setting| setting.strip_suffix('`')) {
            let (_, expected) = known(variable).unwrap_or_else(|| panic!("there is no such setting: {variable}"));
            if let Some(expected) = expected {
                assert_eq!(default, format!("`{expected}`"), "{variable}");
            }
            told.insert(variable);
        } else {
            assert_eq!(setting, "none", "{what}");
        }
        let link =
            test.strip_prefix("[`").and_then(|test| test.strip_suffix(')')).and_then(|test| test.split_once("`](../"));
        let (name, file) = link.unwrap_or_else(|| panic!("{what} links to no test: {test}"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(source.contains(&format!(" fn {name}(")), "{file} has no test {name}");
    }
    assert!(told.len() > 30, "{told:?}");
    let limits = settings.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("TIDEWATER_MAX_"));
    let (staleness, limits): (Vec<_>, Vec<_>) = limits.partition(|name| *name == "TIDEWATER_MAX_STALENESS");
    assert_eq!(staleness.len(), 1, "that is no limit of strangers");
    let missing: Vec<_> = limits.into_iter().filter(|name| !told.contains(name)).collect();
    assert!(missing.is_empty(), "docs/security.md does not tell of {missing:?}");
}
