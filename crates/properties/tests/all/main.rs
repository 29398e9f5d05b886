//! Every seed of every property holds, and every property is fuzzed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tidewater_properties::PROPERTIES;

fn fuzz(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(part)
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_seeds_have_the_properties() {
    let try_all = || {
        for (name, property) in PROPERTIES {
            let seeds = files_in(&fuzz("seeds").join(name));
            assert!(seeds.len() >= 3, "{name} has hardly any seeds");
            for seed in seeds {
                let bytes = fs::read(&seed).unwrap();
                // One that does not hold says what, and this says where.
                eprintln!("{}", seed.display());
                property(&bytes);
                // Cut short and prolonged, it is one that nobody thought of.
                property(&bytes[..bytes.len() / 2]);
                property(&[&bytes[..], b"\0"].concat());
            }
        }
    };
    // As much as the threads of the server have.
    let thread = std::thread::Builder::new().stack_size(tidewater::STACK_SIZE).spawn(try_all).unwrap();
    thread.join().unwrap();
}

#[test]
fn every_property_has_a_target_and_seeds_and_no_other_has() {
    let names: BTreeSet<_> = PROPERTIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["seeds", "fuzz_targets"] {
        let found = files_in(&fuzz(folder)).into_iter();
        let found: BTreeSet<_> = found.map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(found, names, "{folder}");
    }
    for name in names {
        let target = fs::read_to_string(fuzz("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(target.contains(&format!("tidewater_properties::{name}(bytes)")), "{name} fuzzes something else");
    }
}
