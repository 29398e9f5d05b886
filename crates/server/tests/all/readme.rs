//! What the README says of the program is what the program does.

use crate::fixture::succeed;

const README: &str = include_str!("../../../../README.md");

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
