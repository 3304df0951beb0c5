//! The key-value file.

use super::scene::{MISS, NO_ANSWER, Scene, carries, numbered, response, with_file};
use crate::conformance::bytes::{Kind, contains, find, without_nuls};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown};
use crate::conformance::rig::{Rig, Setup};
use crate::conformance::sentences;
use crate::conformance::words::Words;

const fn probe(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::File, id, clause, Level::Assignment, promise, run).rests_on(&["response-end"])
}

const fn decision(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::File, id, clause, Level::Decision, promise, run).rests_on(&["response-end"])
}

pub(super) static PROBES: [Probe; 18] = [
    probe(
        "file-excerpt",
        "P-31",
        ["the assignment's excerpt has four keys", "o trecho do enunciado tem quatro chaves"],
        excerpt,
    )
    .rests_on(&["response-end", "file-comments"])
    .quotes(sentences::FILE_EXCERPT),
    probe(
        "file-last-value",
        "P-31",
        ["of a key that appears again the last value counts", "de uma chave repetida vale o último valor"],
        last_value,
    )
    .quotes(sentences::FILE_COMMENTS_AND_REPEATS),
    probe(
        "file-comments",
        "P-31",
        ["lines that begin with # are ignored", "linhas que começam com # são ignoradas"],
        comments,
    )
    .quotes(sentences::FILE_COMMENTS_AND_REPEATS),
    probe(
        "file-hash-in-value",
        "P-31",
        ["a # in a value is part of it", "um # no valor faz parte dele"],
        hash_in_value,
    )
    .quotes(sentences::FILE_HASH_IN_VALUE),
    probe(
        "file-inner-spaces",
        "P-30",
        ["several spaces within a value stay", "vários espaços dentro de um valor ficam"],
        inner_spaces,
    )
    .quotes(sentences::FILE_LINE),
    probe("file-inner-tab", "P-30", ["a tab within a value stays", "um tab dentro de um valor fica"], inner_tab)
        .quotes(sentences::FILE_LINE),
    probe(
        "file-several-tabs",
        "P-30",
        ["several tabs part key and value", "vários tabs separam chave e valor"],
        several_tabs,
    )
    .rests_on(&["response-text", "response-end"])
    .quotes(sentences::FILE_LINE),
    probe(
        "file-long-value",
        "P-7",
        ["a long value is answered whole", "um valor longo é respondido inteiro"],
        long_value,
    )
    .quotes(sentences::FILE_LINE),
    decision("file-spaces", "P-30", ["spaces part key and value", "espaços separam chave e valor"], spaces)
        .rests_on(&["response-text", "response-end"])
        .quotes(sentences::FILE_LINE),
    decision("file-blank-lines", "P-32", ["blank lines are ignored", "linhas em branco são ignoradas"], blank_lines),
    decision(
        "file-key-alone",
        "P-33",
        ["a key without a value does no harm", "uma chave sem valor não atrapalha"],
        key_alone,
    ),
    decision("file-crlf", "P-32", ["lines may end with CR LF", "linhas podem terminar em CR LF"], crlf),
    decision(
        "file-last-line",
        "P-32",
        ["the last line needs no end", "a última linha dispensa o fim de linha"],
        last_line,
    ),
    decision("file-no-pairs", "P-32", ["a file may hold no pair", "um arquivo pode não ter nenhum par"], no_pairs)
        .rests_on(&["query-on-miss"]),
    decision("file-latin1", "P-4", ["a value may be in Latin-1", "um valor pode estar em Latin-1"], latin1),
    decision("file-utf8-value", "P-4", ["a value may be in UTF-8", "um valor pode estar em UTF-8"], utf8_value),
    decision("file-utf8-key", "P-4", ["a key may be in UTF-8", "uma chave pode estar em UTF-8"], utf8_key),
    decision("file-long-key", "P-7", ["a long key is answered", "uma chave longa é respondida"], long_key),
];

/// The assignment's excerpt of /etc/services, with the tabs that it has there.
const EXCERPT: &[u8] = b"# WELL KNOWN PORT NUMBERS\n#\nrtmp\t1/ddp\t#Routing Table Maintenance Protocol\n\
    tcpmux\t1/udp\t# TCP Port Service Multiplexer\ntcpmux\t1/tcp\t# TCP Port Service Multiplexer\n\
    #\tMark Lottor <MKL@nisc.sri.com>\nnbp\t2/ddp\t#Name Binding Protocol\n\
    compressnet\t2/udp\t# Management Utility\ncompressnet\t2/tcp\t# Management Utility\n";

fn excerpt(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = with_file(rig, EXCERPT)?;
    let pairs: [[&[u8]; 3]; 4] = [
        [b"rtmp", b"1/ddp", b"\t#Routing Table Maintenance Protocol"],
        [b"tcpmux", b"1/", b"tcp\t# TCP Port Service Multiplexer"],
        [b"nbp", b"2/ddp", b"\t#Name Binding Protocol"],
        [b"compressnet", b"2/", b"tcp\t# Management Utility"],
    ];
    for [key, beginning, rest] in pairs {
        // Each key by a client of its own: whatever comes there is no late or second answer to another one.
        let asked = Scene { client: rig.client()?, ..scene };
        asked.ask(rig, key)?;
        let found = rig.await_at(asked.client, |_| true)?;
        // Which of two values it is, and how much of a value, are other probes'.
        let found = found.filter(carries(beginning));
        rig.came(found, response(rig, key, &[beginning, rest].concat()), NO_ANSWER)?;
    }
    scene.ask(rig, b"#")?;
    rig.settle()?;
    let came = rig.matching(scene.client, carries(b"Mark"));
    let explanation = Words::new("a comment was taken for a pair", "um comentário foi tomado por um par");
    rig.nothing_came(Kind::Response, &came, explanation)
}

/// A servent with these lines answers `key` with this value, byte for byte, whatever parts them.
fn holds(rig: &mut Rig<'_>, file: &[u8], key: &[u8], value: &[u8]) -> Outcome {
    answers(rig, file, key, value, |text| {
        text.iter().position(|byte| !matches!(byte, b'\t' | b' ')).unwrap_or(text.len())
    })
}

/// The same, and one byte parts them.
fn holds_exactly(rig: &mut Rig<'_>, file: &[u8], key: &[u8], value: &[u8]) -> Outcome {
    answers(rig, file, key, value, |text| text.len().min(1))
}

/// A servent with these lines answers `key` with this value; `parted` tells how many bytes stand before it.
fn answers(rig: &mut Rig<'_>, file: &[u8], key: &[u8], value: &[u8], parted: fn(&[u8]) -> usize) -> Outcome {
    let scene: Scene<0> = with_file(rig, file)?;
    scene.ask(rig, key)?;
    let found = rig.await_event(&mut |rig| rig.received(scene.client).into_iter().next())?;
    let found = rig.came(found, response(rig, key, value), NO_ANSWER)?;
    // Whether the key is there, and what stands before it, are other probes'.
    let key_end = find(&found.bytes, key).map_or(2.min(found.bytes.len()), |at| at + key.len());
    let begin = key_end + parted(&found.bytes[key_end..]);
    let text = &found.bytes[begin..];
    if without_nuls(text) == value || text.starts_with(&[value, &[0]].concat()) {
        return Ok(());
    }
    let expected = [&found.bytes[..begin], value].concat();
    let explanation =
        Words::new("the answer's value is not the one of the file", "o valor da resposta não é o do arquivo");
    rig.same_bytes(Kind::Response, &expected, &found, explanation)
}

/// A line for each pair.
fn lines(pairs: &[[&[u8]; 2]]) -> Vec<u8> {
    pairs.iter().flat_map(|[key, value]| [key, &b"\t"[..], value, b"\n"].concat()).collect()
}

fn last_value(rig: &mut Rig<'_>) -> Outcome {
    let file = lines(&[
        [b"repetida", b"primeiro"],
        [b"outra", b"qualquer"],
        [b"repetida", b"segundo"],
        [b"repetida", b"ultimo"],
    ]);
    holds(rig, &file, b"repetida", b"ultimo")
}

fn comments(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> =
        with_file(rig, b"#oculta\tsegredo\n# visivel\tsegredo\n#\tsegredo\nguardada\tdepois\n#ultima\tsegredo\n")?;
    for key in [&b"#oculta"[..], b"oculta", b"#", b"visivel", b"#ultima"] {
        scene.ask(rig, key)?;
    }
    scene.ask_for(rig, b"guardada", b"depois")?;
    rig.settle()?;
    let came = rig.matching(scene.client, |datagram| contains(&datagram.bytes, b"segredo"));
    let explanation = Words::new(
        "a line that begins with # was taken for a pair",
        "uma linha que começa com # foi tomada por um par",
    );
    rig.nothing_came(Kind::Response, &came, explanation)
}

fn hash_in_value(rig: &mut Rig<'_>) -> Outcome {
    let value = b"80/tcp #www #2";
    holds(rig, &lines(&[[b"servico", value]]), b"servico", value)
}

fn inner_spaces(rig: &mut Rig<'_>) -> Outcome {
    let value = b"um  dois   tres";
    holds(rig, &lines(&[[b"espacos", value]]), b"espacos", value)
}

fn inner_tab(rig: &mut Rig<'_>) -> Outcome {
    let value = b"um\tdois\t\ttres";
    holds(rig, &lines(&[[b"tabulada", value]]), b"tabulada", value)
}

fn several_tabs(rig: &mut Rig<'_>) -> Outcome {
    holds_exactly(rig, b"separada\t\t\tvalor\n", b"separada", b"valor")
}

fn long_value(rig: &mut Rig<'_>) -> Outcome {
    let value = numbered(rig.world().edition.long_value_len());
    holds(rig, &lines(&[[b"longa", &value]]), b"longa", &value)
}

fn spaces(rig: &mut Rig<'_>) -> Outcome {
    holds_exactly(rig, b"separada      valor\n", b"separada", b"valor")
}

fn blank_lines(rig: &mut Rig<'_>) -> Outcome {
    holds(rig, b"\nprimeira\tum\n\n\nsegunda\tdois\n\n", b"segunda", b"dois")
}

fn key_alone(rig: &mut Rig<'_>) -> Outcome {
    holds(rig, b"primeira\tum\nsozinha\nsegunda\tdois\n", b"segunda", b"dois")
}

fn crlf(rig: &mut Rig<'_>) -> Outcome {
    holds(rig, b"primeira\tum\r\nsegunda\tdois\r\nterceira\ttres\r\n", b"segunda", b"dois")
}

fn last_line(rig: &mut Rig<'_>) -> Outcome {
    holds(rig, b"primeira\tum\nsegunda\tdois", b"segunda", b"dois")
}

/// Nothing is held, so that it works is seen by its QUERY.
fn no_pairs(rig: &mut Rig<'_>) -> Outcome {
    let client = rig.client()?;
    let [neighbour] = rig.neighbours()?;
    let setup = Setup::new(&b"# nada aqui\n"[..]).bare().neighbours([rig.address(neighbour)]);
    let servent = rig.start(&setup)?;
    let scene = Scene { client, neighbours: [neighbour], to: rig.reach(servent) };
    scene.ask(rig, MISS)?;
    let found = rig.await_at(neighbour, carries(MISS))?;
    let expected = Shown::words("a QUERY to its neighbour", "uma QUERY para seu vizinho");
    rig.came(found, expected, NO_ANSWER).map(drop)
}

fn latin1(rig: &mut Rig<'_>) -> Outcome {
    let value = b"S\xe3o Paulo, Maranh\xe3o";
    holds(rig, &lines(&[[b"cidade", value]]), b"cidade", value)
}

fn utf8_value(rig: &mut Rig<'_>) -> Outcome {
    let value = "São Paulo, Maranhão".as_bytes();
    holds(rig, &lines(&[[b"cidade", value]]), b"cidade", value)
}

fn utf8_key(rig: &mut Rig<'_>) -> Outcome {
    let key = "estação".as_bytes();
    holds(rig, &lines(&[[key, b"central"]]), key, b"central")
}

fn long_key(rig: &mut Rig<'_>) -> Outcome {
    let key = numbered(rig.world().edition.long_key_len());
    holds(rig, &lines(&[[&key, b"curto"]]), &key, b"curto")
}
