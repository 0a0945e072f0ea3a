//! Properties: the fields of a message, by name.

use std::any::{Any, type_name};
use std::fmt;

/// One field of a message: its name and its type as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Property {
    /// The field's name; `"0"`, `"1"` and so on in a tuple struct.
    pub name: &'static str,
    /// The field's type as the source has it.
    pub type_name: &'static str,
}

impl Property {
    /// Names a field; the derive calls this.
    #[must_use]
    pub const fn new(name: &'static str, type_name: &'static str) -> Property {
        Property { name, type_name }
    }
}

/// Why a property could not be read, written or accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyError {
    /// The message has no property of this name.
    #[error("message `{message}` has no property `{property}`; it has {known}")]
    Unknown {
        /// The message's name.
        message: &'static str,
        /// The name that was asked for.
        property: String,
        /// The names there are.
        known: String,
    },
    /// The property has another type.
    #[error("property `{property}` of message `{message}` is of type `{expected}`, not `{given}`")]
    WrongType {
        /// The message's name.
        message: &'static str,
        /// The property's name.
        property: &'static str,
        /// The field's type as written.
        expected: &'static str,
        /// The type that was asked for or given.
        given: &'static str,
    },
    /// The property is an `Option` and `None`.
    #[error("property `{property}` of message `{message}` is not set")]
    Unset {
        /// The message's name.
        message: &'static str,
        /// The property's name.
        property: &'static str,
    },
    /// The property's value is out of the bounds that the message states.
    #[error("property `{property}` of message `{message}` is invalid: {reason}")]
    Invalid {
        /// The message's name.
        message: &'static str,
        /// The property's name, or the message's own where the whole is checked.
        property: &'static str,
        /// What it should have been.
        reason: String,
    },
}

impl PropertyError {
    /// A property out of its bounds; the derive calls this.
    #[must_use]
    pub fn invalid(
        message: &'static str,
        property: &'static str,
        reason: impl fmt::Display,
    ) -> PropertyError {
        PropertyError::Invalid { message, property, reason: reason.to_string() }
    }
}

pub(super) fn read<'a, T: 'static>(
    message: &'static str,
    properties: &'static [Property],
    name: &str,
    field: Option<&'a dyn Any>,
) -> Result<&'a T, PropertyError> {
    let (Some(field), Some(property)) = (field, find(properties, name)) else {
        return Err(unknown(message, properties, name));
    };
    if let Some(value) = field.downcast_ref::<T>() {
        return Ok(value);
    }
    match field.downcast_ref::<Option<T>>() {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(PropertyError::Unset { message, property: property.name }),
        None => Err(wrong_type::<T>(message, property)),
    }
}

pub(super) fn write<T: 'static>(
    message: &'static str,
    properties: &'static [Property],
    name: &str,
    field: Option<&mut dyn Any>,
    value: T,
) -> Result<(), PropertyError> {
    let (Some(field), Some(property)) = (field, find(properties, name)) else {
        return Err(unknown(message, properties, name));
    };
    if let Some(place) = field.downcast_mut::<Option<T>>() {
        *place = Some(value);
    } else if let Some(place) = field.downcast_mut::<T>() {
        *place = value;
    } else {
        return Err(wrong_type::<T>(message, property));
    }
    Ok(())
}

fn find(properties: &'static [Property], name: &str) -> Option<&'static Property> {
    properties.iter().find(|property| property.name == name)
}

fn unknown(message: &'static str, properties: &[Property], name: &str) -> PropertyError {
    let names: Vec<_> = properties.iter().map(|property| format!("`{}`", property.name)).collect();
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    PropertyError::Unknown { message, property: name.to_owned(), known }
}

fn wrong_type<T>(message: &'static str, property: &Property) -> PropertyError {
    PropertyError::WrongType {
        message,
        property: property.name,
        expected: property.type_name,
        given: type_name::<T>(),
    }
}
