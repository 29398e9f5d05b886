//! What e-mail addresses and passwords must be like.

use tidewater_entity::normalised_email;

use crate::Error;

const MAX_EMAIL: usize = 254;
const MIN_PASSWORD: usize = 8;
const MAX_PASSWORD: usize = 256;

/// An e-mail address in the form in which it is stored. Whether mail arrives there, only a mail can tell.
///
/// # Errors
/// `BAD_USER_INPUT` for `email`.
pub(super) fn email(text: &str) -> Result<String, Error> {
    let email = normalised_email(text);
    if email.chars().count() > MAX_EMAIL {
        return Err(Error::bad_user_input("email", format!("must not be longer than {MAX_EMAIL} characters")));
    }
    if email.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Err(Error::bad_user_input("email", "must not contain white space"));
    }
    match email.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.contains('@') && is_domain(domain) => Ok(email),
        _ => Err(Error::bad_user_input("email", "this is no e-mail address; they look like ann@example.com")),
    }
}

/// A password that may be chosen. Any characters will do: length is what makes guessing hard.
///
/// # Errors
/// `BAD_USER_INPUT` for `field`.
pub(super) fn password(field: &str, text: String) -> Result<String, Error> {
    match text.chars().count() {
        length if length < MIN_PASSWORD => Err(Error::bad_user_input(
            field,
            format!("must have {MIN_PASSWORD} characters or more: shorter ones are soon guessed"),
        )),
        length if length > MAX_PASSWORD => Err(Error::bad_user_input(
            field,
            format!("must not be longer than {MAX_PASSWORD} characters: more add work, not safety"),
        )),
        _ => Ok(text),
    }
}

fn is_domain(text: &str) -> bool {
    text == "localhost" || (text.contains('.') && text.split('.').all(|label| !label.is_empty()))
}
