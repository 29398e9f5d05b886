//! As much of the Redis protocol (RESP2) as tests need.

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Sends one command on a connection of its own and returns the reply: nil as null, text (lossily, if it is no UTF-8)
/// as a string. An error reply is `Err`, and so is a connection that breaks.
pub(crate) async fn ask(address: &str, command: &[&str]) -> Result<Value, String> {
    let mut stream = BufReader::new(TcpStream::connect(address).await.map_err(|error| error.to_string())?);
    let mut request = format!("*{}\r\n", command.len());
    for argument in command {
        request.push_str(&format!("${}\r\n{argument}\r\n", argument.len()));
    }
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    read(&mut stream).await
}

async fn read(stream: &mut BufReader<TcpStream>) -> Result<Value, String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.map_err(|error| error.to_string())?;
    if count == 0 {
        return Err("the connection was closed".to_owned());
    }
    let (kind, rest) = line.trim_end().split_at(1);
    let number = || rest.parse::<i64>().map_err(|error| format!("{error} in a reply: {line}"));
    match kind {
        "+" => Ok(Value::from(rest)),
        "-" => Err(rest.to_owned()),
        ":" => Ok(Value::from(number()?)),
        "$" | "*" if number()? < 0 => Ok(Value::Null),
        "$" => {
            let mut bytes = vec![0; number()? as usize + 2];
            stream.read_exact(&mut bytes).await.map_err(|error| error.to_string())?;
            bytes.truncate(bytes.len() - 2);
            Ok(Value::from(String::from_utf8_lossy(&bytes)))
        }
        "*" => {
            let mut items = Vec::new();
            for _ in 0..number()? {
                items.push(Box::pin(read(stream)).await?);
            }
            Ok(Value::Array(items))
        }
        _ => Err(format!("not a reply of Redis: {line}")),
    }
}
