//! What a selection means, said once more: over all rows in memory, one after the other.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, EntityTrait, IdenStatic, Iterable, ModelTrait};
use tidewater_entity::selection::{Among, Direction, Order, Page, PageRows, Place, Scalar, Selection, Shape, Test};
use uuid::Uuid;

type Row = HashMap<&'static str, Scalar>;

/// All rows of some tables.
#[derive(Default)]
pub(super) struct Oracle {
    tables: HashMap<String, Vec<Row>>,
}

impl Oracle {
    pub(super) async fn read<E: EntityTrait>(mut self, connection: &impl ConnectionTrait) -> Self {
        let models = E::find().all(connection).await.unwrap();
        let row =
            |model: &E::Model| E::Column::iter().map(|column| (column.as_str(), scalar(model.get(column)))).collect();
        self.tables.insert(E::default().table_name().to_owned(), models.iter().map(row).collect());
        self
    }

    /// The rows of a selection, in its order.
    pub(super) fn rows(&self, selection: &Selection) -> Vec<Place> {
        let shape = &selection.shape;
        let linked = self.linked(selection);
        let rows = self.tables[shape.table].iter().filter(|row| {
            let among = match &shape.among {
                Among::Everything => true,
                Among::AnyOf(values) => values.iter().any(|(column, value)| row[column] == *value),
                Among::Each(column) => row[column] == selection.value,
                Among::Linked(_) => linked.contains(&row[shape.key]),
            };
            among && shape.filters.iter().all(|filter| holds(&row[filter.column], &filter.test))
        });
        let mut places: Vec<_> = rows.map(|row| place(row, shape)).collect();
        places.sort_by(|one, other| compare(one, other, &shape.order));
        places
    }

    fn linked(&self, selection: &Selection) -> HashSet<&Scalar> {
        let Among::Linked(link) = selection.shape.among else { return HashSet::new() };
        let leading = self.tables[link.table].iter().filter(|row| row[link.from] == selection.value);
        leading.map(|row| &row[link.to]).collect()
    }
}

/// The part of all rows of a selection in `order` that a page asks for.
pub(super) fn page_of(rows: &[Place], order: &[Order], page: &Page) -> PageRows {
    let after = |place: &Place| page.after.as_ref().is_none_or(|after| compare(place, after, order).is_gt());
    let before = |place: &Place| page.before.as_ref().is_none_or(|before| compare(place, before, order).is_lt());
    let mut rows: Vec<_> = rows.iter().filter(|place| after(place) && before(place)).cloned().collect();
    let size = page.size as usize;
    let more = rows.len() > size;
    match page.direction {
        Direction::Forward => rows.truncate(size),
        Direction::Backward => drop(rows.drain(..rows.len().saturating_sub(size))),
    }
    PageRows { rows, more }
}

/// Which of two places comes first.
fn compare(one: &Place, other: &Place, order: &[Order]) -> Ordering {
    let values = one.values.iter().zip(&other.values).zip(order);
    let ties = values.map(|((one, other), term)| directed(sort_key(one).cmp(&sort_key(other)), term.descending));
    let key = directed(one.key.cmp(&other.key), order.last().is_some_and(|term| term.descending));
    ties.fold(Ordering::Equal, Ordering::then).then(key)
}

fn directed(ordering: Ordering, descending: bool) -> Ordering {
    if descending { ordering.reverse() } else { ordering }
}

/// Values of one column sort as these do: an absent one is the greatest.
fn sort_key(scalar: &Scalar) -> (bool, i128, &str) {
    match scalar {
        Scalar::Null => (true, 0, ""),
        Scalar::Boolean(value) => (false, (*value).into(), ""),
        Scalar::Integer(value) => (false, (*value).into(), ""),
        Scalar::Time(value) => (false, value.timestamp_micros().into(), ""),
        Scalar::Text(value) => (false, 0, value),
        Scalar::Uuid(_) => panic!("nothing is ordered by a UUID but as the key"),
    }
}

fn holds(value: &Scalar, test: &Test) -> bool {
    let present = *value != Scalar::Null;
    match test {
        Test::Is(expected) => value == expected,
        Test::IsNot(expected) => present && value != expected,
        Test::OneOf(expected) => expected.contains(value),
        Test::Contains(part) => {
            matches!(value, Scalar::Text(text) if str::contains(&text.to_lowercase(), &part.to_lowercase()))
        }
        Test::AtLeast(bound) => present && sort_key(value) >= sort_key(bound),
        Test::Below(bound) => present && sort_key(value) < sort_key(bound),
    }
}

fn place(row: &Row, shape: &Shape) -> Place {
    let Scalar::Uuid(key) = row[shape.key] else { panic!("{} is no UUID", shape.key) };
    Place { values: shape.ordered_by().map(|column| row[column].clone()).collect(), key }
}

fn scalar(value: Value) -> Scalar {
    match value {
        Value::Bool(Some(value)) => Scalar::Boolean(value),
        Value::SmallInt(Some(value)) => Scalar::Integer(value.into()),
        Value::String(Some(value)) => Scalar::Text(value),
        Value::ChronoDateTimeUtc(Some(value)) => Scalar::Time(value),
        Value::Uuid(Some(value)) => Scalar::Uuid(value),
        Value::Bool(None) | Value::SmallInt(None) | Value::String(None) => Scalar::Null,
        Value::ChronoDateTimeUtc(None) | Value::Uuid(None) => Scalar::Null,
        other => panic!("no column has such a value: {other:?}"),
    }
}

/// A key that is greater than any.
pub(super) const LAST_KEY: Uuid = Uuid::max();
