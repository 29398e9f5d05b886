//! Why a request was answered as it was: for an ADMIN, in `extensions.tidewater.explain`.
//!
//! The request takes the way that it would have taken anyway; it is only written down. What the cache tells by hashes and positions
//! gets its names here, from the same declarations that the dependencies are made of. Columns are named, and ids; values only where the
//! entity says that they are for everybody's eyes.

mod name;
mod report;
mod writer;

pub(crate) use name::of_part;
pub(crate) use report::{Bypass, Report, Told};
pub(crate) use writer::WriterKind;

pub use writer::WriterName;
