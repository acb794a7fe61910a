//! Reading `*.tls` text into declarations: the syntax only, names are resolved in `link`.

use crate::GrammarError;

/// One token; words are names, numbers and byte strings alike.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Token {
    Word(&'static str),
    Sign(char),
    /// `..`
    Range,
    /// `==`
    Equals,
    End,
}

/// Everything that a file declares.
#[derive(Default)]
pub(crate) struct Declarations {
    pub givens: Vec<Given>,
    pub enums: Vec<EnumDeclaration>,
    pub structs: Vec<StructDeclaration>,
    pub aliases: Vec<Alias>,
    pub extended_enums: Vec<EnumDeclaration>,
    pub extended_selects: Vec<SelectExtension>,
}

/// Where something was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub file: &'static str,
    pub line: usize,
}

pub(crate) struct Given {
    pub type_name: &'static str,
    pub name: &'static str,
    pub default: Option<&'static str>,
}

/// Names with their numbers, as they stand in an enum.
type Names = Vec<(&'static str, u64)>;

pub(crate) struct EnumDeclaration {
    pub name: &'static str,
    pub names: Names,
    /// The greatest number, which decides the width.
    pub max: u64,
    pub origin: Origin,
}

pub(crate) struct StructDeclaration {
    pub name: &'static str,
    pub fields: Vec<FieldDeclaration>,
    pub origin: Origin,
}

/// `opaque Random[32];`, `uint16 ProtocolVersion;`
pub(crate) struct Alias {
    pub name: &'static str,
    pub type_name: &'static str,
    pub size: Option<SizeDeclaration>,
    pub origin: Origin,
}

pub(crate) struct SelectExtension {
    pub owner: &'static str,
    pub field: &'static str,
    pub cases: Vec<Case>,
    pub origin: Origin,
}

#[derive(Clone)]
pub(crate) struct FieldDeclaration {
    pub name: &'static str,
    pub optional: bool,
    pub what: Declared,
    pub origin: Origin,
}

#[derive(Clone)]
pub(crate) enum Declared {
    Typed {
        type_name: &'static str,
        size: Option<SizeDeclaration>,
        default: Option<Default>,
        reads: Option<Reads>,
    },
    Select(SelectDeclaration),
    /// The condition is a field and its bytes.
    Let {
        value: &'static str,
        when: Option<(&'static str, &'static str)>,
    },
}

#[derive(Clone)]
pub(crate) enum Default {
    Word(&'static str),
    Sizeof { target: &'static str, base: u64 },
}

#[derive(Clone)]
pub(crate) enum Reads {
    Type(&'static str),
    Select(SelectDeclaration),
}

#[derive(Clone)]
pub(crate) enum SizeDeclaration {
    Fixed(u64),
    Named(&'static str),
    Range(u64, u64),
    Rest,
}

#[derive(Clone)]
pub(crate) struct SelectDeclaration {
    pub selectors: Vec<&'static str>,
    pub cases: Vec<Case>,
}

#[derive(Clone)]
pub(crate) struct Case {
    /// Alternatives, each a value for every selector; empty for `default`.
    pub patterns: Vec<Vec<&'static str>>,
    pub fields: Vec<FieldDeclaration>,
    pub origin: Origin,
}

/// Reads one file.
pub(crate) fn parse(file: &'static str, text: &'static str, into: &mut Declarations) -> Result<(), GrammarError> {
    let tokens = tokens(file, text)?;
    let mut parser = Parser { file, tokens, at: 0 };
    while parser.peek() != Token::End {
        parser.item(into)?;
    }
    Ok(())
}

fn tokens(file: &'static str, text: &'static str) -> Result<Vec<(Token, usize)>, GrammarError> {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    let mut tokens = Vec::with_capacity(text.len() / 4);
    while let Some(&byte) = bytes.get(at) {
        let rest = &text[at..];
        if byte == b'\n' {
            line += 1;
            at += 1;
        } else if byte.is_ascii_whitespace() {
            at += 1;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            let Some(length) = rest.find("*/") else {
                return Err(error(Origin { file, line }, "a comment without an end"));
            };
            line += rest[..length].matches('\n').count();
            at += length + 2;
        } else if rest.starts_with("..") {
            tokens.push((Token::Range, line));
            at += 2;
        } else if rest.starts_with("==") {
            tokens.push((Token::Equals, line));
            at += 2;
        } else if byte.is_ascii_alphanumeric() || byte == b'_' {
            let length = word_length(&bytes[at..]);
            tokens.push((Token::Word(&text[at..at + length]), line));
            at += length;
        } else if "{}()[]<>;:,=^-+*".contains(byte as char) {
            tokens.push((Token::Sign(byte as char), line));
            at += 1;
        } else {
            let sign = rest.chars().next().unwrap_or_default();
            return Err(error(Origin { file, line }, &format!("unexpected `{sign}`")));
        }
    }
    tokens.push((Token::End, line));
    Ok(tokens)
}

/// Letters, digits, `_`, and single dots within (`tls1.3`, `Handshake.msg_type`).
fn word_length(bytes: &[u8]) -> usize {
    let inside = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut length = 0;
    while inside(bytes.get(length)) || (bytes.get(length) == Some(&b'.') && inside(bytes.get(length + 1))) {
        length += 1;
    }
    length
}

pub(crate) fn error(origin: Origin, message: &str) -> GrammarError {
    GrammarError { file: origin.file.to_owned(), line: origin.line, message: message.to_owned() }
}

struct Parser {
    file: &'static str,
    tokens: Vec<(Token, usize)>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens[self.at].0
    }

    fn origin(&self) -> Origin {
        Origin { file: self.file, line: self.tokens[self.at].1 }
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    fn fail<T>(&self, expected: &str) -> Result<T, GrammarError> {
        let got = match self.peek() {
            Token::Word(word) => format!("`{word}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::Range => "`..`".to_owned(),
            Token::Equals => "`==`".to_owned(),
            Token::End => "the end of the file".to_owned(),
        };
        Err(error(self.origin(), &format!("expected {expected}, got {got}")))
    }

    fn takes(&mut self, token: Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.at += 1;
        }
        found
    }

    fn takes_sign(&mut self, sign: char) -> bool {
        self.takes(Token::Sign(sign))
    }

    fn takes_word(&mut self, word: &'static str) -> bool {
        self.takes(Token::Word(word))
    }

    fn sign(&mut self, sign: char) -> Result<(), GrammarError> {
        if self.takes_sign(sign) { Ok(()) } else { self.fail(&format!("`{sign}`")) }
    }

    fn word(&mut self, what: &str) -> Result<&'static str, GrammarError> {
        match self.peek() {
            Token::Word(word) => {
                self.at += 1;
                Ok(word)
            }
            _ => self.fail(what),
        }
    }

    /// `255`, `0xff`, `2^16-1`.
    fn number(&mut self) -> Result<u64, GrammarError> {
        let mut value = self.plain_number()?;
        if self.takes_sign('^') {
            let power = self.plain_number()?;
            value = match u32::try_from(power).ok().and_then(|power| value.checked_pow(power)) {
                Some(value) => value,
                None => return self.fail("a power that fits 64 bits"),
            };
        }
        if self.takes_sign('-') {
            let less = self.plain_number()?;
            value = match value.checked_sub(less) {
                Some(value) => value,
                None => return self.fail("a positive number"),
            };
        }
        Ok(value)
    }

    fn plain_number(&mut self) -> Result<u64, GrammarError> {
        let Token::Word(word) = self.peek() else {
            return self.fail("a number");
        };
        match crate::types::parse_number(word) {
            Some(value) => {
                self.at += 1;
                Ok(value)
            }
            None => self.fail("a number"),
        }
    }

    fn item(&mut self, into: &mut Declarations) -> Result<(), GrammarError> {
        let origin = self.origin();
        match self.word("a declaration")? {
            "given" => {
                let (type_name, name) = (self.word("a type")?, self.word("a name")?);
                let default = if self.takes_sign('=') { Some(self.word("a value")?) } else { None };
                self.sign(';')?;
                into.givens.push(Given { type_name, name, default });
            }
            "enum" => {
                let (names, max) = self.enum_body()?;
                let name = self.word("the name of the enum")?;
                self.sign(';')?;
                into.enums.push(EnumDeclaration { name, names, max, origin });
            }
            "struct" => {
                let fields = self.struct_body()?;
                let name = self.word("the name of the struct")?;
                self.sign(';')?;
                into.structs.push(StructDeclaration { name, fields, origin });
            }
            "extend" => self.extend(into)?,
            type_name => {
                let name = self.word("a name")?;
                let size = self.size()?;
                self.sign(';')?;
                into.aliases.push(Alias { name, type_name, size, origin });
            }
        }
        Ok(())
    }

    fn extend(&mut self, into: &mut Declarations) -> Result<(), GrammarError> {
        let origin = self.origin();
        let path = self.word("what is extended")?;
        match path.split_once('.') {
            Some((owner, field)) => {
                self.sign('{')?;
                let cases = self.cases()?;
                into.extended_selects.push(SelectExtension { owner, field, cases, origin });
            }
            None => {
                let (names, max) = self.enum_body()?;
                into.extended_enums.push(EnumDeclaration { name: path, names, max, origin });
            }
        }
        self.takes_sign(';');
        Ok(())
    }

    /// `{ a(1), b(2..9), (255) }`; names of ranges are for readers only.
    fn enum_body(&mut self) -> Result<(Names, u64), GrammarError> {
        self.sign('{')?;
        let (mut names, mut max) = (Vec::new(), 0);
        while !self.takes_sign('}') {
            let name = match self.peek() {
                Token::Word(_) => Some(self.word("a name")?),
                _ => None,
            };
            self.sign('(')?;
            let mut value = self.number()?;
            let range = self.takes(Token::Range);
            if range {
                value = self.number()?;
            }
            self.sign(')')?;
            max = max.max(value);
            if let (Some(name), false) = (name, range) {
                names.push((name, value));
            }
            if !self.takes_sign(',') && self.peek() != Token::Sign('}') {
                return self.fail("`,` or `}`");
            }
        }
        Ok((names, max))
    }

    fn struct_body(&mut self) -> Result<Vec<FieldDeclaration>, GrammarError> {
        self.sign('{')?;
        let mut fields = Vec::new();
        while !self.takes_sign('}') {
            fields.push(self.field()?);
        }
        Ok(fields)
    }

    fn field(&mut self) -> Result<FieldDeclaration, GrammarError> {
        let origin = self.origin();
        if self.takes_word("let") {
            return self.let_field(origin);
        }
        if self.takes_word("select") {
            let select = self.select()?;
            let name = match self.peek() {
                Token::Word(_) => self.word("a label")?,
                _ => "",
            };
            self.sign(';')?;
            return Ok(FieldDeclaration { name, optional: false, what: Declared::Select(select), origin });
        }
        let optional = self.takes_word("optional");
        let type_name = self.word("a type")?;
        if type_name == "struct" {
            self.sign('{')?;
            self.sign('}')?;
        }
        let name = match self.peek() {
            Token::Word("as") => "",
            Token::Word(_) => self.word("a name")?,
            _ => "",
        };
        let size = self.size()?;
        let default = if self.takes_sign('=') { Some(self.default()?) } else { None };
        let reads = if self.takes_word("as") { Some(self.reads()?) } else { None };
        self.sign(';')?;
        Ok(FieldDeclaration { name, optional, what: Declared::Typed { type_name, size, default, reads }, origin })
    }

    fn let_field(&mut self, origin: Origin) -> Result<FieldDeclaration, GrammarError> {
        let name = self.word("a name")?;
        self.sign('=')?;
        let value = self.word("a value")?;
        let when = if self.takes_word("when") { Some(self.condition()?) } else { None };
        self.sign(';')?;
        Ok(FieldDeclaration { name, optional: false, what: Declared::Let { value, when }, origin })
    }

    /// `field == bytes`
    fn condition(&mut self) -> Result<(&'static str, &'static str), GrammarError> {
        let field = self.word("a field")?;
        if !self.takes(Token::Equals) {
            return self.fail("`==`");
        }
        Ok((field, self.word("bytes in hex")?))
    }

    /// `sizeof(f)`, `0x8000 + sizeof(f)`, or a constant.
    fn default(&mut self) -> Result<Default, GrammarError> {
        let word = self.word("a value")?;
        if word == "sizeof" {
            return Ok(Default::Sizeof { target: self.sizeof_target()?, base: 0 });
        }
        if !self.takes_sign('+') {
            return Ok(Default::Word(word));
        }
        let (Some(base), true) = (crate::types::parse_number(word), self.takes_word("sizeof")) else {
            return self.fail("a number plus `sizeof`");
        };
        Ok(Default::Sizeof { target: self.sizeof_target()?, base })
    }

    fn sizeof_target(&mut self) -> Result<&'static str, GrammarError> {
        self.sign('(')?;
        let target = self.word("a field")?;
        self.sign(')')?;
        Ok(target)
    }

    fn reads(&mut self) -> Result<Reads, GrammarError> {
        if self.takes_word("select") {
            return Ok(Reads::Select(self.select()?));
        }
        Ok(Reads::Type(self.word("a type")?))
    }

    /// `[32]`, `[name]`, `[..]`, `<0..2^16-1>`.
    fn size(&mut self) -> Result<Option<SizeDeclaration>, GrammarError> {
        if self.takes_sign('[') {
            let size = if self.takes(Token::Range) {
                SizeDeclaration::Rest
            } else {
                match self.peek() {
                    Token::Word(word) if crate::types::parse_number(word).is_none() => {
                        SizeDeclaration::Named(last_part(self.word("a name")?))
                    }
                    _ => SizeDeclaration::Fixed(self.number()?),
                }
            };
            self.sign(']')?;
            return Ok(Some(size));
        }
        if self.takes_sign('<') {
            let low = self.number()?;
            let high = if self.takes(Token::Range) { self.number()? } else { low };
            self.sign('>')?;
            return Ok(Some(SizeDeclaration::Range(low, high)));
        }
        Ok(None)
    }

    fn select(&mut self) -> Result<SelectDeclaration, GrammarError> {
        self.sign('(')?;
        let mut selectors = vec![last_part(self.word("a name to select by")?)];
        while self.takes_sign(',') {
            selectors.push(last_part(self.word("a name to select by")?));
        }
        self.sign(')')?;
        self.sign('{')?;
        Ok(SelectDeclaration { selectors, cases: self.cases()? })
    }

    /// Cases up to and with the closing brace.
    fn cases(&mut self) -> Result<Vec<Case>, GrammarError> {
        let mut cases = Vec::new();
        while !self.takes_sign('}') {
            let origin = self.origin();
            let mut patterns = Vec::new();
            if !self.takes_word("default") {
                if self.peek() != Token::Word("case") {
                    return self.fail("`case`, `default` or `}`");
                }
                while self.takes_word("case") {
                    patterns.push(self.pattern()?);
                    if self.peek() == Token::Sign(':') && self.tokens[self.at + 1].0 == Token::Word("case") {
                        self.next();
                    }
                }
            }
            self.sign(':')?;
            let mut fields = Vec::new();
            while !matches!(self.peek(), Token::Word("case" | "default") | Token::Sign('}')) {
                fields.push(self.field()?);
            }
            cases.push(Case { patterns, fields, origin });
        }
        Ok(cases)
    }

    fn pattern(&mut self) -> Result<Vec<&'static str>, GrammarError> {
        let mut values = Vec::new();
        loop {
            values.push(if self.takes_sign('*') { "*" } else { self.word("a value, or `*`")? });
            if !self.takes_sign(',') {
                return Ok(values);
            }
        }
    }
}

/// `msg_type` of `Handshake.msg_type`.
fn last_part(word: &'static str) -> &'static str {
    word.rsplit('.').next().unwrap_or(word)
}
