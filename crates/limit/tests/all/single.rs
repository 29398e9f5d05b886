use std::time::{Duration, Instant};

use futures::future::join_all;
use tidewater_limit::{Limiter, Settings};
use tidewater_testkit::TestRedis;

use crate::world::{HOUR, admitted, anybody, network, quota, server};

fn ten_an_hour() -> Settings {
    Settings { requests: quota(10, HOUR), ..Settings::default() }
}

/// The same on a server by itself and on one over Redis.
async fn on_each(settings: Settings, check: impl AsyncFn(Limiter)) {
    check(server(None, settings.clone()).await).await;
    let redis = TestRedis::start().await;
    check(server(Some(&redis), settings).await).await;
}

#[tokio::test]
async fn as_much_is_admitted_as_the_quota_has_and_it_is_said_when_there_is_more() {
    on_each(ten_an_hour(), async |server| {
        let allowance = anybody(&server, "192.0.2.1");
        assert_eq!(admitted(&allowance, 10).await, 10);
        let exceeded = allowance.request().await.unwrap_err();
        assert_eq!((exceeded.policy, exceeded.quota.units()), ("requests", 10));
        assert!((355..=360).contains(&exceeded.retry_after_seconds()), "{exceeded:?}");
        assert_eq!(admitted(&allowance, 5).await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_comes_at_once_is_counted_one_by_one() {
    on_each(ten_an_hour(), async |server| {
        let allowances: Vec<_> = (0..40).map(|_| anybody(&server, "192.0.2.1")).collect();
        let admitted = join_all(allowances.iter().map(|allowance| allowance.request())).await;
        assert_eq!(admitted.iter().filter(|admitted| admitted.is_ok()).count(), 10);
    })
    .await;
}

#[tokio::test]
async fn units_come_back_evenly() {
    let settings = Settings { requests: quota(20, Duration::from_secs(2)), ..Settings::default() };
    on_each(settings, async |server| {
        let allowance = anybody(&server, "192.0.2.1");
        let (begun, exceeded) = loop {
            let begun = Instant::now();
            if let Err(exceeded) = allowance.request().await {
                break (begun, exceeded);
            }
        };
        tokio::time::sleep(exceeded.retry_after + Duration::from_millis(5)).await;
        allowance.request().await.expect("the time is over");
        tokio::time::sleep(Duration::from_millis(510)).await;
        let now = admitted(&allowance, 20).await;
        // One of those that came back since has been used.
        let most = begun.elapsed().as_millis() as u64 / 100;
        assert!((5..=most).contains(&now), "{now} in half a second, where {most} can have come back");
    })
    .await;
}

#[tokio::test]
async fn addresses_and_viewers_are_counted_apart() {
    on_each(ten_an_hour(), async |server| {
        assert_eq!(admitted(&anybody(&server, "2001:db8::1"), 20).await, 10);
        assert_eq!(admitted(&anybody(&server, "2001:db8::ffff:1"), 20).await, 0, "one network");
        assert_eq!(admitted(&anybody(&server, "2001:db8:0:1::1"), 20).await, 10);

        // A credential that nobody has vouched for is worth nothing.
        let of = |credential| server.allowance(Some(credential), network("2001:db8::1"));
        assert_eq!(admitted(&of(7), 20).await, 0);
        of(7).shows(7, Some(100));
        assert_eq!(admitted(&of(7), 20).await, 10);
        // Another session of the same viewer.
        of(8).shows(8, Some(100));
        assert_eq!(admitted(&of(8), 20).await, 0);
        // A session that has ended.
        of(9).shows(9, Some(101));
        assert_eq!(admitted(&of(9), 5).await, 5);
        of(9).shows(9, None);
        assert_eq!(admitted(&of(9), 5).await, 0);
    })
    .await;
}

#[tokio::test]
async fn costs_are_counted_by_their_units() {
    let settings = Settings { cost: quota(10_000, HOUR), ..Settings::default() };
    on_each(settings, async |server| {
        let allowance = anybody(&server, "192.0.2.1");
        assert!(server.limits_cost());
        // More than a batch.
        allowance.cost(6_000).await.unwrap();
        let exceeded = allowance.cost(6_000).await.unwrap_err();
        assert!((715..=721).contains(&exceeded.retry_after_seconds()), "{exceeded:?}");
        // What costs less is admitted all the same.
        for _ in 0..38 {
            allowance.cost(100).await.unwrap();
        }
        assert_eq!(allowance.cost(1_000).await.unwrap_err().policy, "cost");
        assert!(allowance.request().await.is_ok(), "requests are not limited");
    })
    .await;
}

#[tokio::test]
async fn it_is_told_where_somebody_stands_who_has_used_more_than_half() {
    on_each(Settings { requests: quota(1_000, HOUR), ..Settings::default() }, async |server| {
        let allowance = anybody(&server, "192.0.2.1");
        for _ in 0..480 {
            assert_eq!(allowance.request().await.unwrap(), None);
            tokio::task::yield_now().await;
        }
        admitted(&allowance, 319).await;
        let standing = allowance.request().await.unwrap().expect("more than half is used");
        assert!((195..=205).contains(&standing.left), "{standing:?}");
        assert!((2_850..=2_960).contains(&standing.whole_after_seconds()), "{standing:?}");
    })
    .await;
}

#[tokio::test]
async fn without_quotas_nothing_is_limited() {
    for server in [Limiter::default(), server(None, Settings::default()).await] {
        assert!(!server.limits_cost());
        let allowance = anybody(&server, "192.0.2.1");
        assert_eq!(admitted(&allowance, 1_000).await, 1_000);
        allowance.cost(u64::MAX).await.unwrap();
    }
}

#[tokio::test]
async fn when_there_is_no_room_who_has_used_least_is_forgotten() {
    let server = server(None, Settings { subjects: 64, ..ten_an_hour() }).await;
    let heavy = anybody(&server, "192.0.2.1");
    assert_eq!(admitted(&heavy, 20).await, 10);
    for number in 0..10_000_u32 {
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).to_string();
        assert_eq!(admitted(&anybody(&server, &address), 1).await, 1);
    }
    assert_eq!(admitted(&anybody(&server, "192.0.2.1"), 1).await, 0, "it has not been forgotten");
}
