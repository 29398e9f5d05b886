use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a client's addresses have in common: an IPv4 address, or the /64 network of an IPv6 address, of which one subscriber has
/// every address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(Form);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    V4(u32),
    /// The first 64 bits.
    V6(u64),
}

/// Who requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Somebody who is signed in, by the number of their account: all their sessions together.
    Viewer(u128),
    /// Whoever is at an address.
    Network(Network),
}

impl From<IpAddr> for Network {
    /// An IPv4 address in the form of an IPv6 address is an IPv4 address.
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(Form::V4(address.to_bits())),
            IpAddr::V6(address) => Self(Form::V6((address.to_bits() >> 64) as u64)),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::V4(bits) => Ipv4Addr::from_bits(bits).fmt(formatter),
            Form::V6(bits) => write!(formatter, "{}/64", Ipv6Addr::from_bits(u128::from(bits) << 64)),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Viewer(number) => write!(formatter, "viewer:{number:032x}"),
            Self::Network(network) => write!(formatter, "address:{network}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn ipv6_addresses_count_by_their_network() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6").to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn ipv4_addresses_count_one_by_one_in_either_form() {
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(Subject::Network(network("192.0.2.1")).to_string(), "address:192.0.2.1");
    }
}
