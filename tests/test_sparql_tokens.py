"""The tokens of a query: everything is one, each is what SPARQL says it is, and none takes long to find."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ld.sparql.tokens import Token, otherwise, said, tokens


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(text)]


ONE_TOKEN = {
    "comment": ["# SELECT 'x'", "#", "# \u2028 \x0b"],
    "string": [
        "'a'", '"a"', "''", '""', r"'a\'b'", r'"\\"', "'''a\n'b''c'''", '"""a\n"b""c"""', "''''''", r"'''\''''",
        r"'\q'", "'# <a> ?x'", '"\\u0022"',
    ],
    "iri": ["<http://a.org/b#c>", "<>", "<a'b>", r"<\u0041>", "<é>", "<?a&&?b>"],
    "name": [
        "ex:a", "ex:", ":a", ":", "ex:a.b.c", r"ex:a\'b\-", "ex:%41b", "a.b-c:d", "É:é", "ex:1a", "ex:a:b:",
        "a:b\u00b7", "SERVICE:x", "from:",
    ],
    "variable": ["?a", "$a", "?1", "?é_2", "?SELECT"],
    "blank": ["_:a", "_:1.b-c"],
    "language": ["@en", "@en-GB", "@ar--rtl"],
    "number": ["1", "1.5", ".5", "1e5", "1.e-5", "1.5E+5"],
    "word": ["SELECT", "GROUP_CONCAT", "a", "sha1", "true"],
    "sign": ["{", "{|", "|}", "<<(", ")>>", "<<", ">>", "&&", "||", "<=", ">=", "!=", "^^", "?", "*", "~"],
    "other": ["\\", "&", "'abc", "'''abc\n''", "“", "\x00", "\u00a0", "\ud800", "@", "$"],
}  # fmt: skip
TEXTS_OF_ONE = [(kind, text) for kind, texts in ONE_TOKEN.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), TEXTS_OF_ONE)
def test_each_kind_of_token_is_read_as_one(kind: str, text: str) -> None:
    assert kinds(text) == [(kind, text)]
    assert kinds(f" {text}\n;")[0] == (kind, text) or kind in ("other", "sign")


APART = {
    "SELECT*{?s ex:p?o}": ["SELECT", "*", "{", "?s", "ex:p", "?o", "}"],
    "?s a ex:b.?s": ["?s", "a", "ex:b", ".", "?s"],
    "1.ex:a": ["1", ".", "ex:a"],
    "1.5.5": ["1.5", ".5"],
    "true.5": ["true", ".5"],
    "_:a.": ["_:a", "."],
    "'a'@en.": ["'a'", "@en", "."],
    "'a'^^xsd:date": ["'a'", "^^", "xsd:date"],
    "''''": ["''''"],
    "'a'b'": ["'a'", "b", "'"],
    "'a\nb'": ["'a", "b", "'"],
    "ex:p*/^ex:q|!ex:r": ["ex:p", "*", "/", "^", "ex:q", "|", "!", "ex:r"],
    "-1-+2": ["-", "1", "-", "+", "2"],
    "<a b>": ["<", "a", "b", ">"],
    "<a\\u00>": ["<", "a", "\\", "u00", ">"],
    "?a!=?b": ["?a", "!=", "?b"],
    "{||}": ["{|", "|}"],
    "COUNT(*)": ["COUNT", "(", "*", ")"],
    "# a\r?b": ["# a", "?b"],
    "ex:a#b": ["ex:a", "#b"],
}


@pytest.mark.parametrize("text", APART)
def test_tokens_end_where_the_next_begins(text: str) -> None:
    assert [token.text for token in tokens(text)] == APART[text]


SMALLER = [
    "{FILTER(?a < ?b && ?c > ?d)}", "{FILTER(?a<?b&&?c>?d)}", "{FILTER(?a<'x'&&?b>'y')}", "{FILTER((?a)<ex:b||?c>1)}",
    "{BIND(1<?b&&?c>?d AS ?x)}", "{FILTER ex:f(?a<?b&&?c>1)}", "{FILTERex:f(?a<?b&&?c>1)}",
    "{FILTER(EXISTS{?a <p> ?b}<?b&&?c>1)}",
    "{FILTER(?a IN(1,?a<?b&&?c>1))}", "{FILTER(true<?a&&?c>1)}", "{FILTER(?a<=?b&&?c>1)}", "{FILTER(?a<<p>&&?c>1)}",
    "SELECT(?a<?b&&?c>?d AS ?x)", "SELECT ?s(?a<?b&&?c>?d AS ?x)", "{}HAVING(?a)(?b<?c&&?d>1)",
    "{}ORDER BY ?a ex:f(?b<?c&&?d>1)", "{{SELECT*{}ORDER BY ?a(?b<?c&&?d>1)}}", "{SELECT ?s(?a<?b&&?c>?d AS ?x){}}",
]  # fmt: skip
AN_IRI = [
    "{?a <b> ?c}", "{?a<b>?c}", "{(?a <b> 'c') ?p 1}", "{VALUES(?x ?y){(<b> <c>)(1<c>)}}", "{FILTER(<b>=?a)}",
    "{FILTER(?a=<b>)}", "{FILTER(?a IN(<b>,<c>))}", "{FILTER EXISTS{?a<b>?c}}", "{FILTER(EXISTS{?a<b>?c})}",
    "{?a(<b>|<c>)/<d>?e}", "{FILTER('a'^^<b>=?c)}", "{?a a(<b><c>)}", "{FILTER<b>(?a)}", "{FILTER(?a&&!<b>(?c))}",
    "{[ ex:p (ex:q <b>) ] ?p 1}", "{<<?a <b> <c>>> <d> ?e}", "{VALUES ?x {<b>} FILTER(1 > 0)}", "DESCRIBE ?a<b>",
    "{}GROUP BY <b>(?a)", "{}VALUES(?x ?y){(1<b>)}", "{{SELECT*{}VALUES(?x ?y){(1<b>)}}}",
]  # fmt: skip


@pytest.mark.parametrize("text", SMALLER)
def test_after_an_operand_of_an_expression_less_than_is_no_iri(text: str) -> None:
    found = tokens(text)
    assert any(token.kind == "sign" and token.text in ("<", "<=") for token in found)
    assert not any(token.kind == "iri" and token.text != "<p>" for token in found)
    assert [token for token in found if token.kind == "other"] == []


@pytest.mark.parametrize("text", AN_IRI)
def test_everywhere_else_it_is_an_iri_where_it_can_be(text: str) -> None:
    assert not any(token.text.startswith("<") and token.kind != "iri" for token in tokens(text) if token.text != "<<")
    assert sum(token.kind == "iri" for token in tokens(text)) == text.count("<b>") + text.count("<c>") + text.count(
        "<d>"
    )


def test_comments_are_tokens_and_say_nothing() -> None:
    assert [token.text for token in tokens("ASK # {\n{ }")] == ["ASK", "# {", "{", "}"]
    assert [token.text for token in said("ASK # {\n{ }")] == ["ASK", "{", "}"]
    assert [token.text for token in said("FILTER # (\n( # (\n ?a # ?\n<?b&&?c>?d)")][3:5] == ["<", "?b"]


def others(text: str) -> list[str]:
    return [token.text for token in otherwise(text, tokens(text)) or ()]


def test_what_can_be_read_in_another_way_is_known() -> None:
    text = "FILTER(?a<'x>')SERVICE ex:a{}FILTER(?a='')"
    assert "')SERVICE ex:a{}FILTER(?a='" in others(text)
    text = "{?s ?p (?a <ex:b#'''>) # '''"
    assert "#'''>) # '''" in others(text)
    for plain in ("FILTER(?a < 1 && ?b > 2)", "{?s ?p (?a <http://a.org/#'>)}", "{?s <urn:a'b> ?o}", "", "<" * 9):
        assert others(plain) == []
    text = "{?a ?b(1<a'b>" * 101
    assert otherwise(text, tokens(text)) is None


def covered(text: str, found: list[Token]) -> bool:
    """Whether tokens stand where they say, in their order, with nothing between them but space."""
    end = 0
    for token in found:
        if not token.text or text[end : token.start].strip(" \t\r\n") or text[token.start : token.end] != token.text:
            return False
        end = token.end
    return not text[end:].strip(" \t\r\n")


PIECES = st.sampled_from([
    *(text for _, text in TEXTS_OF_ONE), *"(){}<>'\"\\#\n \t\r", "'''", '"""', "a.b", "a-b", "FILTER", "VALUES", 
    "SELECT", "BY", "\\u0027",
])  # fmt: skip
TEXTS = st.text() | st.text("<>'\"\\#\n ?:a.(){}&@_-1eu") | st.lists(PIECES).map("".join)


@given(TEXTS)
def test_the_tokens_cover_any_text(text: str) -> None:
    found = tokens(text)
    assert covered(text, found)
    assert all(text[token.start : token.end] == token.text for token in otherwise(text, found) or ())


LONG = [
    "'''", '"""', "<", '"\\', "a:", "a.", "a-", "''' \n\\", "<a", "'''\\'", "1", "1.", "(", "_:a.", "@a-", "?", "''",
    '"\n', '"""\\"""a', "\\u0041", "<a'>", "(<a'>?b", "FILTER(?a<b#>", "a:%4", "a:\\-", "é", "\ud800", "\U00010000",
    "{|", "#\n", "?a<?b>", "(1<a:b>", "((?x<'>'", "a:b.", "'\\", "VALUES(", "#\n(", "a#\n(", "ASK", "(?a<1+",
]  # fmt: skip


@pytest.mark.parametrize("piece", LONG)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    start = time.process_time()
    found = tokens(text)
    otherwise(text, found)
    assert time.process_time() - start < 1.5
    assert covered(text, found)
