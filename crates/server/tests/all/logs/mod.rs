//! What is logged, how much of it, and what not.

mod levels;
mod lines;
mod slow;
