"""The checks of the report's sources find what they are there for. (report/build runs them on the report itself.)"""

import itertools

import pytest

from checks import sources
from checks.markup import pieces
from measuring.__main__ import STEPS
from measuring.reach import expected

KNOWN = {
    "clauses": {"14": "P-14 is 3"},
    "constants": {"3": "P-14", "10": "P-14"},
    "sources": "--trace receive_shed",
    "steps": {"reach"},
}


def faults(text):
    return [what for _, what in sources.faults(text, KNOWN, set())]


@pytest.mark.parametrize(
    "text",
    [
        "O TTL é 3, como diz P-14.",
        '#pseudocodigo(("diz \\"nova\\"", [P-14]))',
        'Foram #numero(soma("mixed.csv", "answers"), casas: 1) respostas.',
        "#let perda = 10\nCom #perda % de perda.",
        "#text(size: 7.5pt)[três] // 99 motivos",
        "Veja @figura2 e `--trace`, `receive_shed`, `README.md`, `entradas.csv`, `/etc/services`.",
        '#grafico("a", dados: "reach-hosts.csv", passo: "reach", alt: "Uma curva até 10.")',
        "$1$".replace("1", "3"),
    ],
)
def test_what_is_right_is_let_through(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Foram 42 respostas.", "42 is typed"),
        ("#figure(caption: [Foram 42 respostas.])", "42 is typed"),
        ('#grafico("a", alt: "Uma curva até 42.")', "42 is typed"),
        ("$x = 42$", "42 is typed"),
        ("#let perda = 42", "42 is typed"),
        ("Foram #numero(42) respostas.", "shows a typed number"),
        ("Como diz P-99.", "no such clause"),
        ("A opção `--tracing`.", "no program has this option"),
        ("O contador `receive_lost`.", "no such name"),
        ("O arquivo `nenhum.csv`.", "no such file"),
        ('#grafico("a", dados: "nenhum.csv", passo: "reach")', "is not there"),
        ('#grafico("a", dados: "reach-hosts.csv", passo: "nenhum")', "no step nenhum"),
    ],
)
def test_what_is_wrong_is_named(text, said):
    assert [what for what in faults(text) if said in what], faults(text)


def test_a_constant_must_be_used_and_stand_where_it_is_said_to():
    known = {**KNOWN, "constants": {"3": "P-14", "4": "P-14", "5": "nowhere.rs"}}
    said = list(sources.constants_at_fault(known, {"3", "4"}))
    assert [line.split(": ", 1)[1] for line in said] == [
        "P-14 does not say 4",
        "5 is not in the report",
        "5: neither a clause nor a file: nowhere.rs",
    ]


def test_markup_is_taken_apart():
    found = [(piece.kind, piece.text) for piece in pieces('Um #numero(f("a.csv", [b $c$])) e `d`: @e. // f\n')]
    assert found == [
        ("text", "Um "), ("code", "numero"), ("code", "f"), ("string", "a.csv"), ("code", ", "), ("text", "b "),
        ("math", "c"), ("text", " e "), ("raw", "d"), ("text", ": "), ("text", ". "), ("text", "\n"),
    ]  # fmt: skip


def test_the_steps_that_report_measure_lists_are_those_that_there_are():
    assert sources.steps() == STEPS.keys()


def test_what_a_ring_of_eight_answers_is_expected_rightly():
    """By enumerating: three hops on either side, each datagram lost or not; who hears nobody asks again."""
    passes = 0.7
    # What happens to the CLIREQ, six QUERYs (three on each side) and seven RESPONSEs.
    tries = []
    for fates in itertools.product([True, False], repeat=14):
        chance = 1.0
        for fate in fates:
            chance *= passes if fate else 1 - passes
        asked, sides, answers = fates[0], (fates[1:4], fates[4:7]), fates[7:]
        got = [asked and answers[0]]
        for side, queries in enumerate(sides):
            for hop in range(3):
                got.append(asked and all(queries[: hop + 1]) and answers[1 + 3 * side + hop])
        tries.append((chance, sum(got)))
    silence = sum(chance for chance, got in tries if not got)
    once = sum(chance * got for chance, got in tries)
    heard = once * (1 + silence) / 7
    assert abs(expected(passes) - heard) < 1e-9
