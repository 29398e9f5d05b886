use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use tidewater_graphql::Override;

use super::parse;

/// What differs from the general policy, by the name of the entity's table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PolicyOverrides(pub(crate) HashMap<String, Override>);

impl FromStr for PolicyOverrides {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known: Vec<_> = tidewater_entity::tracking().iter().map(|tracking| tracking.table).collect();
        let mut overrides = HashMap::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (entity, settings) = part
                .split_once(':')
                .ok_or_else(|| format!("'{part}' is not of the form ENTITY:SETTING[,SETTING...]"))?;
            let entity = entity.trim();
            if !known.contains(&entity) {
                return Err(format!("'{entity}' is not one of the entities {}", known.join(", ")));
            }
            let policy = policy(settings).map_err(|error| format!("{error} (for '{entity}')"))?;
            if overrides.insert(entity.to_owned(), policy).is_some() {
                return Err(format!("'{entity}' is named twice"));
            }
        }
        Ok(Self(overrides))
    }
}

fn policy(settings: &str) -> Result<Override, String> {
    let mut policy = Override::default();
    for setting in settings.split(',').map(str::trim) {
        let is_repeated = match setting.split_once('=') {
            None => match setting {
                "on" => policy.enabled.replace(true).is_some(),
                "off" => policy.enabled.replace(false).is_some(),
                _ => return Err(unknown(setting)),
            },
            Some((name, value)) => {
                let checked = |parsed: Result<Duration, String>| parsed.map_err(|why| format!("{why}, in '{setting}'"));
                let value = value.trim();
                match name.trim() {
                    "item_ttl" => policy.item_ttl.replace(checked(parse::positive_duration(value))?).is_some(),
                    "list_ttl" => policy.list_ttl.replace(checked(parse::positive_duration(value))?).is_some(),
                    "max_staleness" => policy.max_staleness.replace(checked(parse::duration(value))?).is_some(),
                    "stale_if_error" => policy.stale_if_error.replace(checked(parse::duration(value))?).is_some(),
                    _ => return Err(unknown(setting)),
                }
            }
        };
        if is_repeated {
            return Err(format!("'{setting}' repeats or contradicts an earlier setting"));
        }
    }
    Ok(policy)
}

fn unknown(setting: &str) -> String {
    format!(
        "'{setting}' is not one of on, off, item_ttl=DURATION, list_ttl=DURATION, max_staleness=DURATION and \
         stale_if_error=DURATION"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<PolicyOverrides, String> {
        text.parse()
    }

    #[test]
    fn settings_are_read_per_entity() {
        let PolicyOverrides(overrides) =
            parsed("todo:item_ttl=60s,max_staleness=50ms,stale_if_error=1h; note:off;").unwrap();
        let todo = Override {
            item_ttl: Some(Duration::from_secs(60)),
            max_staleness: Some(Duration::from_millis(50)),
            stale_if_error: Some(Duration::from_secs(3600)),
            ..Override::default()
        };
        let note = Override { enabled: Some(false), ..Override::default() };
        assert_eq!(overrides, HashMap::from([("todo".to_owned(), todo), ("note".to_owned(), note)]));
        assert_eq!(parsed(""), Ok(PolicyOverrides::default()));
    }

    #[test]
    fn every_mistake_is_named() {
        for (text, named) in [
            ("todo", "'todo' is not of the form"),
            ("todos:off", "'todos' is not one of the entities user, "),
            ("todo:", "'' is not one of"),
            ("todo:ttl=60s", "'ttl=60s' is not one of"),
            ("todo:item_ttl=60", "in 'item_ttl=60' (for 'todo')"),
            ("todo:item_ttl=0s", "longer than zero"),
            ("todo:on,off", "'off' repeats or contradicts"),
            ("todo:on;todo:off", "'todo' is named twice"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
