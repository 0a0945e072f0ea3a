//! Messages that are a name and nothing else.

use std::borrow::Cow;

use super::{Message, MessageSlot, SlotCell};

/// A message made from a name at run time, for handlers that subscribed to the name.
pub(crate) struct NamedMessage {
    pub(crate) name: Cow<'static, str>,
}

impl Message for NamedMessage {
    const NAME: &'static str = "NamedMessage";

    fn name_of_value(&self) -> &str {
        &self.name
    }

    fn slot() -> MessageSlot {
        static SLOT: SlotCell = SlotCell::new();
        SLOT.get::<Self>()
    }
}
