//! The limits while a value is written.

use serde::ser::{self, Error, Serialize, Serializer};

use super::{Guard, LIMIT, Level};

/// A value that is written within limits.
pub(crate) struct Guarded<'a, T: ?Sized> {
    value: &'a T,
    level: Level<'a>,
}

impl<'a, T: ?Sized> Guarded<'a, T> {
    pub(crate) fn new(value: &'a T, guard: &'a Guard) -> Guarded<'a, T> {
        Guarded { value, level: Level::top(guard) }
    }
}

impl<T: Serialize + ?Sized> Serialize for Guarded<'_, T> {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Guarding { inner: serializer, level: self.level })
    }
}

/// A serializer, or a part of one, that keeps to the limits.
struct Guarding<'a, S> {
    inner: S,
    level: Level<'a>,
}

impl<'a, S> Guarding<'a, S> {
    #[inline(always)]
    fn below<E: Error>(&self) -> Result<Level<'a>, E> {
        self.level.below().ok_or_else(|| E::custom(LIMIT))
    }

    #[inline(always)]
    fn items<E: Error>(&self, count: Option<usize>) -> Result<(), E> {
        let fits = self.level.guard.take_items(count.unwrap_or(0));
        if fits { Ok(()) } else { Err(E::custom(LIMIT)) }
    }

    #[inline(always)]
    fn guard<'v, T: ?Sized>(&self, value: &'v T) -> Guarded<'v, T>
    where
        'a: 'v,
    {
        Guarded { value, level: self.level }
    }
}

macro_rules! pass_on {
    ($($method:ident($type:ty),)*) => {
        $(
            #[inline(always)]
            fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
                self.inner.$method(value)
            }
        )*
    };
}

impl<'a, S: Serializer> Serializer for Guarding<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Guarding<'a, S::SerializeSeq>;
    type SerializeTuple = Guarding<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Guarding<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Guarding<'a, S::SerializeTupleVariant>;
    type SerializeMap = Guarding<'a, S::SerializeMap>;
    type SerializeStruct = Guarding<'a, S::SerializeStruct>;
    type SerializeStructVariant = Guarding<'a, S::SerializeStructVariant>;

    pass_on! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32),
        serialize_i64(i64), serialize_i128(i128), serialize_u8(u8), serialize_u16(u16),
        serialize_u32(u32), serialize_u64(u64), serialize_u128(u128), serialize_f32(f32),
        serialize_f64(f64), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_unit_struct(&'static str),
    }

    #[inline(always)]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        // As when it is read, where it is not known yet that nothing is below.
        self.below()?;
        self.inner.serialize_none()
    }

    #[inline(always)]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let level = self.below()?;
        self.inner.serialize_some(&Guarded { value, level })
    }

    #[inline(always)]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    #[inline(always)]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.below()?;
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline(always)]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let level = self.below()?;
        self.inner.serialize_newtype_struct(name, &Guarded { value, level })
    }

    #[inline(always)]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let level = self.below()?;
        self.inner.serialize_newtype_variant(name, index, variant, &Guarded { value, level })
    }

    #[inline(always)]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.items(length)?;
        let level = self.below()?;
        Ok(Guarding { inner: self.inner.serialize_seq(length)?, level })
    }

    #[inline(always)]
    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        let level = self.below()?;
        Ok(Guarding { inner: self.inner.serialize_tuple(length)?, level })
    }

    #[inline(always)]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let level = self.below()?;
        Ok(Guarding { inner: self.inner.serialize_tuple_struct(name, length)?, level })
    }

    #[inline(always)]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let level = self.below()?;
        let inner = self.inner.serialize_tuple_variant(name, index, variant, length)?;
        Ok(Guarding { inner, level })
    }

    #[inline(always)]
    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.items(length)?;
        let level = self.below()?;
        Ok(Guarding { inner: self.inner.serialize_map(length)?, level })
    }

    #[inline(always)]
    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let level = self.below()?;
        Ok(Guarding { inner: self.inner.serialize_struct(name, length)?, level })
    }

    #[inline(always)]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let level = self.below()?;
        let inner = self.inner.serialize_struct_variant(name, index, variant, length)?;
        Ok(Guarding { inner, level })
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! guard_parts {
    ($($part:ident::$method:ident,)*) => {
        $(
            impl<S: ser::$part> ser::$part for Guarding<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                #[inline(always)]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                    let value = self.guard(value);
                    self.inner.$method(&value)
                }

                #[inline(always)]
                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )*
    };
}

guard_parts! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! guard_fields {
    ($($part:ident,)*) => {
        $(
            impl<S: ser::$part> ser::$part for Guarding<'_, S> {
                type Ok = S::Ok;
                type Error = S::Error;

                #[inline(always)]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    name: &'static str,
                    value: &T,
                ) -> Result<(), S::Error> {
                    let value = self.guard(value);
                    self.inner.serialize_field(name, &value)
                }

                #[inline(always)]
                fn skip_field(&mut self, name: &'static str) -> Result<(), S::Error> {
                    self.inner.skip_field(name)
                }

                #[inline(always)]
                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )*
    };
}

guard_fields! { SerializeStruct, SerializeStructVariant, }

impl<S: ser::SerializeMap> ser::SerializeMap for Guarding<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline(always)]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        let key = self.guard(key);
        self.inner.serialize_key(&key)
    }

    #[inline(always)]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let value = self.guard(value);
        self.inner.serialize_value(&value)
    }

    #[inline(always)]
    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}
