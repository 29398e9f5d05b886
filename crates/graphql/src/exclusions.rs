use std::str::FromStr;

/// Responses that are never kept, nor parts of them: to operations by name, and those that show a field, given as `Type.field`.
///
/// Its text lists them, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    operations: Vec<String>,
    fields: Vec<(String, String)>,
}

impl Exclusions {
    pub(crate) fn has_operation(&self, name: &str) -> bool {
        self.operations.iter().any(|excluded| excluded == name)
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(of, field)| (of.as_str(), field.as_str()))
    }
}

impl FromStr for Exclusions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut exclusions = Self::default();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match item.split_once('.') {
                Some((of, field)) if is_name(of) && is_name(field) => {
                    exclusions.fields.push((of.to_owned(), field.to_owned()));
                }
                None if is_name(item) => exclusions.operations.push(item.to_owned()),
                _ => return Err(format!("`{item}` is neither the name of an operation nor a Type.field")),
            }
        }
        Ok(exclusions)
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_fields_are_told_apart() {
        let exclusions: Exclusions = "Dashboard, Todo.text,".parse().unwrap();
        assert!(exclusions.has_operation("Dashboard") && !exclusions.has_operation("Todo"));
        assert_eq!(exclusions.fields().collect::<Vec<_>>(), [("Todo", "text")]);
        assert_eq!("".parse(), Ok(Exclusions::default()));
        for wrong in ["a b", "1", "a.b.c", ".a", "a."] {
            assert!(wrong.parse::<Exclusions>().is_err(), "{wrong}");
        }
    }
}
