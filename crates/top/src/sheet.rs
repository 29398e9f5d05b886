//! A list in columns, as it is drawn on a terminal and as it is printed.

/// A list in columns.
pub(crate) struct Sheet {
    pub(crate) columns: &'static [Column],
    pub(crate) rows: Vec<Row>,
    /// The column that the rows are in the order of.
    pub(crate) order: Option<usize>,
    /// Whether columns of rates hold counts, for want of a time that they could be of.
    pub(crate) holds_counts: bool,
    /// What is said where there are no rows.
    pub(crate) empty: String,
}

/// A column.
pub(crate) struct Column {
    /// What is over it. Those that end with `/s` are rates.
    pub(crate) title: &'static str,
    /// How many characters it takes; one that takes [`Self::REST`] takes what is left.
    pub(crate) width: u16,
    /// Whether it holds numbers, which end where the column ends.
    pub(crate) is_number: bool,
    /// From which width of the list on it is shown.
    pub(crate) from: u16,
}

/// A row, with a text for each column.
pub(crate) struct Row {
    pub(crate) cells: Vec<String>,
    pub(crate) tone: Tone,
}

/// How much something is to be noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    /// Not much.
    Faint,
    /// By whoever looks.
    Notable,
    /// Before the rest.
    Bad,
}

impl Column {
    pub(crate) const REST: u16 = 0;

    /// A column of texts.
    pub(crate) const fn text(title: &'static str, width: u16, from: u16) -> Self {
        Self { title, width, is_number: false, from }
    }

    /// A column of numbers.
    pub(crate) const fn number(title: &'static str, width: u16, from: u16) -> Self {
        Self { title, width, is_number: true, from }
    }
}

impl Row {
    pub(crate) fn new(cells: Vec<String>) -> Self {
        Self { cells, tone: Tone::Plain }
    }
}

impl Sheet {
    /// What is over a column.
    pub(crate) fn title(&self, column: &Column) -> &'static str {
        match column.title.strip_suffix("/s") {
            Some(counted) if self.holds_counts => counted,
            _ => column.title,
        }
    }

    /// All of it, with columns as wide as what they hold.
    pub(crate) fn printed(&self) -> String {
        if self.rows.is_empty() {
            return format!("{}\n", self.empty);
        }
        let titles: Vec<String> = self.columns.iter().map(|column| self.title(column).to_uppercase()).collect();
        let lines = || std::iter::once(&titles).chain(self.rows.iter().map(|row| &row.cells));
        let width = |index: usize| lines().map(|cells| cells[index].chars().count()).max().unwrap_or_default();
        let widths: Vec<_> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for cells in lines() {
            let padded = cells.iter().zip(self.columns).zip(&widths).map(|((cell, column), width)| {
                if column.is_number { format!("{cell:>width$}") } else { format!("{cell:width$}") }
            });
            let line = padded.collect::<Vec<_>>().join("  ");
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}
