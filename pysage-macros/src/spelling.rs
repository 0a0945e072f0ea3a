//! How types and ranges are spelled in a message's properties and its errors.
//!
//! Two ends compare the spelling of their types before they talk, so it must not depend on spaces
//! in the source, nor on how some version of rustc prints tokens.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree, token_stream};

/// The source text of a type or an expression, spaced as rustfmt would.
pub(crate) fn spell(tokens: TokenStream) -> String {
    let mut spelling = Spelling { text: String::new(), last: Piece::Tight };
    spelling.push_all(tokens);
    spelling.text
}

struct Spelling {
    text: String,
    last: Piece,
}

/// A piece of the text, by what it does to the space on its sides.
#[derive(Clone, Copy, PartialEq)]
enum Piece {
    Word,
    /// A word that keeps its distance from a bracket, such as `dyn`.
    Keyword,
    Lifetime,
    Literal,
    /// An operator between two values.
    Binary,
    /// `,` `;` `:`
    Separator,
    /// What clings on both sides: `::`, `..`, `<`, an opening bracket, an operator before a value.
    Tight,
    /// A closing bracket that is not a brace.
    Close,
    Brace,
}

const OPERATORS: [&str; 11] = ["..=", "::", "..", "->", "=>", "==", "!=", "<=", ">=", "&&", "||"];

impl Spelling {
    fn push_all(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.push_group(&group),
                TokenTree::Ident(word) => {
                    let word = word.to_string();
                    let keyword = ["as", "const", "dyn", "impl", "in", "mut", "unsafe", "where"];
                    let is_keyword = keyword.contains(&word.as_str());
                    self.push(if is_keyword { Piece::Keyword } else { Piece::Word }, &word);
                }
                TokenTree::Literal(literal) => self.push(Piece::Literal, &literal.to_string()),
                TokenTree::Punct(punct) => {
                    let more = punct.spacing() == Spacing::Joint;
                    self.push_punct(punct.as_char(), more, &mut tokens);
                }
            }
        }
    }

    fn push_group(&mut self, group: &Group) {
        let (open, close, outer, inner) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")", Piece::Tight, Piece::Close),
            Delimiter::Bracket => ("[", "]", Piece::Tight, Piece::Close),
            Delimiter::Brace => ("{", "}", Piece::Brace, Piece::Brace),
            // What a macro's fragment is wrapped in; nothing that was written.
            Delimiter::None => return self.push_all(group.stream()),
        };
        self.push(outer, open);
        self.push_all(group.stream());
        self.push(inner, close);
    }

    fn push_punct(
        &mut self,
        first: char,
        mut more: bool,
        rest: &mut Peekable<token_stream::IntoIter>,
    ) {
        let mut text = String::from(first);
        while more && let Some(TokenTree::Punct(next)) = rest.peek() {
            let longer = format!("{text}{}", next.as_char());
            if !OPERATORS.contains(&longer.as_str()) {
                break;
            }
            text = longer;
            more = next.spacing() == Spacing::Joint;
            rest.next();
        }
        if text == "'"
            && let Some(TokenTree::Ident(name)) =
                rest.next_if(|next| matches!(next, TokenTree::Ident(_)))
        {
            return self.push(Piece::Lifetime, &format!("'{name}"));
        }
        let after_value =
            matches!(self.last, Piece::Word | Piece::Literal | Piece::Close | Piece::Brace);
        let piece = match text.as_str() {
            "," | ";" | ":" => Piece::Separator,
            ">" => Piece::Close,
            "-" | "*" | "&" | "&&" if !after_value => Piece::Tight,
            "::" | ".." | "..=" | "." | "<" | "!" | "?" | "$" => Piece::Tight,
            _ => Piece::Binary,
        };
        self.push(piece, &text);
    }

    fn push(&mut self, piece: Piece, text: &str) {
        if self.space_before(piece) {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.last = piece;
    }

    fn space_before(&self, next: Piece) -> bool {
        use Piece::{Binary, Brace, Close, Keyword, Lifetime, Literal, Separator, Tight, Word};
        match (self.last, next) {
            (Tight, _) | (_, Close | Separator) => false,
            (Separator | Binary | Brace | Keyword | Lifetime, _) => true,
            (_, Binary | Brace) => true,
            (Word | Literal | Close, next) => matches!(next, Word | Keyword | Lifetime | Literal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::spell;

    fn respell(source: &str) -> String {
        spell(source.parse().expect("a list of tokens"))
    }

    #[test]
    fn types_are_spaced_as_rustfmt_would() {
        for spelling in [
            "i32",
            "Vec<i32>",
            "Option<Vec<String>>",
            "(i32, String)",
            "(i32,)",
            "()",
            "[u8; 4]",
            "[u8; { N + 1 }]",
            "Grid<{ N }, 3>",
            "&'static str",
            "&'static [u8]",
            "&'static mut (A, B)",
            "*const [u8]",
            "&&u8",
            "::std::collections::HashMap<String, Vec<u8>>",
            "<T as Iterator>::Item",
            "Vec<<T as Iterator>::Item>",
            "fn(i32, &str) -> bool",
            "Box<dyn Fn(i32) -> bool + Send + 'static>",
            "Box<dyn for<'a> Fn(&'a str) -> !>",
            "PhantomData<dyn Iterator<Item = i32> + ?Sized>",
            "Wide<-1>",
            "list!(i32)",
        ] {
            assert_eq!(respell(spelling), spelling);
        }
    }

    #[test]
    fn ranges_are_spaced_as_rustfmt_would() {
        for spelling in [
            "0..=100",
            "..1.0",
            "-1.0..",
            "..=-1",
            "..",
            "'a'..='z'",
            "MIN..MAX",
            "limits::MIN + 1..=i32::MAX - 2 * N",
            "Limits::<3>::LOW..",
            "LIMITS",
            "(0, 1)..(N as u8, !0)",
        ] {
            assert_eq!(respell(spelling), spelling);
        }
    }

    #[test]
    fn spaces_of_the_source_do_not_show() {
        assert_eq!(respell("Vec < Option\n<i32 > >"), "Vec<Option<i32>>");
        assert_eq!(respell(" 0 ..= 100 "), "0..=100");
        assert_eq!(respell("- 5 .. N+1"), "-5..N + 1");
    }
}
