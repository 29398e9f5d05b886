//! Exports.

mod download;
mod mutation;
mod object;
mod status;

pub use download::{Download, ExportFile};
pub(crate) use mutation::ExportMutation;
pub(crate) use object::{Export, select};
