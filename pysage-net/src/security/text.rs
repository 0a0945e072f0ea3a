//! Keys as text: a prefix that says of which kind it is, and hexadecimal digits.

use zeroize::Zeroizing;

use super::KeyError;

pub(super) fn write(prefix: &str, bytes: &[u8; 32]) -> String {
    // As long as it gets: what grows leaves copies behind.
    let mut text = String::with_capacity(prefix.len() + 64);
    text.push_str(prefix);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).expect("four bits are a digit"));
        }
    }
    text
}

pub(super) fn read(prefix: &'static str, given: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let digits = given.trim().strip_prefix(prefix).filter(|digits| digits.len() == 64);
    let digits = digits.ok_or(KeyError { prefix })?.as_bytes();
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        for digit in pair {
            let digit = char::from(*digit).to_digit(16).ok_or(KeyError { prefix })?;
            *byte = *byte << 4 | digit as u8;
        }
    }
    Ok(bytes)
}
