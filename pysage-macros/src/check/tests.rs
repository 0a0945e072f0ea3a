use quote::quote;
use syn::{DeriveInput, parse2};

use super::*;

fn check(tokens: TokenStream) -> (Model, Vec<String>) {
    let input: DeriveInput = parse2(tokens).expect("a type");
    let mut errors = Errors::default();
    let input = Input::read(input, &mut errors);
    let model = Model::check(input, "pysage_core", &mut errors);
    let errors = errors.into_error().into_iter().flatten();
    (model, errors.map(|error| error.to_string()).collect())
}

fn model(tokens: TokenStream) -> Model {
    let (model, errors) = check(tokens);
    assert_eq!(errors, Vec::<String>::new());
    model
}

fn errors(tokens: TokenStream) -> Vec<String> {
    check(tokens).1
}

/// The errors of a struct with this attribute.
fn errors_of(attribute: TokenStream) -> Vec<String> {
    errors(quote!(#attribute struct Bomb;))
}

/// The errors of a struct with this attribute on a field of type `i32`.
fn errors_of_field(attribute: TokenStream) -> Vec<String> {
    errors(quote!(struct Bomb { #attribute damage: i32 }))
}

fn text(tokens: &Option<TokenStream>) -> Option<String> {
    tokens.clone().map(spell)
}

#[test]
fn a_plain_struct_is_named_after_its_type() {
    let model = model(quote! {
        struct Bomb { damage: i32, r#type: Option<Vec<u8>> }
    });
    assert_eq!(model.name.value(), "Bomb");
    assert_eq!(spell(model.root), "::pysage_core");
    assert!(model.packet_type.is_none());
    let names: Vec<_> = model.properties.iter().map(|property| property.name.as_str()).collect();
    assert_eq!(names, ["damage", "type"]);
    assert_eq!(model.properties[1].type_name, "Option<Vec<u8>>");
}

#[test]
fn every_key_finds_its_place() {
    let model = model(quote! {
        #[derive(Debug)]
        #[message(packet_type = 0x65, name = "boom", version = 2)]
        #[message(delivery = sequenced, stream = 255, validate = Self::check, crate = a::b,)]
        #[message(reply = Result<Vec<u8>, E>)]
        struct Bomb(#[message(range = 1..=2, validate = <u8 as Check<i8, i16>>::check)] u8);
    });
    assert!(matches!(model.packet_type, Some(PacketType::Number(_))));
    assert_eq!(model.name.value(), "boom");
    assert_eq!(text(&model.version).as_deref(), Some("2"));
    assert_eq!(text(&model.stream).as_deref(), Some("255"));
    assert_eq!(model.delivery.expect("it was given"), "Sequenced");
    assert_eq!(spell(model.validate.to_token_stream()), "Self::check");
    assert_eq!(spell(model.reply.to_token_stream()), "Result<Vec<u8>, E>");
    assert_eq!(spell(model.root), "a::b");
    let property = &model.properties[0];
    assert_eq!(property.name, "0");
    assert_eq!(text(&property.range).as_deref(), Some("1..=2"));
    let validate = spell(property.validate.to_token_stream());
    assert_eq!(validate, "<u8 as Check<i8, i16>>::check");
}

#[test]
fn what_is_inside_an_option_is_checked() {
    let model = model(quote! {
        struct Bomb {
            a: Option<i32>,
            b: std::option::Option<i32>,
            c: ::core::option::Option<i32>,
            d: (Option<i32>),
            e: i32,
            f: other::Option<i32>,
            g: Option<i32, u8>,
            h: Option,
            i: [Option<i32>; 2],
        }
    });
    let options: Vec<_> = model.properties.iter().filter(|property| property.is_option).collect();
    let names: String = options.iter().map(|property| property.name.as_str()).collect();
    assert_eq!(names, "abcd");
    for property in options {
        assert_eq!(spell(property.checked_type.to_token_stream()), "i32");
    }
}

#[test]
fn packet_types_that_are_not_numbers_are_left_to_the_evaluation() {
    for constant in [quote!(BASE), quote!(BASE + 1), quote!(1 << 8), quote!({ 5 }), quote!(f(1, 2))]
    {
        let model = model(quote! { #[message(packet_type = #constant, stream = 1)] struct Bomb; });
        assert!(matches!(model.packet_type, Some(PacketType::Constant(_))), "{constant}");
        assert!(model.stream.is_some(), "{constant}");
    }
}

#[test]
fn packet_types_are_from_101_to_65535() {
    let reserved = "packet types 0 to 100 are reserved; 101 and up are free";
    let other = "a packet type is a number from 101 to 65535, or a constant";
    for (value, error) in [
        (quote!(0), reserved),
        (quote!(100), reserved),
        (quote!(0x64u16), reserved),
        (quote!(-1), other),
        (quote!(65536), other),
        (quote!(99999999999999999999999999999999999999999999), other),
        (quote!("101"), other),
        (quote!(101.0), other),
    ] {
        assert_eq!(errors_of(quote!(#[message(packet_type = #value)])), [error], "{value}");
    }
}

#[test]
fn values_of_the_wrong_kind_are_explained() {
    for (attribute, error) in [
        (quote!(name = ""), "the name of a message cannot be empty"),
        (quote!(name = boom), "`name` is text in quotes, such as `name = \"boom\"`"),
        (quote!(version = 0), "`version` is a number from 1 to 65535"),
        (quote!(version = 65536), "`version` is a number from 1 to 65535"),
        (quote!(version = "1"), "`version` is a number from 1 to 65535"),
        (quote!(stream = 256), "`stream` is a number from 0 to 255"),
        (quote!(stream = -1), "`stream` is a number from 0 to 255"),
        (
            quote!(validate = "check"),
            "`validate` is the path of a function, such as `validate = check_damage`",
        ),
        (
            quote!(validate = |_| Ok(())),
            "`validate` is the path of a function, such as `validate = check_damage`",
        ),
        (quote!(reply = "i32"), "`reply` is a type without quotes, such as `reply = i32`"),
        (quote!(reply = Vec < i32), "`reply` is a type without quotes, such as `reply = i32`"),
        (
            quote!(reply = &'_ str),
            "a reply borrows nothing; own the data, such as `String` for `&str`",
        ),
        (
            quote!(crate = "engine"),
            "`crate` is a path without quotes, such as `crate = engine::pysage_core`",
        ),
    ] {
        assert_eq!(errors_of(quote!(#[message(#attribute)])), [error], "{attribute}");
    }
}

#[test]
fn deliveries_are_listed_and_the_nearest_suggested() {
    let deliveries = "`delivery` is one of `unreliable`, `sequenced`, `reliable_unordered` and \
                      `reliable_ordered`, without quotes";
    for (value, hint) in [
        (quote!(reliable), "; did you mean `reliable_ordered`?"),
        (quote!(ordered), "; did you mean `reliable_ordered`?"),
        (quote!(unordered), "; did you mean `reliable_unordered`?"),
        (quote!(sequence), "; did you mean `sequenced`?"),
        (quote!("unreliable"), "; did you mean `unreliable`?"),
        (quote!(Delivery::ReliableOrdered), "; did you mean `reliable_ordered`?"),
        (quote!(tcp), ""),
        (quote!(1), ""),
    ] {
        let expected = format!("{deliveries}{hint}");
        assert_eq!(errors_of(quote!(#[message(delivery = #value)])), [expected], "{value}");
    }
}

#[test]
fn unknown_and_misplaced_keys_are_told_where_to_go() {
    assert_eq!(
        errors_of(quote!(#[message(packet = 101)])),
        ["unknown key `packet`; a message takes `packet_type`, `name`, `version`, `delivery`, \
             `stream`, `validate`, `reply` and `crate`; did you mean `packet_type`?"]
    );
    assert_eq!(
        errors_of_field(quote!(#[message(default = 1)])),
        ["unknown key `default`; a field takes `range` and `validate`"]
    );
    assert_eq!(
        errors_of(quote!(#[message(range = 0..1)])),
        ["`range` goes on a field of the message, not on the message"]
    );
    assert_eq!(
        errors_of_field(quote!(#[message(version = 1)])),
        ["`version` goes on the message, not on its fields"]
    );
}

#[test]
fn ranges_without_values_are_refused() {
    for (range, empty) in [
        (quote!(1..=0), "1..=0"),
        (quote!(5..5), "5..5"),
        (quote!(-1..-0x2), "-1..-0x2"),
        (quote!(1_000u32..=999), "1_000u32..=999"),
    ] {
        let expected = format!("no value is within {empty}");
        assert_eq!(errors_of_field(quote!(#[message(range = #range)])), [expected]);
    }
    for range in [quote!(5..=5), quote!(-2..-1), quote!(0..), quote!(..0), quote!(B..A), quote!(R)]
    {
        assert_eq!(errors_of_field(quote!(#[message(range = #range)])), [""; 0], "{range}");
    }
    assert_eq!(
        errors_of_field(quote!(#[message(range = 100)])),
        ["`range` is a range of values, such as `range = 0..=100`"]
    );
}

#[test]
fn enums_are_checked_as_a_whole() {
    let model = model(quote! { #[message(validate = check)] enum Order { Go(u8), Stop } });
    assert_eq!(model.properties.len(), 0);
    assert!(model.validate.is_some());
    assert_eq!(
        errors(quote! {
            enum Order {
                #[message(name = "go")]
                Go(#[message(range = 0..1)] u8),
                Halt { #[message(rage = 0..1)] soon: u8 },
            }
        }),
        [
            "`name` goes on the enum, not on its variants",
            "`range` checks the fields of structs; an enum is checked as a whole, by a `validate` \
             on the enum itself",
            "unknown key `rage`; only the enum itself takes keys, not its variants",
        ]
    );
}

#[test]
fn types_that_cannot_be_messages_are_told_why() {
    let borrows = "a message borrows nothing: it is handled when the borrow is long over; own the \
                   data, such as `String` for `&str`";
    assert_eq!(
        errors(quote!(
            struct Bomb<'a, 'b: 'a>(&'a str, &'b str);
        )),
        [borrows, borrows]
    );
    assert_eq!(
        errors(quote!(union Bomb { a: u8, b: i8 })),
        ["a union cannot be a message, since nobody can tell which of its fields is set; use a \
          struct or an enum"]
    );
    assert_eq!(
        errors(quote!(
            #[repr(C, packed(2))]
            struct Bomb(u32);
        )),
        ["a message cannot be packed, since its properties are read by reference"]
    );
    assert_eq!(
        errors(quote!(
            #[repr(packed)]
            struct Bomb;
        )),
        [""; 0]
    );
}

#[test]
fn one_packet_type_cannot_stand_for_several_types() {
    let generic = "a generic message cannot have a packet type, since one number cannot stand for \
                   several types; wrap it in a plain struct that has one";
    assert_eq!(
        errors(quote!(
            #[message(packet_type = 101)]
            struct Bomb<T>(T);
        )),
        [generic]
    );
    assert_eq!(
        errors(quote!(
            #[message(packet_type = B)]
            struct Bomb<const N: u8>;
        )),
        [generic]
    );
    assert!(
        model(quote!(
            struct Bomb<T>(T);
        ))
        .is_generic()
    );
    assert!(
        !model(quote!(
            struct Bomb;
        ))
        .is_generic()
    );
}

#[test]
fn all_errors_are_reported_at_once() {
    assert_eq!(
        errors(quote! {
            #[message(packet_type = 1, nmae = "x", stream = 300, packet_type = 2)]
            struct Bomb {
                #[message(range = 2..1)]
                #[message(range = 1..2)]
                damage: i32,
                #[message(validate)]
                colour: u8,
            }
        }),
        [
            "`validate` needs a value: `validate = ..`",
            "`packet_type` is given twice",
            "packet types 0 to 100 are reserved; 101 and up are free",
            "unknown key `nmae`; a message takes `packet_type`, `name`, \
             `version`, `delivery`, `stream`, `validate`, `reply` and `crate`; did you mean `name`?",
            "`stream` is a number from 0 to 255",
            "`range` is given twice",
            "no value is within 2..1",
        ]
    );
}

/// The entries of serde that the wire form heeds on a field, and the errors.
fn heeded(attribute: TokenStream) -> (Vec<String>, Vec<String>) {
    let (model, errors) =
        check(quote!(#[message(packet_type = 101)] struct Bomb(#attribute Vec<Self>);));
    let Some(Wire::Struct(fields)) = model.wire else { panic!("a struct has a wire form") };
    assert_eq!(spell(fields.list[0].ty.clone()), "Vec<Bomb>");
    (fields.list[0].serde.iter().map(|entry| spell(entry.clone())).collect(), errors)
}

#[test]
fn of_serde_only_what_fits_fields_by_place_is_heeded() {
    for (attribute, entries) in [
        (quote!(#[serde(with = "a::b", default)]), &["with = \"a :: b\"", "default"][..]),
        (quote!(#[serde(default = "Self::c")]), &["default = \"Bomb :: c\""]),
        (quote!(#[serde(skip)] #[serde(skip_serializing,)]), &["skip", "skip_serializing"]),
        (
            quote!(#[serde(skip_serializing, skip_deserializing)]),
            &["skip_serializing", "skip_deserializing"],
        ),
        (quote!(#[serde(rename = "x", alias = "y", bound(serialize = ""))]), &[]),
        (quote!(#[serde()]), &[]),
    ] {
        let (heeded, errors) = heeded(attribute);
        assert_eq!(heeded, entries);
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn of_serde_what_the_reader_could_not_notice_is_refused() {
    let twice = "`skip_serializing` without `skip_deserializing` makes what is written differ \
                 from what is read; `skip` does both";
    for (attribute, expected) in [
        (quote!(#[serde(flatten)]), "`flatten` is of no use to a message with a packet type"),
        (quote!(#[serde(skip_serializing_if = "f")]), "`skip_serializing_if` leaves a gap"),
        (quote!(#[serde(skip_serializing)]), twice),
        (quote!(#[serde(skip = true)]), "`skip` takes no value"),
        (quote!(#[serde(with = "a b")]), "`with` takes a path in quotes"),
        (quote!(#[serde(default(x))]), "`default` stands alone or takes a path in quotes"),
        (quote!(#[serde(default)] #[serde(default)]), "`default` is given twice"),
        (quote!(#[serde(tag = "x")]), "unknown key `tag` of serde"),
        (quote!(#[serde]), "`serde` needs a list"),
    ] {
        let (_, errors) = heeded(attribute);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(expected), "{errors:?}");
    }
    let local = quote!(
        struct Bomb(#[serde(flatten)] u8);
    );
    assert!(model(local).wire.is_none());
}
