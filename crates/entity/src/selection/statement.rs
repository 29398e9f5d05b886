use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Alias, Asterisk, Cond, Condition, Expr, ExprTrait, Func, IntoCondition, JoinType, LikeExpr, NullOrdering,
    Order as Sorting, OrderedStatement, OverStatement, Query, SelectStatement, Value, WindowStatement,
};

use super::{Among, Direction, Filter, Order, Page, Place, Scalar, Shape, Test};

/// Aliases of the columns of a page's answer.
pub(super) const KEY: &str = "key_";
pub(super) const OWNER: &str = "owner_";
const OWNERS: &str = "owners_";
const PAGE: &str = "page_";
const RANK: &str = "rank_";

pub(super) fn place(index: usize) -> String {
    format!("place_{index}")
}

/// Reads one page of each of the selections that have `shape` and one of `values`: of each, one row more than the page's size
/// if there are more. With [`OWNER`] when there are several values.
pub(super) fn page(shape: &Shape, page: &Page, values: &[Scalar], backend: DbBackend) -> SelectStatement {
    let limit = u64::from(page.size) + 1;
    let reversed = page.direction == Direction::Backward;
    let mut rows = rows(shape);
    rows.expr_as(column(shape.table, shape.key), KEY);
    for (index, order) in shape.order.iter().enumerate() {
        rows.expr_as(column(shape.table, order.column), place(index));
    }
    rows.cond_where(between(shape, page));
    // An order's index on the linked table tempts a planner to walk that table whole for each set; a window keeps it from it.
    let linked = matches!(shape.among, Among::Linked(_));
    match (owner(shape), values) {
        (None, _) | (Some(_), []) => {}
        (Some(owner), [value]) if !linked => {
            rows.and_where(owner.eq(value));
        }
        (Some(owner), values) if !linked && backend == DbBackend::Postgres => {
            // A lateral join reads `limit` rows of each set from its index; a window would read each set whole.
            rows.and_where(owner.eq(Expr::col((OWNERS, "column1"))));
            sort(&mut rows, shape, reversed, of_table(shape));
            rows.limit(limit);
            let mut each = Query::select();
            each.expr_as(Expr::col((OWNERS, "column1")), OWNER)
                .column((PAGE, Asterisk))
                .from_values(values.iter().map(Value::from), OWNERS)
                .join_lateral(JoinType::InnerJoin, rows, PAGE, Expr::val(true).into_condition());
            sort(&mut each, shape, reversed, |term| match term {
                Term::Order(index, _) => Expr::col((PAGE, Alias::new(place(index)))),
                Term::Key => Expr::col((PAGE, KEY)),
            });
            return each;
        }
        (Some(owner), values) => {
            rows.and_where(owner.clone().is_in(values));
            rows.expr_as(owner.clone(), OWNER);
            let mut window = WindowStatement::new();
            window.add_partition_by(owner);
            sort(&mut window, shape, reversed, of_table(shape));
            rows.expr_window_as(Func::cust("ROW_NUMBER"), window, RANK);
            return Query::select()
                .column(Asterisk)
                .from_subquery(rows, PAGE)
                .and_where(Expr::col(RANK).lte(limit))
                .order_by(RANK, Sorting::Asc)
                .take();
        }
    }
    sort(&mut rows, shape, reversed, of_table(shape));
    rows.limit(limit).take()
}

/// Counts each of the selections that have `shape` and one of `values`, as `KEY`. With [`OWNER`] when the shape is read by a
/// value; a selection without rows is then left out.
pub(super) fn count(shape: &Shape, values: &[Scalar]) -> SelectStatement {
    let mut rows = rows(shape);
    rows.expr_as(Func::count(Expr::col(Asterisk)), KEY);
    if let Some(owner) = owner(shape) {
        rows.expr_as(owner.clone(), OWNER).and_where(owner.clone().is_in(values)).add_group_by([owner]);
    }
    rows
}

fn rows(shape: &Shape) -> SelectStatement {
    let mut rows = Query::select();
    rows.from(shape.table);
    match &shape.among {
        Among::Everything | Among::Each(_) => {}
        Among::AnyOf(values) => {
            let none = Cond::any().add(Expr::val(false));
            let any = values.iter().fold(none, |any, (name, value)| any.add(column(shape.table, name).eq(value)));
            rows.cond_where(any);
        }
        Among::Linked(link) => {
            let on = column(link.table, link.to).eq(column(shape.table, shape.key));
            rows.inner_join(link.table, on);
        }
    }
    for filter in &shape.filters {
        rows.cond_where(holds(shape.table, filter));
    }
    rows
}

fn owner(shape: &Shape) -> Option<Expr> {
    match &shape.among {
        Among::Everything | Among::AnyOf(_) => None,
        Among::Each(name) => Some(column(shape.table, name)),
        Among::Linked(link) => Some(column(link.table, link.from)),
    }
}

fn holds(table: &'static str, filter: &Filter) -> Condition {
    let tested = column(table, filter.column);
    let expression = match &filter.test {
        Test::Is(Scalar::Null) => tested.is_null(),
        Test::Is(value) => tested.eq(value),
        Test::IsNot(Scalar::Null) => tested.is_not_null(),
        Test::IsNot(value) => tested.ne(value),
        Test::OneOf(values) => tested.is_in(values),
        Test::Contains(text) => Func::lower(tested).like(containing(text)),
        Test::AtLeast(value) => tested.gte(value),
        Test::Below(value) => tested.lt(value),
    };
    expression.into_condition()
}

fn containing(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}

fn between(shape: &Shape, page: &Page) -> Condition {
    let mut condition = Cond::all();
    if let Some(after) = &page.after {
        condition = condition.add(beyond(shape, after, false));
    }
    if let Some(before) = &page.before {
        condition = condition.add(beyond(shape, before, true));
    }
    condition
}

/// The rows that come later than `place` in the shape's order; earlier, if `reversed`.
fn beyond(shape: &Shape, place: &Place, reversed: bool) -> Condition {
    let key = column(shape.table, shape.key);
    let one_way = shape.order.iter().all(|order| !order.nullable && order.descending == key_descends(shape));
    let smaller = key_descends(shape) != reversed;
    if one_way {
        // A row comparison is answered from an index on the same columns.
        let columns = shape.order.iter().map(|order| column(shape.table, order.column)).chain([key]);
        let values = place.values.iter().map(Expr::from).chain([Expr::val(place.key)]);
        let (columns, values) = (Expr::tuple(columns), Expr::tuple(values));
        return if smaller { columns.lt(values) } else { columns.gt(values) }.into_condition();
    }
    let last = if smaller { key.lt(place.key) } else { key.gt(place.key) };
    shape.order.iter().zip(&place.values).rev().fold(last.into_condition(), |ties, (order, value)| {
        let tested = column(shape.table, order.column);
        let equal = if *value == Scalar::Null { tested.clone().is_null() } else { tested.clone().eq(value) };
        Cond::any().add(strictly_beyond(tested, order, value, reversed)).add(Cond::all().add(equal).add(ties))
    })
}

/// An absent value is greater than any other.
fn strictly_beyond(tested: Expr, order: &Order, value: &Scalar, reversed: bool) -> Condition {
    match (order.descending != reversed, value) {
        (false, Scalar::Null) => Expr::val(false).into_condition(),
        (false, value) if order.nullable => Cond::any().add(tested.clone().gt(value)).add(tested.is_null()),
        (false, value) => tested.gt(value).into_condition(),
        (true, Scalar::Null) => tested.is_not_null().into_condition(),
        (true, value) => tested.lt(value).into_condition(),
    }
}

/// What a statement sorts by.
enum Term {
    Order(usize, &'static str),
    Key,
}

fn of_table(shape: &Shape) -> impl Fn(Term) -> Expr {
    let (table, key) = (shape.table, shape.key);
    move |term| match term {
        Term::Order(_, name) => column(table, name),
        Term::Key => column(table, key),
    }
}

fn sort(statement: &mut impl OrderedStatement, shape: &Shape, reversed: bool, named: impl Fn(Term) -> Expr) {
    for (index, order) in shape.order.iter().enumerate() {
        let sorted = named(Term::Order(index, order.column));
        let descending = order.descending != reversed;
        match (order.nullable, descending) {
            (true, true) => statement.order_by_expr_with_nulls(sorted, Sorting::Desc, NullOrdering::First),
            (true, false) => statement.order_by_expr_with_nulls(sorted, Sorting::Asc, NullOrdering::Last),
            (false, descending) => statement.order_by_expr(sorted, direction(descending)),
        };
    }
    statement.order_by_expr(named(Term::Key), direction(key_descends(shape) != reversed));
}

fn key_descends(shape: &Shape) -> bool {
    shape.order.last().is_some_and(|order| order.descending)
}

fn direction(descending: bool) -> Sorting {
    if descending { Sorting::Desc } else { Sorting::Asc }
}

fn column(table: &'static str, name: &'static str) -> Expr {
    Expr::col((table, name))
}
