use async_graphql::ID;
use tidewater_graphql::{Error, id};
use uuid::Uuid;

const PREFIXES: [&str; 5] = ["todo", "note", "tag", "user", "export"];

/// A text is an id in one way only, and every key has an id, from which the key is read back.
pub fn id(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let given = ID(text.to_owned());
        match id::parse("id", &given) {
            Ok((found, key)) => {
                for prefix in PREFIXES {
                    let decoded = id::decode(prefix, "id", &given);
                    assert_eq!(decoded.is_ok(), prefix == found, "{text}");
                    if prefix == found {
                        assert_eq!(id::encode(prefix, key), given, "{text}");
                    }
                }
            }
            Err(error) => {
                assert!(matches!(&error, Error::BadUserInput { field, .. } if field == "id"), "{error:?}");
                assert!(PREFIXES.into_iter().all(|prefix| id::decode(prefix, "id", &given).is_err()), "{text}");
            }
        }
    }
    if let Some(key) = bytes.first_chunk::<16>() {
        let key = Uuid::from_bytes(*key);
        for prefix in PREFIXES {
            assert_eq!(id::decode(prefix, "id", &id::encode(prefix, key)), Ok(key));
        }
    }
}
