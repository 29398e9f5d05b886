//! The program `tidewater`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidewater::run()
}
