//! Brute force: a database in memory, what a change log says of whatever happens in it, what questions are answered from it, and
//! what a careful user declares that an answer depends on.

mod declared;
mod question;
mod world;

pub(super) use declared::{Declared, declared};
pub(super) use question::{Answer, Care, Question, question};
pub(super) use world::{Row, Shape, Step, World, row, shape, step};
