//! What is written about metrics: the list of them, the dashboard, the alerts and what to do when one fires.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tidewater_testkit::Backend;

use super::scrape::{Measured, Scrape};

const METRICS: &str = include_str!("../../../../../docs/operations/metrics.md");
const RUNBOOK: &str = include_str!("../../../../../docs/operations/runbook.md");
const ALERTS: &str = include_str!("../../../../../docs/operations/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../../../../../docs/operations/grafana/tidewater.json");

/// A scrape in which every family has its labels.
async fn busy() -> (Measured, Scrape) {
    let measured = Measured::new(Backend::PostgresRedis, &[]).await;
    for query in ["{ viewer { todos { nodes { text } } } }", "query Named { notes { nodes { title } } }"] {
        measured.ask(query, Value::Null).await;
        measured.ask(query, Value::Null).await;
    }
    crate::fixture::eventually("chores were done", async || {
        measured.scrape().await.0.contains("tidewater_chore_done_timestamp_seconds{chore=\"change_log\"}")
    })
    .await;
    let scrape = measured.scrape().await;
    (measured, scrape)
}

/// The families that are listed, with type, labels and meaning.
fn listed() -> BTreeMap<String, (String, BTreeSet<String>, String)> {
    let rows = METRICS.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let listed = rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [name, kind, labels, meaning] = cells[..] else { panic!("{row}") };
        let labels =
            labels.split(", ").map(|label| label.trim_matches('`').to_owned()).filter(|label| !label.is_empty());
        (name.trim_end_matches('`').to_owned(), (kind.to_owned(), labels.collect(), meaning.to_owned()))
    });
    listed.collect()
}

#[tokio::test]
async fn the_list_of_metrics_is_complete_and_true() {
    let (_measured, scrape) = busy().await;
    let samples = scrape.samples();
    let labels_of = |name: &str| -> BTreeSet<String> {
        let suffixes = ["", "_count"];
        let found = suffixes.iter().find_map(|suffix| samples.get(&format!("{name}{suffix}")));
        found.cloned().unwrap_or_else(|| panic!("nothing is told of {name}"))
    };
    let told: BTreeMap<_, _> = scrape
        .families()
        .into_iter()
        .map(|(name, (kind, help))| {
            let labels = labels_of(&name);
            (name, (kind, labels, help))
        })
        .collect();
    let listed = listed();
    let names =
        |families: &BTreeMap<String, (String, BTreeSet<String>, String)>| families.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&listed), names(&told), "docs/operations/metrics.md");
    for (name, told) in &told {
        assert_eq!(&listed[name], told, "{name}");
        assert!(!told.2.is_empty(), "{name}");
    }
}

/// The names of series in an expression.
fn series(expression: &str) -> BTreeSet<String> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == ':';
    let words = expression.split(|character| !is_name(character));
    words.filter(|word| word.starts_with("tidewater_") || word.starts_with("process_")).map(str::to_owned).collect()
}

#[test]
fn names_are_found_in_expressions() {
    let expression = "sum by (le) (rate(tidewater_a_bucket{instance=~\"$instance\"}[5m])) / process_b > 1";
    assert_eq!(series(expression), BTreeSet::from(["tidewater_a_bucket".to_owned(), "process_b".to_owned()]));
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_what_there_is() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let asked: Vec<BTreeSet<String>> = targets.map(|target| series(target["expr"].as_str().unwrap())).collect();
    assert!(asked.len() > 60 && asked.iter().all(|names| !names.is_empty()), "{asked:?}");
    let told = {
        let (_measured, scrape) = busy().await;
        let families = scrape.families().into_iter().flat_map(|(name, (kind, _))| match kind.as_str() {
            "histogram" => ["_bucket", "_sum", "_count"].iter().map(|suffix| format!("{name}{suffix}")).collect(),
            _ => vec![name],
        });
        families.collect::<BTreeSet<String>>()
    };
    let missing: Vec<_> = asked.iter().flatten().filter(|name| !told.contains(*name)).collect();
    assert!(missing.is_empty(), "the dashboard asks for {missing:?}");
    let of_alerts = series(&expressions());
    let missing: Vec<_> = of_alerts.difference(&told).collect();
    assert!(of_alerts.len() > 20 && missing.is_empty(), "alerts ask for {missing:?}");
}

/// All that alerts look at.
fn expressions() -> String {
    let lines = ALERTS.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.filter(|line| !line.contains("summary:") && !line.contains("- name:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_alert_has_a_section_and_each_section_an_alert() {
    let alerts: Vec<&str> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let sections: Vec<&str> = RUNBOOK.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert!(alerts.len() > 20);
    assert_eq!(alerts, sections, "in one order");
    let links: Vec<&str> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: ")).collect();
    let expected: Vec<String> = alerts.iter().map(|alert| format!("../runbook.md#{}", alert.to_lowercase())).collect();
    assert_eq!(links, expected);
    let inner = RUNBOOK.split("](#").skip(1).filter_map(|rest| rest.split_once(')')).map(|(anchor, _)| anchor);
    for anchor in inner {
        assert!(sections.iter().any(|section| section.to_lowercase() == anchor), "there is no section {anchor}");
    }
}
