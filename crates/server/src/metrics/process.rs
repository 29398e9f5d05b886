//! The process itself, under the names that Prometheus has for it, and the runtime that it runs on.

use std::fmt;

use tokio::runtime::Handle;

use super::exposition::Exposition;

pub(super) fn tell(to: &mut Exposition<'_>) -> fmt::Result {
    to.info("tidewater_build", "The version that is running.", [("version", env!("CARGO_PKG_VERSION"))])?;
    tell_runtime(to)?;
    tell_process(to)
}

fn tell_runtime(to: &mut Exposition<'_>) -> fmt::Result {
    let Ok(runtime) = Handle::try_current() else { return Ok(()) };
    let runtime = runtime.metrics();
    let workers = runtime.num_workers();
    let busy: f64 = (0..workers).map(|worker| runtime.worker_total_busy_duration(worker).as_secs_f64()).sum();
    to.gauge("tidewater_runtime_workers", "Threads that answer requests (TIDEWATER_WORKER_THREADS).", workers)?;
    to.counter("tidewater_runtime_busy_seconds", "How long they have been busy, together.", busy)?;
    to.gauge("tidewater_runtime_tasks", "Tasks that have begun and not ended.", runtime.num_alive_tasks())?;
    to.gauge(
        "tidewater_runtime_queue_depth",
        "Tasks that wait in the queue that all threads share.",
        runtime.global_queue_depth(),
    )
}

#[cfg(target_os = "linux")]
fn tell_process(to: &mut Exposition<'_>) -> fmt::Result {
    use procfs::process::{LimitValue, Process};

    // Where there is no /proc, nothing of it is told.
    let Ok(process) = Process::myself() else { return Ok(()) };
    let Ok(stat) = process.stat() else { return Ok(()) };
    let ticks = procfs::ticks_per_second() as f64;
    to.counter(
        "process_cpu_seconds",
        "Processor time spent by the process, in user and system mode.",
        (stat.utime + stat.stime) as f64 / ticks,
    )?;
    to.gauge(
        "process_resident_memory_bytes",
        "Memory of the process that is resident.",
        stat.rss * procfs::page_size(),
    )?;
    to.gauge("process_virtual_memory_bytes", "Address space of the process.", stat.vsize)?;
    to.gauge("process_threads", "Threads of the process.", stat.num_threads)?;
    if let Ok(boot) = procfs::boot_time_secs() {
        let started = boot as f64 + stat.starttime as f64 / ticks;
        to.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", started)?;
    }
    if let Ok(open) = process.fd_count() {
        to.gauge("process_open_fds", "Files and sockets that are open.", open)?;
    }
    if let Ok(LimitValue::Value(most)) = process.limits().map(|limits| limits.max_open_files.soft_limit) {
        to.gauge("process_max_fds", "How many may be open.", most)?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn tell_process(_: &mut Exposition<'_>) -> fmt::Result {
    Ok(())
}
