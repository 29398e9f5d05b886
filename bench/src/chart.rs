//! W1, W2 and W3 as bars.

use std::fmt::Write;

use crate::results::Cell;
use crate::table::grouped;

const WORKLOADS: [(&str, &str); 3] =
    [("W1", "W1: a todo with its owner"), ("W2", "W2: a list of 20 todos"), ("W3", "W3: both, with 5 % changes")];

const WIDTH: u32 = 760;
const NAMES: u32 = 190;
const NUMBERS: u32 = 90;
const LINE: u32 = 22;
const BAR: u32 = 14;

/// The chart, as an SVG file that is readable on light and on dark.
pub(crate) fn render(cells: &[Cell]) -> String {
    let mut body = String::new();
    let mut y = 34;
    for (workload, title) in WORKLOADS {
        let bars: Vec<(&Cell, f64)> = cells
            .iter()
            .filter(|cell| cell.workload == workload)
            .filter_map(|cell| Some((cell, cell.throughput()?.median)))
            .collect();
        let Some(most) = bars.iter().map(|(_, rate)| *rate).max_by(f64::total_cmp) else { continue };
        y += LINE;
        // Writing to a String cannot fail.
        let _ = writeln!(body, r#"<text class="head" x="12" y="{y}">{title}</text>"#);
        for (cell, rate) in bars {
            y += LINE;
            let length = (f64::from(WIDTH - NAMES - NUMBERS) * rate / most.max(1.0)).max(1.0);
            let class = cell.category.split(',').next().unwrap_or_default();
            let (top, end) = (y - BAR + 2, f64::from(NAMES) + length + 6.0);
            let stale = cell.total(|measurement| measurement.stale);
            let note = if stale > 0 { format!(" ({} stale)", grouped(stale as f64)) } else { String::new() };
            let _ = writeln!(
                body,
                r#"<text class="name" x="{}" y="{y}">{}</text><rect class="{class}" x="{NAMES}" y="{top}" width="{length:.1}" height="{BAR}" rx="2"/><text x="{end:.1}" y="{y}">{}{note}</text>"#,
                NAMES - 8,
                escaped(&cell.system),
                grouped(rate)
            );
        }
        y += LINE / 2;
    }
    let height = y + LINE;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="Requests per second by system and workload">
<style>
text {{ font: 12px system-ui, sans-serif; fill: #24292f }}
.title {{ font-size: 15px; font-weight: 600 }}
.head {{ font-weight: 600 }}
.name {{ text-anchor: end }}
.back {{ fill: #ffffff }}
.tidewater {{ fill: #0b7285 }}
.limit {{ fill: #868e96 }}
.peer {{ fill: #e8590c }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.back {{ fill: #0d1117 }}
.tidewater {{ fill: #3bc9db }}
.limit {{ fill: #adb5bd }}
.peer {{ fill: #ffa94d }}
}}
</style>
<rect class="back" width="{WIDTH}" height="{height}" rx="6"/>
<text class="title" x="12" y="26">Requests per second (median; more is better)</text>
{body}</svg>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::Measurement;

    #[test]
    fn the_longest_bar_is_the_fastest_and_others_are_in_proportion() {
        let cell = |system: &str, requests_per_second: f64| Cell {
            rounds: vec![Measurement { requests_per_second, ..Measurement::default() }],
            ..Cell::new("W1", system, "peer, expires", false)
        };
        let text = render(&[cell("a<b", 1_000.0), cell("c", 500.0)]);
        assert!(text.contains(r#"class="peer" x="190" y="66" width="480.0""#), "{text}");
        assert!(text.contains(r#"width="240.0""#) && text.contains("a&lt;b") && text.contains(">1,000<"), "{text}");
        assert!(!text.contains("W2"));
    }
}
