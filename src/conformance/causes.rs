//! The usual cause of a failure, where the bytes or the program's last words tell it.
//!
//! A guess, and told as one: what was expected and found stands beside it. Where nothing is recognised nothing is said.

use super::bytes::{Kind, contains, fields, first_difference};
use super::probe::{End, Failure};
use super::words::Words;
use crate::wire::QUERY_HEADER_LEN;
use std::net::Ipv4Addr;

/// What usually leads to this failure of a probe of this clause.
#[must_use]
pub fn usual_cause(clause: &str, failure: &Failure) -> Option<Words> {
    if let Some(End::Ended { how, last_words }) = &failure.end {
        return of_last_words(&how.en, last_words);
    }
    if let (Some((kind, expected)), Some((_, found))) = (failure.expected.single(), failure.found.single()) {
        return of_bytes(kind, expected, found);
    }
    (clause == "P-21").then(|| {
        Words::new(
            "it is sent from another port: use one socket for everything, the one that is bound to PORT",
            "foi enviado de outro porto: use um só socket para tudo, o que está ligado a PORT",
        )
    })
}

/// What was expected and found.
struct Pair<'a> {
    kind: Kind,
    expected: &'a [u8],
    found: &'a [u8],
    /// The first wrong byte.
    at: usize,
}

/// What leads to these bytes where those were expected.
#[must_use]
pub fn of_bytes(kind: Kind, expected: &[u8], found: &[u8]) -> Option<Words> {
    let at = first_difference(expected, found)?;
    let pair = Pair { kind, expected, found, at };
    let recognised: [fn(&Pair<'_>) -> Option<Words>; 9] = [
        type_field,
        header_length,
        number_order,
        number_value,
        text_form,
        separator,
        behind_the_end,
        cut_short,
        encoding,
    ];
    recognised.into_iter().find_map(|recognise| recognise(&pair))
}

/// The type in another form.
fn type_field(pair: &Pair<'_>) -> Option<Words> {
    let &[high, low, ref text @ ..] = pair.expected else { return None };
    if high != 0 || pair.at > 1 {
        return None;
    }
    let number = pair.kind.type_field();
    let found = pair.found;
    if found.starts_with(&[0, 0, 0, low]) && &found[4..] == text || found.starts_with(&[low, 0, 0, 0]) {
        return Some(Words::new(
            "the type takes 4 bytes, as an int does: pack it with `!H` (2 bytes, htons in C), not with `!I`",
            "o tipo ocupa 4 bytes, como um int: empacote-o com `!H` (2 bytes, htons em C), não com `!I`",
        ));
    }
    if found.starts_with(&[low, high]) {
        return Some(Words::made(
            format!("type {number} in little-endian order: use `!H` (htons in C)"),
            format!("tipo {number} em ordem little-endian: use `!H` (htons em C)"),
        ));
    }
    if found.strip_prefix(&[low]).is_some_and(|rest| rest == text) {
        return Some(Words::new(
            "the type takes a single byte: pack it with `!H` (2 bytes), not with `!B`",
            "o tipo ocupa um único byte: empacote-o com `!H` (2 bytes), não com `!B`",
        ));
    }
    found.first().is_some_and(|first| Some(*first) == low.checked_add(b'0')).then(|| {
        Words::made(
            format!("the type is written as text, the digit {number}: it is a number of 2 bytes, `!H`"),
            format!("o tipo está escrito como texto, o dígito {number}: ele é um número de 2 bytes, `!H`"),
        )
    })
}

/// A QUERY whose key stands elsewhere.
fn header_length(pair: &Pair<'_>) -> Option<Words> {
    let key = pair.expected.get(QUERY_HEADER_LEN..).filter(|key| pair.kind == Kind::Query && !key.is_empty())?;
    let header = pair.found.strip_suffix(key)?;
    let len = header.len();
    if len == QUERY_HEADER_LEN {
        return None;
    }
    if header.iter().filter(|&&byte| byte == b'.').count() >= 3 {
        return Some(Words::new(
            "the client's address is written as text: it is 4 bytes, as inet_aton makes them",
            "o endereço do cliente está escrito como texto: são 4 bytes, como os de inet_aton",
        ));
    }
    if len > QUERY_HEADER_LEN && (len % 4 == 0) {
        return Some(Words::made(
            format!(
                "the struct is padded to {len} bytes: put `!` in front (`!HH4sHI`), or pack the struct in C \
                 (__attribute__((packed)))"
            ),
            format!(
                "a struct foi completada até {len} bytes: ponha `!` na frente (`!HH4sHI`) ou, em C, use uma struct \
                 empacotada (__attribute__((packed)))"
            ),
        ));
    }
    Some(Words::made(
        format!("the fields before the key take {len} bytes: as `!HH4sHI` they take 14"),
        format!("os campos antes da chave ocupam {len} bytes: como `!HH4sHI` eles ocupam 14"),
    ))
}

/// A number of a QUERY in the machine's order.
fn number_order(pair: &Pair<'_>) -> Option<Words> {
    if pair.kind != Kind::Query {
        return None;
    }
    let field = fields(pair.kind, pair.expected).into_iter().find(|field| field.range.contains(&pair.at))?;
    let (expected, found) = (pair.expected.get(field.range.clone())?, pair.found.get(field.range.clone())?);
    if field.range.start >= QUERY_HEADER_LEN || !expected.iter().rev().eq(found) {
        return None;
    }
    let code = match (field.range.start, field.range.len()) {
        (2, _) => {
            return Some(Words::new(
                "the time-to-live is written back in host order: pack it with `!H` (htons in C)",
                "o TTL é escrito de volta na ordem da máquina: empacote-o com `!H` (htons em C)",
            ));
        }
        (4, _) => "`4s`, inet_aton",
        (_, 2) => "`!H`, htons",
        _ => "`!I`, htonl",
    };
    Some(Words::made(
        format!("{} in little-endian order: {code}", field.name.en),
        format!("{} em ordem little-endian: {code}", field.name.pt),
    ))
}

/// A number of a QUERY that is off by one, or nobody's.
fn number_value(pair: &Pair<'_>) -> Option<Words> {
    if pair.kind != Kind::Query {
        return None;
    }
    let both = |range: std::ops::Range<usize>| Some((pair.expected.get(range.clone())?, pair.found.get(range)?));
    match pair.at {
        2..4 => {
            let (expected, found) = both(2..4)?;
            let [expected, found] = [expected, found].map(|bytes| i32::from(bytes[0]) << 8 | i32::from(bytes[1]));
            match (found - expected, expected) {
                (1, _) => Some(Words::new(
                    "the time-to-live goes on as it came: take 1 off before the QUERY is passed on",
                    "o TTL segue como veio: subtraia 1 antes de repassar a QUERY",
                )),
                (-1, 3) => Some(Words::new(
                    "1 was taken off before the first QUERY left: a servent that makes it sends it with 3",
                    "1 foi subtraído antes da primeira QUERY sair: o servent que a cria a envia com 3",
                )),
                (-1, _) => Some(Words::new("1 is taken off twice", "1 é subtraído duas vezes")),
                _ => None,
            }
        }
        4..8 => {
            let (_, found) = both(4..8)?;
            let found = Ipv4Addr::new(found[0], found[1], found[2], found[3]);
            (found.is_unspecified() || found == Ipv4Addr::new(127, 0, 1, 1)).then(|| {
                Words::new(
                    "this is the address of the servent's own socket or host: the client's is what recvfrom tells",
                    "este é o endereço do próprio socket ou host do servent: o do cliente é o que recvfrom informa",
                )
            })
        }
        10..14 => {
            let (expected, found) = both(10..14)?;
            let [expected, found] =
                [expected, found].map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap_or_default()));
            (found.wrapping_add(1) == expected).then(|| {
                Words::new(
                    "the counter stays as it was: add 1 for each CLIREQ",
                    "o contador não muda: some 1 a cada CLIREQ",
                )
            })
        }
        _ => None,
    }
}

/// Text as a language shows it, instead of the text.
fn text_form(pair: &Pair<'_>) -> Option<Words> {
    let at = if pair.kind == Kind::Query { QUERY_HEADER_LEN } else { 2 };
    let text = pair.found.get(at..)?;
    (text.starts_with(b"b'") || text.starts_with(b"b\"")).then(|| {
        Words::new(
            "b'...' is how Python shows bytes: str(key) was sent; send the bytes, or key.decode()",
            "b'...' é como o Python mostra bytes: foi enviado str(chave); envie os bytes, ou chave.decode()",
        )
    })
}

/// What stands between key and value of a RESPONSE.
fn separator(pair: &Pair<'_>) -> Option<Words> {
    if pair.kind != Kind::Response {
        return None;
    }
    let tab = pair.expected.iter().skip(2).position(|&byte| byte == b'\t')? + 2;
    let (key, value) = (&pair.expected[2..tab], &pair.expected[tab + 1..]);
    let text = pair.found.get(2..)?;
    if text.starts_with(value) && pair.at <= tab {
        return Some(if contains(&text[value.len()..], key) {
            Words::new("the value stands before the key", "o valor vem antes da chave")
        } else {
            Words::new(
                "only the value was sent: key, tab and value are due",
                "só o valor foi enviado: devem vir chave, tab e valor",
            )
        });
    }
    if pair.at == tab + 1 && matches!(pair.found.get(pair.at), Some(b'\t' | b' ')) {
        return Some(Words::new(
            "white space of the file's line is left in front of the value: skip all tabs behind the key",
            "sobraram espaços da linha do arquivo antes do valor: pule todos os tabs depois da chave",
        ));
    }
    let rest = pair.found.get(tab..).filter(|_| pair.at == tab)?;
    let parted = |en: &str, pt: &str| {
        Some(Words::made(
            format!("key and value parted by {en}: one tab, `\\t`, is due"),
            format!("chave e valor separados por {pt}: deve ser um tab, `\\t`"),
        ))
    };
    match rest {
        [b' ', ..] => parted("a space", "um espaço"),
        [0, ..] => parted("a NUL", "um NUL"),
        [b'\n' | b'\r', ..] => parted("the end of a line", "um fim de linha"),
        [b'\\', b't', ..] => parted("a backslash and a t", "uma barra invertida e um t"),
        _ if rest.starts_with(value) => parted("nothing", "nada"),
        [mark @ (b':' | b',' | b';' | b'=' | b'|'), ..] => {
            let mark = format!("'{}'", char::from(*mark));
            parted(&mark, &mark)
        }
        _ => None,
    }
}

/// All is there, and something behind it.
fn behind_the_end(pair: &Pair<'_>) -> Option<Words> {
    let rest = pair.found.strip_prefix(pair.expected)?;
    Some(match rest {
        [0] => Words::new(
            "a NUL behind the text: C's end of a string was sent as well; send strlen() bytes",
            "um NUL depois do texto: o fim de string do C também foi enviado; envie strlen() bytes",
        ),
        _ if rest.iter().all(|&byte| byte == 0) => Words::made(
            format!("the whole buffer is sent, {} bytes: send only as many as the text has", pair.found.len()),
            format!("o buffer inteiro é enviado, {} bytes: envie só os do texto", pair.found.len()),
        ),
        [b'\n'] | [b'\r', b'\n'] | [b'\r'] | [b'\n', 0] => Words::new(
            "the end of the line is taken for a part of the text: strip it when the line is read",
            "o fim da linha ficou no texto: retire-o ao ler a linha",
        ),
        _ => Words::new(
            "more is sent than was filled in: what an earlier message left in the buffer, or a field of a fixed length",
            "é enviado mais do que foi preenchido: sobras de uma mensagem anterior no buffer, ou um campo de tamanho fixo",
        ),
    })
}

/// The end is missing.
fn cut_short(pair: &Pair<'_>) -> Option<Words> {
    let missing = pair.expected.strip_prefix(pair.found)?.len();
    Some(if missing == 1 {
        Words::new(
            "the last byte is cut off: it is taken for a NUL or the end of a line that is not there",
            "o último byte é cortado: é tomado por um NUL ou fim de linha que não existe",
        )
    } else {
        Words::made(
            format!("cut after {} bytes: a buffer or field is too short", pair.found.len()),
            format!("cortado depois de {} bytes: um buffer ou campo é curto demais", pair.found.len()),
        )
    })
}

/// Text that was decoded, split or changed on its way.
fn encoding(pair: &Pair<'_>) -> Option<Words> {
    let (expected, found) = (pair.expected, pair.found);
    let latin_1: String = expected.iter().map(|&byte| char::from(byte)).collect();
    let is_questions = expected.len() == found.len()
        && expected.iter().zip(found).all(|(due, came)| due == came || (*due >= 0x80 && *came == b'?'));
    if found == latin_1.as_bytes() || found == String::from_utf8_lossy(expected).as_bytes() || is_questions {
        return Some(Words::new(
            "the text was decoded and encoded again: keep keys and values as the bytes that they are",
            "o texto foi decodificado e codificado de novo: mantenha chaves e valores como bytes",
        ));
    }
    if found.eq_ignore_ascii_case(expected) {
        return Some(Words::new("the case of letters was changed", "maiúsculas e minúsculas foram trocadas"));
    }
    let solid = |bytes: &[u8]| bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>();
    (solid(found) == solid(expected)).then(|| {
        Words::new(
            "white space was changed: split the line once, at the first tab, and keep the rest as it is",
            "os espaços mudaram: divida a linha uma só vez, no primeiro tab, e deixe o resto como está",
        )
    })
}

/// What stands in the last words of a program, and what it usually means: in English, in Portuguese.
const LAST_WORDS: &[(&[&str], &str, &str)] = &[
    (
        &["UnicodeDecodeError", "UnicodeEncodeError", "MalformedInputException"],
        "text that is not UTF-8 was decoded: keep keys and values as bytes, also when the file is read (open(..., 'rb'))",
        "um texto que não é UTF-8 foi decodificado: mantenha chaves e valores como bytes, também ao ler o arquivo (open(..., 'rb'))",
    ),
    (
        &["struct.error", "BufferUnderflowException"],
        "the datagram is shorter than what is unpacked of it: look at its length first, and ignore it",
        "o datagrama é menor do que aquilo que se desempacota: verifique antes o tamanho, e ignore-o",
    ),
    (
        &["values to unpack", "IndexError", "IndexOutOfBounds", "index out of bounds", "out of range"],
        "a line or datagram has fewer parts than the program takes for granted: look before you index",
        "uma linha ou datagrama tem menos partes do que o programa supõe: verifique antes de indexar",
    ),
    (
        &["KeyError"],
        "a key that is not in the dictionary is looked up: `if key in ...`, or .get(key)",
        "busca-se uma chave que não está no dicionário: `if chave in ...`, ou .get(chave)",
    ),
    (
        &["ConnectionRefusedError", "ConnectionResetError", "Connection refused"],
        "a datagram to a program that is gone brings an error to the next call on the socket: catch it and go on",
        "um datagrama para um programa que não existe mais traz um erro na próxima chamada do socket: trate-o e siga em frente",
    ),
    (
        &["Address already in use", "BindException"],
        "a port is written into the program, or bound twice: only PORT is to be bound, once",
        "um porto está fixo no programa, ou é ligado duas vezes: só PORT deve ser ligado, uma vez",
    ),
    (
        &["Missing parentheses in call to 'print'", "except Exception, "],
        "it is a program for Python 2: start it with python2",
        "é um programa para Python 2: inicie-o com python2",
    ),
    (
        &["No such file or directory", "can't open file", "FileNotFoundError"],
        "it looks for a file that is not there: the command runs in the current folder",
        "ele procura um arquivo que não existe: o comando roda na pasta atual",
    ),
    (
        &["port must be 0-65535", "Invalid argument", "OverflowError"],
        "it sends to a port or address that nobody can have, such as port 0: catch the error and go on",
        "ele envia a um porto ou endereço que ninguém pode ter, como o porto 0: trate o erro e siga em frente",
    ),
];

/// What leads to an end with these last words.
fn of_last_words(how: &str, last_words: &[String]) -> Option<Words> {
    let told = |part: &&str| last_words.iter().any(|line| line.contains(part));
    let row = LAST_WORDS.iter().find(|(parts, ..)| parts.iter().any(told));
    if let Some((_, en, pt)) = row {
        return Some(Words::new(en, pt));
    }
    (how.contains("SIGSEGV") || how.contains("SIGABRT")).then(|| {
        Words::new(
            "memory was used that is not the program's: a copy past the end of a buffer, or a pointer to nothing",
            "memória que não é do programa foi usada: uma cópia além do fim de um buffer, ou um ponteiro para nada",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::bytes::{message, query};
    use crate::conformance::probe::Shown;
    use std::net::SocketAddrV4;

    fn said(kind: Kind, expected: &[u8], found: &[u8]) -> String {
        of_bytes(kind, expected, found).map(|words| words.en.into_owned()).unwrap_or_default()
    }

    const CLIENT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 5), 5000);

    fn response(text: &[u8]) -> Vec<u8> {
        message(Kind::Response, text)
    }

    #[test]
    fn p1_the_usual_forms_of_a_type_are_recognised() {
        let due = message(Kind::Clireq, b"key");
        for (found, cause) in [
            (&b"\x01\0key"[..], "type 1 in little-endian order: use `!H`"),
            (b"\0\0\0\x01key", "the type takes 4 bytes"),
            (b"\x01\0\0\0key", "the type takes 4 bytes"),
            (b"\x01key", "the type takes a single byte"),
            (b"1key", "the type is written as text, the digit 1"),
            (b"\0\x02key", ""),
            (b"", "cut after 0 bytes"),
        ] {
            let said = said(Kind::Clireq, &due, found);
            assert!(said.starts_with(cause) && said.is_empty() == cause.is_empty(), "{found:?}: {said}");
        }
    }

    #[test]
    fn p1_the_usual_forms_of_an_answer_are_recognised() {
        let due = response(b"key\tvalue");
        for (found, cause) in [
            (&b"key value"[..], "key and value parted by a space"),
            (b"key\0value", "key and value parted by a NUL"),
            (b"key:value", "key and value parted by ':'"),
            (b"key\\tvalue", "key and value parted by a backslash"),
            (b"keyvalue", "key and value parted by nothing"),
            (b"key\t\tvalue", "white space of the file's line"),
            (b"value", "only the value"),
            (b"value\tkey", "the value stands before the key"),
            (b"b'key'\tb'value'", "b'...' is how Python shows bytes"),
            (b"key\tvalue\0", "a NUL behind the text"),
            (b"key\tvalue\0\0\0", "the whole buffer is sent, 14 bytes"),
            (b"key\tvalue\n", "the end of the line"),
            (b"key\tvaluexyz", "more is sent than was filled in"),
            (b"key\tvalu", "the last byte is cut off"),
            (b"key\tv", "cut after 7 bytes"),
            (b"KEY\tvalue", "the case of letters"),
            (b"other\tthing", ""),
        ] {
            let said = said(Kind::Response, &due, &response(found));
            assert!(said.starts_with(cause) && said.is_empty() == cause.is_empty(), "{found:?}: {said}");
        }
        let (latin, utf8) = (response(b"k\tcaf\xe9"), response("k\tcaf\u{e9}".as_bytes()));
        for (due, found) in
            [(&latin, utf8.clone()), (&latin, response("k\tcaf\u{fffd}".as_bytes())), (&latin, response(b"k\tcaf?"))]
        {
            assert!(said(Kind::Response, due, &found).contains("decoded"), "{found:?}");
        }
        assert!(said(Kind::Response, &response(b"k\ta  b"), &response(b"k\ta b")).starts_with("white space was"));
    }

    #[test]
    fn p1_p14_the_usual_forms_of_a_query_are_recognised() {
        let due = query(2, CLIENT, 7, b"key");
        let changed = |at: usize, bytes: &[u8]| {
            let mut found = due.clone();
            found[at..at + bytes.len()].copy_from_slice(bytes);
            found
        };
        let longer = |at: usize, bytes: &[u8]| [&due[..at], bytes, &due[at..]].concat();
        for (found, cause) in [
            (changed(2, &[2, 0]), "the time-to-live is written back in host order"),
            (changed(2, &[0, 3]), "the time-to-live goes on as it came"),
            (changed(2, &[0, 1]), "1 is taken off twice"),
            (changed(2, &[9, 9]), ""),
            (changed(4, &[5, 0, 0, 127]), "client address in little-endian order"),
            (changed(4, &[0; 4]), "this is the address of the servent's own socket"),
            (changed(8, &[0x88, 0x13]), "client port in little-endian order: `!H`"),
            (changed(10, &[7, 0, 0, 0]), "sequence number in little-endian order: `!I`"),
            (changed(10, &[0, 0, 0, 6]), "the counter stays as it was"),
            (longer(10, &[0, 0]), "the struct is padded to 16 bytes"),
            (longer(4, &[0; 6]), "the struct is padded to 20 bytes"),
            (longer(4, &[0; 4]), "the fields before the key take 18 bytes"),
            (longer(4, b"127.0.0.5"), "the client's address is written as text"),
            (longer(17, &[0]), "a NUL behind the text"),
        ] {
            let said = said(Kind::Query, &due, &found);
            assert!(said.starts_with(cause) && said.is_empty() == cause.is_empty(), "{found:?}: {said}");
        }
        let first = query(3, CLIENT, 7, b"key");
        assert!(said(Kind::Query, &first, &query(2, CLIENT, 7, b"key")).starts_with("1 was taken off before"));
    }

    #[test]
    fn what_is_right_has_no_cause() {
        assert_eq!(of_bytes(Kind::Query, b"same", b"same"), None);
    }

    /// Whatever comes is a stranger's: no pair of datagrams may end the checker.
    #[test]
    fn p5_no_pair_of_datagrams_is_too_much() {
        let due = query(3, CLIENT, 7, b"key");
        for len in 0..=due.len() {
            for kind in [Kind::Clireq, Kind::Query, Kind::Response, Kind::Other] {
                for filler in [0, 1, 9, b'b', 0xff] {
                    assert_ne!(said(kind, &due, &vec![filler; len]), "?");
                    assert_ne!(said(kind, &due[..len], &due), "?");
                    assert_ne!(said(kind, &vec![filler; len], &due[..due.len() - len]), "?");
                }
            }
        }
    }

    #[test]
    fn last_words_and_other_ports_are_recognised() {
        let failure = |end| Failure {
            sent: Vec::new(),
            expected: Shown::Nothing,
            found: Shown::Nothing,
            explanation: Words::same(""),
            end,
        };
        let ended = |how: &str, last: &str| {
            let end = End::Ended { how: Words::same(how), last_words: vec![last.to_owned()] };
            usual_cause("P-5", &failure(Some(end))).map(|words| words.en.into_owned()).unwrap_or_default()
        };
        for (last, cause) in [
            ("struct.error: unpack requires a buffer of 14 bytes", "the datagram is shorter"),
            ("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9", "text that is not UTF-8"),
            ("KeyError: b'x'", "a key that is not in the dictionary"),
            ("all is well", ""),
        ] {
            let said = ended("exit code 1", last);
            assert!(said.starts_with(cause) && said.is_empty() == cause.is_empty(), "{last}: {said}");
        }
        assert!(ended("SIGSEGV", "").starts_with("memory was used"));
        assert!(usual_cause("P-21", &failure(None)).is_some_and(|words| words.en.contains("one socket")));
        assert_eq!(usual_cause("P-14", &failure(None)), None);
    }
}
