//! Responses as JSON.

use async_graphql::Value;

/// Adds `value` to `text`. [`Value::Binary`] is JSON already.
pub(crate) fn write(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Binary(written) => text.extend_from_slice(written),
        Value::List(items) => {
            text.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write(item, text);
            }
            text.push(b']');
        }
        Value::Object(fields) => {
            text.push(b'{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                scalar(name.as_str(), text);
                text.push(b':');
                write(value, text);
            }
            text.push(b'}');
        }
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::String(_) | Value::Enum(_) => scalar(value, text),
    }
}

fn scalar(value: &(impl serde::Serialize + ?Sized), text: &mut Vec<u8>) {
    // Neither text nor a number can fail to be written, nor can writing to memory.
    let _ = serde_json::to_writer(text, value);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn written(value: &Value) -> Vec<u8> {
        let mut text = Vec::new();
        write(value, &mut text);
        text
    }

    #[test]
    fn it_is_written_as_serde_would_and_what_is_written_already_is_not_written_again() {
        let text = r#"{"a":[1,-2.5,1e300,null,true,false,[],{}],"b \"\\\n\u0001\u007fä€😀":"\"\\\n\u0001😀"}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(String::from_utf8(written(&value)).unwrap(), serde_json::to_string(&value).unwrap());
        let before = Value::Binary(Bytes::from_static(br#"{"x":1}"#));
        assert_eq!(written(&Value::List(vec![before.clone(), Value::Null, before])), br#"[{"x":1},null,{"x":1}]"#);
    }
}
