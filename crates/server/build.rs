//! Builds the pages that the server embeds. What stands in for one that cannot be built is embedded instead.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A page: its folder in `web/`, and that of the page which needs no build, if there is one.
struct Page {
    name: &'static str,
    substitute: Option<&'static str>,
}

const PAGES: [Page; 2] =
    [Page { name: "graphiql", substitute: Some("graphiql-cdn") }, Page { name: "studio", substitute: None }];
/// What the pages are built from besides their folders, in `web/`.
const SHARED: [&str; 8] =
    ["package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "codegen.ts", "account", "api", "words"];
/// What the pages know of the API, beside `web/`.
const SCHEMA: &str = "schema.graphql";

/// Bounds what npm does, on a busy machine too.
const STEP_TIME_LIMIT: Duration = Duration::from_secs(300);
/// A registry that does not answer must not hold up the build of the server for long.
const FETCH_TIMEOUT: &str = "--fetch-timeout=20000";
const STEPS: [&[&str]; 2] = [
    &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0", FETCH_TIMEOUT],
    &["run", "build"],
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = fs::canonicalize(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../.."))?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let substitutes = PAGES.iter().filter_map(|page| page.substitute).map(Path::new);
    for source in sources().chain(substitutes.map(|folder| Path::new("web").join(folder))) {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    println!("cargo::rerun-if-env-changed=TIDEWATER_SKIP_WEB");

    let built = build(&root, &out).unwrap_or_else(|reason| {
        println!("cargo::warning=GraphiQL will be loaded from its CDN, and there will be no Studio, because {reason}.");
        None
    });
    let mut code = String::new();
    for page in &PAGES {
        let folder = match &built {
            Some(pages) => Some(pages.join(page.name)),
            None => page.substitute.map(|folder| root.join("web").join(folder)),
        };
        code.push_str(&table(page.name, &folder.map_or(Ok(Vec::new()), |folder| files_in(&folder))?)?);
    }
    fs::write(out.join("pages.rs"), code)?;
    Ok(())
}

/// What the pages are built from, as paths in the repository.
fn sources() -> impl Iterator<Item = PathBuf> {
    let of_web = SHARED.into_iter().chain(PAGES.iter().map(|page| page.name));
    of_web.map(|source| Path::new("web").join(source)).chain([PathBuf::from(SCHEMA)])
}

/// The folder of built pages, or `None` when they are not wanted. Nothing is written into the source tree.
fn build(root: &Path, out: &Path) -> Result<Option<PathBuf>, String> {
    if env::var_os("TIDEWATER_SKIP_WEB").is_some_and(|value| !value.is_empty()) {
        return Ok(None);
    }
    if Command::new("npm").arg("--version").output().is_err() {
        return Err("npm is not installed".to_owned());
    }
    let web = out.join("web");
    let prepared = || -> io::Result<()> {
        remove(&web)?;
        fs::create_dir_all(&web)?;
        sources().try_for_each(|source| copy_all(&root.join(&source), &out.join(&source)))
    };
    prepared().map_err(|error| format!("web/ cannot be copied to {}: {error}", web.display()))?;
    for arguments in STEPS {
        let log = web.join(format!("{}.log", arguments[0]));
        let status = run(arguments, &web, &log).map_err(|error| format!("npm cannot be run: {error}"))?;
        if !status.is_some_and(|status| status.success()) {
            let outcome = if status.is_some() { "failed" } else { "took too long" };
            return Err(format!("`npm {}` {outcome} (see {})", arguments[0], log.display()));
        }
    }
    // Hundreds of megabytes that nothing needs any more.
    let _ = fs::remove_dir_all(web.join("node_modules"));
    Ok(Some(web.join("dist")))
}

/// Runs npm with its output in a file; `None` when it was ended because it took too long.
fn run(arguments: &[&str], directory: &Path, log: &Path) -> io::Result<Option<ExitStatus>> {
    let output = File::create(log)?;
    let mut child = Command::new("npm")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()?;
    let deadline = Instant::now() + STEP_TIME_LIMIT;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        copy_all(&entry.path(), &to.join(entry.file_name()))
    })
}

/// Every file below a folder with its path relative to it, in a stable order.
fn files_in(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
                files.push((name, path));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Code that declares the files of a page: none, where it was not built and nothing stands in for it.
fn table(page: &str, files: &[(String, PathBuf)]) -> Result<String, Box<dyn Error>> {
    let mut code = format!("pub(super) static {}: &[File] = &[\n", page.to_uppercase());
    for (name, path) in files {
        writeln!(
            code,
            "    File {{ path: {name:?}, content_type: {:?}, content: include_bytes!({:?}) }},",
            content_type(name),
            path.display().to_string()
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("graphql") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
