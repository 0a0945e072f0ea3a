//! The limits while a value is read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::{Guard, LIMIT, Level};

/// A value that is read within limits.
pub(crate) struct GuardedSeed<'a, T> {
    guard: &'a Guard,
    value: PhantomData<T>,
}

impl<'a, T> GuardedSeed<'a, T> {
    pub(crate) fn new(guard: &'a Guard) -> GuardedSeed<'a, T> {
        GuardedSeed { guard, value: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for GuardedSeed<'_, T> {
    type Value = T;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(Guarding::new(deserializer, Level::top(self.guard)))
    }
}

/// A deserializer, a visitor or an access of one, that keeps to the limits.
struct Guarding<'a, D> {
    inner: D,
    level: Level<'a>,
    /// Whether the items are those of a sequence or a map, and count.
    counts: bool,
}

impl<'a, D> Guarding<'a, D> {
    #[inline(always)]
    fn new(inner: D, level: Level<'a>) -> Guarding<'a, D> {
        Guarding { inner, level, counts: false }
    }

    #[inline(always)]
    fn with<T>(&self, inner: T) -> Guarding<'a, T> {
        Guarding::new(inner, self.level)
    }

    /// A visitor of what is a level below.
    #[inline(always)]
    fn below<V, E: Error>(&self, visitor: V, counts: bool) -> Result<Guarding<'a, V>, E> {
        let level = self.level.below().ok_or_else(|| E::custom(LIMIT))?;
        Ok(Guarding { inner: visitor, level, counts })
    }

    /// Counts the items that a sequence or a map claims to have.
    #[inline(always)]
    fn items<E: Error>(&self, count: Option<usize>) -> Result<(), E> {
        let fits = !self.counts || self.level.guard.take_items(count.unwrap_or(0));
        if fits { Ok(()) } else { Err(E::custom(LIMIT)) }
    }
}

macro_rules! pass_on {
    ($($method:ident,)*) => {
        $(
            #[inline(always)]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
                self.inner.$method(visitor)
            }
        )*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guarding<'_, D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any, deserialize_bool, deserialize_i8, deserialize_i16, deserialize_i32,
        deserialize_i64, deserialize_i128, deserialize_u8, deserialize_u16, deserialize_u32,
        deserialize_u64, deserialize_u128, deserialize_f32, deserialize_f64, deserialize_char,
        deserialize_str, deserialize_bytes, deserialize_unit, deserialize_identifier,
        deserialize_ignored_any,
    }

    #[inline(always)]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_str(visitor)
    }

    #[inline(always)]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_bytes(visitor)
    }

    #[inline(always)]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, false)?;
        self.inner.deserialize_option(visitor)
    }

    #[inline(always)]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, false)?;
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    #[inline(always)]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, true)?;
        self.inner.deserialize_seq(visitor)
    }

    #[inline(always)]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, false)?;
        self.inner.deserialize_tuple(length, visitor)
    }

    #[inline(always)]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, false)?;
        self.inner.deserialize_tuple_struct(name, length, visitor)
    }

    #[inline(always)]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, true)?;
        self.inner.deserialize_map(visitor)
    }

    #[inline(always)]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, false)?;
        self.inner.deserialize_struct(name, fields, visitor)
    }

    #[inline(always)]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.below(visitor, false)?;
        self.inner.deserialize_enum(name, variants, visitor)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// The visitors of levels: what else a format hands to a visitor has no level below.
impl<'de, V: Visitor<'de>> Visitor<'de> for Guarding<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    #[inline(always)]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    #[inline(always)]
    fn visit_some<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        let inside = self.with(inside);
        self.inner.visit_some(inside)
    }

    #[inline(always)]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        let inside = self.with(inside);
        self.inner.visit_newtype_struct(inside)
    }

    #[inline(always)]
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.items(items.size_hint())?;
        let items = self.with(items);
        self.inner.visit_seq(items)
    }

    #[inline(always)]
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.items(entries.size_hint())?;
        let entries = self.with(entries);
        self.inner.visit_map(entries)
    }

    #[inline(always)]
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let variant = self.with(variant);
        self.inner.visit_enum(variant)
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Guarding<'_, T> {
    type Value = T::Value;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        let deserializer = self.with(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Guarding<'_, A> {
    type Error = A::Error;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        let seed = self.with(seed);
        self.inner.next_element_seed(seed)
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        Some(self.inner.size_hint()?.min(self.level.guard.reserve))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Guarding<'_, A> {
    type Error = A::Error;

    #[inline(always)]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let seed = self.with(seed);
        self.inner.next_key_seed(seed)
    }

    #[inline(always)]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        let seed = self.with(seed);
        self.inner.next_value_seed(seed)
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        Some(self.inner.size_hint()?.min(self.level.guard.reserve))
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Guarding<'a, A> {
    type Error = A::Error;
    type Variant = Guarding<'a, A::Variant>;

    #[inline(always)]
    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let level = self.level;
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Guarding::new(variant, level)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guarding<'_, A> {
    type Error = A::Error;

    #[inline(always)]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline(always)]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        let seed = self.with(seed);
        self.inner.newtype_variant_seed(seed)
    }

    #[inline(always)]
    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    #[inline(always)]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}
