//! Clients that read.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use crate::client::{Client, Demand, Failure};
use crate::court::Court;
use crate::question::Question;
use crate::violation::Kind;

/// How long a client waits that was refused.
const BREATH: Duration = Duration::from_millis(20);

/// Asks until the readers are to end.
pub(crate) async fn read(mut client: Client, anonymous: bool) {
    while !client.context.read.load(Ordering::Relaxed) {
        let context = client.context.clone();
        let Some(question) = Question::any(&context, &mut client.random, anonymous) else {
            sleep(BREATH).await;
            continue;
        };
        let (url, demand) = (client.any_url(), client.demand());
        if let Err(failure) = ask(&mut client, url, &question, demand, None).await {
            client.note(&failure);
            sleep(BREATH).await;
        }
    }
}

/// Asks a question and judges the answer.
pub(crate) async fn ask(
    client: &mut Client,
    url: usize,
    question: &Question,
    demand: Demand,
    called: Option<Kind>,
) -> Result<(), Failure> {
    let context = client.context.clone();
    let authorization = question.viewer.as_ref().map(|viewer| &viewer.authorization);
    let exchange = client.ask(url, question.body(&context), authorization, demand).await?;
    let judged = exchange.data().map(|data| {
        let mut court = Court::new(&context, &mut client.floors, &exchange);
        court.called = called;
        question.judge(&mut court, &data);
        court.close();
    });
    client.judged();
    if judged.is_ok() {
        client.remember(&exchange);
    }
    judged
}
