use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use ipnet::IpNet;
use tidewater_limit::{Quota, Settings};

use super::parse;

/// What one viewer or address may ask for in a time, by all servers over one Redis together.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Rate limits")]
pub(crate) struct RateConfiguration {
    /// How many GraphQL requests a viewer, or else an address, may make, such as 1000/s or 50000/10min; 0 for any number
    #[arg(long, value_name = "COUNT/TIME", env = "TIDEWATER_REQUEST_RATE", default_value = "1000/s", global = true)]
    pub(crate) request_rate: Rate,

    /// What the operations that are executed for a viewer, or else an address, may cost together, counted like
    /// TIDEWATER_MAX_COMPLEXITY and no less than that; 0 for any cost
    #[arg(long, value_name = "COUNT/TIME", env = "TIDEWATER_COST_RATE", default_value = "0", global = true)]
    pub(crate) cost_rate: Rate,

    /// How often somebody at one address may try to sign in; 0 for any number
    #[arg(long, value_name = "COUNT/TIME", env = "TIDEWATER_SIGN_IN_RATE", default_value = "60/min", global = true)]
    pub(crate) sign_in_rate: Rate,

    /// How often somebody at one address may try to sign up; 0 for any number
    #[arg(long, value_name = "COUNT/TIME", env = "TIDEWATER_SIGN_UP_RATE", default_value = "100/h", global = true)]
    pub(crate) sign_up_rate: Rate,

    /// How many attempts at one account may fail, of each address from which somebody has signed in to it before and of all others
    /// together; 0 for any number
    #[arg(long, value_name = "COUNT/TIME", env = "TIDEWATER_ACCOUNT_RATE", default_value = "10/10min", global = true)]
    pub(crate) account_rate: Rate,

    /// The proxies in front, as addresses and networks such as 10.0.0.0/8,2001:db8::/32: what they say of where a request comes
    /// from is believed
    #[arg(
        long,
        value_name = "NETWORKS",
        env = "TIDEWATER_TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) trusted_proxies: Networks,

    /// The header in which they say it; a client could write the other one
    #[arg(
        long,
        value_name = "HEADER",
        env = "TIDEWATER_FORWARDED_HEADER",
        default_value = "x-forwarded-for",
        global = true
    )]
    pub(crate) forwarded_header: ForwardedHeader,
}

/// A quota, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate(Option<Quota>);

/// Addresses by their networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks(pub(crate) Vec<IpNet>);

impl Networks {
    /// Whether an address, in its canonical form, is in one of them.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The header in which proxies say where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ForwardedHeader {
    /// What most proxies write.
    #[value(name = "x-forwarded-for")]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

impl RateConfiguration {
    /// Checks how the settings stand to each other. The error is a sentence.
    pub(super) fn validate(&self, max_complexity: usize) -> Result<(), String> {
        match self.cost_rate.0 {
            Some(quota) if quota.units() < max_complexity as u64 => Err(format!(
                "invalid value for --cost-rate (TIDEWATER_COST_RATE): expected at least what one operation may cost, which is \
                 {max_complexity} (TIDEWATER_MAX_COMPLEXITY)"
            )),
            _ => Ok(()),
        }
    }

    /// What is limited, without Redis.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            requests: self.request_rate.0,
            cost: self.cost_rate.0,
            sign_in: self.sign_in_rate.0,
            sign_up: self.sign_up_rate.0,
            account: self.account_rate.0,
            ..Settings::default()
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a count and a time such as 1000/s, 60/min or 10/10min, or 0";
        if text.trim() == "0" {
            return Ok(Self(None));
        }
        let (count, time) = text.split_once('/').ok_or(EXPECTED)?;
        let units = count.trim().parse().map_err(|_| EXPECTED)?;
        let window = window(time.trim()).ok_or(EXPECTED)?;
        Quota::new(units, window).map(|quota| Self(Some(quota))).map_err(|error| error.to_string())
    }
}

/// A duration, or a unit of time alone.
fn window(text: &str) -> Option<Duration> {
    let one = text.starts_with(|character: char| character.is_ascii_alphabetic());
    if one { parse::duration(&format!("1{text}")).ok() } else { parse::duration(text).ok() }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty()).map(|network| {
            let one = || network.parse().map(|address: std::net::IpAddr| address.into());
            let parsed = network.parse::<IpNet>().or_else(|_| one());
            parsed.map_err(|_| format!("'{network}' is no address and no network; they look like 10.0.0.0/8 or ::1"))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Result<Rate, String> {
        text.parse()
    }

    #[test]
    fn a_rate_is_a_count_and_a_time() {
        let quota = |units, seconds| Ok(Rate(Some(Quota::new(units, Duration::from_secs(seconds)).unwrap())));
        assert_eq!(rate("1000/s"), quota(1_000, 1));
        assert_eq!(rate("60 / min"), quota(60, 60));
        assert_eq!(rate("10/10min"), quota(10, 600));
        assert_eq!(rate("5/1h 30min"), quota(5, 5_400));
        assert_eq!(rate("0"), Ok(Rate(None)));
        for bad in ["", "1000", "1000/", "/s", "-1/s", "0/s", "1/0s", "1.5/s", "1/fortnight", "1/60", "2/1ns"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn networks_are_addresses_or_prefixes() {
        let parsed: Networks = "10.0.0.0/8, 192.0.2.1,2001:db8::/32".parse().unwrap();
        assert!(parsed.0[0].contains(&"10.1.2.3".parse::<std::net::IpAddr>().unwrap()));
        assert!(parsed.0[1].prefix_len() == 32 && parsed.0[2].prefix_len() == 32);
        assert_eq!("".parse::<Networks>().unwrap(), Networks::default());
        assert!("10.0.0.0/33".parse::<Networks>().is_err() && "proxy".parse::<Networks>().is_err());
    }
}
