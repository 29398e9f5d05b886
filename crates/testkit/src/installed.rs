//! Finds what is installed for tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What a panic says where something is not installed.
pub(crate) const BRINGS_ALL: &str = "`apt-get install postgresql redis-server faketime` brings what the tests need";

/// The path of an installed binary. Panics with how to install it when there is none.
pub fn installed(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| panic!("`{name}` is not installed: {BRINGS_ALL}"))
}

/// The library that gives a process another wall clock, where Debian keeps it.
pub(crate) fn libfaketime() -> Option<PathBuf> {
    let architectures = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    architectures.map(|entry| entry.path().join("faketime/libfaketime.so.1")).find(|path| path.is_file())
}

fn find(name: &str) -> Option<PathBuf> {
    let mut directories: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    // Debian keeps the servers of PostgreSQL out of PATH.
    directories.extend(debian_postgres());
    directories.extend(configured_postgres());
    directories.into_iter().map(|directory| directory.join(name)).find(|path| path.is_file())
}

fn debian_postgres() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.into_iter().map(|path| path.join("bin")).collect()
}

fn configured_postgres() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(Path::new(text.trim()).to_owned())
}
