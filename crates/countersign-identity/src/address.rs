//! Addresses that codes can reach: e-mail and telephone, parsed into one normal form.

use countersign_store::Channel;
use phonenumber::{Mode, Type, country};
use std::fmt;
use std::str::FromStr;

/// Longest e-mail address (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const MAX_EMAIL: usize = 254;
/// Longest text that is worth giving to the telephone parser: 15 digits and generous punctuation.
const MAX_PHONE: usize = 32;

/// A normalised address. Neither `Debug` nor any error of this crate shows it; [`Address::as_str`] does.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Email,
    Phone(Country),
}

/// An ISO 3166-1 country, two capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was typed.
    #[error("the address is empty; an e-mail address or a telephone number is needed")]
    Empty,
    /// Longer than any address can be.
    #[error("the address is too long; at most 254 characters are possible")]
    TooLong,
    /// Neither of the two forms.
    #[error("this is not an e-mail address of the form name@example.org")]
    NotEmail,
    /// It contains characters outside of printable ASCII.
    #[error("the address contains characters that are not printable ASCII")]
    NotAscii,
    /// It cannot be a telephone number.
    #[error(
        "this is not a telephone number; write it with its country code, like +33 6 12 34 56 78"
    )]
    NotPhone,
    /// A telephone number that texts should not or cannot be sent to.
    #[error("this telephone number is not a mobile number")]
    NotMobile,
}

/// A text that is not the two-letter code of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a country is given as its two capital ISO 3166 letters, like FR")]
pub struct CountryError;

impl Address {
    /// Reads what somebody typed: with an `@` it is an e-mail address, otherwise a telephone number, which may
    /// be written nationally if there is a default country.
    ///
    /// The result is the one form under which an account is found:
    /// - e-mail: surrounding space trimmed, everything in lower case. RFC 5321 leaves the case of the part before
    ///   the `@` to its host, but no large host distinguishes it, people type it as their keyboard likes, and two
    ///   accounts that differ only in case would be an invitation to impersonate. Quoted local parts and address
    ///   literals are refused: nobody reads mail there, and they hide what they are.
    /// - telephone: E.164. Only numbers that may be mobile: premium and shared-cost numbers are how text messages
    ///   are turned into money.
    pub fn parse(text: &str, default_country: Option<Country>) -> Result<Self, AddressError> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > MAX_EMAIL {
            return Err(AddressError::TooLong);
        }
        if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(AddressError::NotAscii);
        }
        if text.contains('@') { parse_email(text) } else { parse_phone(text, default_country) }
    }

    /// The normalised text, to be stored, signed and sent to; never to be logged.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How a code travels there.
    pub fn channel(&self) -> Channel {
        match self.kind {
            Kind::Email => Channel::Email,
            Kind::Phone(_) => Channel::Sms,
        }
    }

    /// The country of a telephone number.
    pub fn country(&self) -> Option<Country> {
        match self.kind {
            Kind::Email => None,
            Kind::Phone(country) => Some(country),
        }
    }

    /// Enough for its owner to recognise it: `a…@example.org`, `+33…78`.
    pub fn redacted(&self) -> String {
        match self.text.split_once('@') {
            Some((local, domain)) => format!("{}…@{domain}", local.get(..1).unwrap_or_default()),
            None => {
                let end = self.text.len().saturating_sub(2);
                let (start, tail) = (self.text.get(..3), self.text.get(end..));
                format!("{}…{}", start.unwrap_or_default(), tail.unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Email => "Address(e-mail)",
            Kind::Phone(_) => "Address(phone)",
        })
    }
}

impl Country {
    /// The two letters.
    pub fn as_str(&self) -> &str {
        // Always ASCII: both constructors check it.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn id(self) -> Option<country::Id> {
        self.as_str().parse().ok()
    }
}

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let &[first, second] = text.as_bytes() else { return Err(CountryError) };
        let country = Self([first, second]);
        if !(first.is_ascii_uppercase() && second.is_ascii_uppercase()) || country.id().is_none() {
            return Err(CountryError);
        }
        Ok(country)
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl<'de> serde::Deserialize<'de> for Country {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Country {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn parse_email(text: &str) -> Result<Address, AddressError> {
    let text = text.to_ascii_lowercase();
    // Commas, brackets, quotes and the like separate addresses in a mail header; none of them is needed in one.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~@".contains(&byte);
    if !text.bytes().all(plain) || text.bytes().filter(|byte| *byte == b'@').count() != 1 {
        return Err(AddressError::NotEmail);
    }
    let address = text.parse::<lettre::Address>().map_err(|_| AddressError::NotEmail)?;
    if address.domain().parse::<std::net::IpAddr>().is_ok() {
        return Err(AddressError::NotEmail);
    }
    Ok(Address { text, kind: Kind::Email })
}

fn parse_phone(text: &str, default_country: Option<Country>) -> Result<Address, AddressError> {
    // The parser also understands extensions, RFC 3966 parameters and vanity letters: attack surface without a use.
    let expected = |byte: u8| byte.is_ascii_digit() || b" +()-./".contains(&byte);
    if text.len() > MAX_PHONE || !text.bytes().all(expected) {
        return Err(AddressError::NotPhone);
    }
    let default = default_country.and_then(Country::id);
    let number = phonenumber::parse(default, text).map_err(|_| AddressError::NotPhone)?;
    if !number.is_valid() {
        return Err(AddressError::NotPhone);
    }
    let id = number.country().id().ok_or(AddressError::NotPhone)?;
    let kind = number.number_type(&phonenumber::metadata::DATABASE);
    if !matches!(kind, Type::Mobile | Type::FixedLineOrMobile) {
        return Err(AddressError::NotMobile);
    }
    let country = id.as_ref().parse().map_err(|_| AddressError::NotPhone)?;
    Ok(Address { text: number.format().mode(Mode::E164).to_string(), kind: Kind::Phone(country) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, AddressError> {
        let france = "FR".parse().ok();
        Address::parse(text, france).map(|address| address.as_str().to_owned())
    }

    #[test]
    fn every_spelling_of_an_address_gives_one_form() {
        for text in ["ana@example.org", " Ana@Example.ORG\n", "ANA@EXAMPLE.ORG"] {
            assert_eq!(parse(text).as_deref(), Ok("ana@example.org"));
        }
        for text in ["+33 6 12 34 56 78", "06.12.34.56.78", "+33612345678", "0033 6 12 34 56 78"] {
            assert_eq!(parse(text).as_deref(), Ok("+33612345678"), "{text}");
        }
        assert_eq!(
            parse("o'neil+tag@mail.example.co.uk").as_deref(),
            Ok("o'neil+tag@mail.example.co.uk")
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(250));
        for (text, error) in [
            ("", AddressError::Empty),
            ("   ", AddressError::Empty),
            (long.as_str(), AddressError::TooLong),
            ("ana@exämple.org", AddressError::NotAscii),
            ("ana@example.org\r\nBcc: all@example.org", AddressError::NotAscii),
            ("ana@example.org\0", AddressError::NotAscii),
            ("ana@", AddressError::NotEmail),
            ("@example.org", AddressError::NotEmail),
            ("ana@bob@example.org", AddressError::NotEmail),
            ("ana@example.org,bob@example.org", AddressError::NotEmail),
            ("\"ana b\"@example.org", AddressError::NotEmail),
            ("Ana <ana@example.org>", AddressError::NotEmail),
            ("ana@[127.0.0.1]", AddressError::NotEmail),
            ("ana@127.0.0.1", AddressError::NotEmail),
            ("ana..b@example.org", AddressError::NotEmail),
            ("ana@-example.org", AddressError::NotEmail),
            ("hello", AddressError::NotPhone),
            ("12", AddressError::NotPhone),
            ("+33612345678;ext=1", AddressError::NotPhone),
            ("+999 123 456 789", AddressError::NotPhone),
            ("+33 8 99 12 34 56", AddressError::NotMobile),
            ("+33 1 42 68 53 00", AddressError::NotMobile),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
        assert_eq!(Address::parse("06 12 34 56 78", None), Err(AddressError::NotPhone));
    }

    #[test]
    fn the_country_tells_neighbours_in_one_dialling_code_apart() {
        let country = |text| Address::parse(text, None).ok().and_then(|address| address.country());
        assert_eq!(country("+33612345678"), "FR".parse().ok());
        assert_eq!(country("+12125550123").map(|it| it.to_string()).as_deref(), Some("US"));
        assert_eq!(country("+14165550123").map(|it| it.to_string()).as_deref(), Some("CA"));
        assert_eq!(country("ana@example.org"), None);
    }

    #[test]
    fn countries_are_two_known_capital_letters() {
        assert!("FR".parse::<Country>().is_ok());
        for bad in ["", "F", "fr", "ZZ", "FRA", "é"] {
            assert_eq!(bad.parse::<Country>(), Err(CountryError), "{bad}");
        }
    }

    #[test]
    fn debug_output_hides_the_address_and_redaction_leaves_a_hint() -> Result<(), AddressError> {
        let mail = Address::parse("ana@example.org", None)?;
        let phone = Address::parse("+33612345678", None)?;
        assert_eq!(format!("{mail:?} {phone:?}"), "Address(e-mail) Address(phone)");
        assert_eq!(mail.redacted(), "a…@example.org");
        assert_eq!(phone.redacted(), "+33…78");
        Ok(())
    }
}
