//! What is told to whoever collects metrics: that each number moves when what it counts happens, and that what is written about them is true.

mod caches;
mod documents;
mod endpoint;
mod faults;
mod requests;
mod scrape;
mod worker;
