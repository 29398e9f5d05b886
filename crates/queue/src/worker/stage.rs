use tokio::sync::watch;

/// How far a worker has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It takes jobs.
    Working,
    /// It takes no more.
    Draining,
    /// It leaves what it does.
    Cut,
}

/// Waits until the worker has come so far, or is gone.
pub(super) async fn reached(stages: &mut watch::Receiver<Stage>, stage: Stage) {
    let _ = stages.wait_for(|now| *now >= stage).await;
}
