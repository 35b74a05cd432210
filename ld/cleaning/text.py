"""Texts: what must be mended in a text as printed (entities, encoding, accents, control characters), and what was."""

from __future__ import annotations

import re
import unicodedata
from html.entities import html5

import ftfy

_MARK = r"(?:\w+::\s*)?@@\s*MISSING[-_ ]?DATA(?:\s*@@)?"  # also seen as `dc_subject:: @@MISSING-DATA`
_MARKED = re.compile(_MARK, re.IGNORECASE)
_NULLS = frozenset({"", "not available", "not available."})
_MISSING = re.compile(rf"\s*{_MARK}\s*", re.IGNORECASE)

_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));")
_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|omicron|pi|rho|sigmaf|sigma|tau|upsilon"
    "|phi|chi|psi|omega"
)
# Not `le`, which would make something of `handle;`.
_COMMON = (
    "lt|gt|amp|LT|GT|AMP|quot|apos|nbsp|deg|micro|plusmn|times|divide|middot|frac12|sup[123]|prime|radic|infin|asymp"
    "|[lr][sd]quo|[nm]dash|hellip|pound|euro|copy|reg|trade|[aeiou](?:acute|grave|circ|uml)|ntilde|ccedil|szlig|aring"
    "|oslash|aelig"
)
# A search and replace once turned `&` into `and` everywhere, in `&alpha;` too.
_LOST = re.compile(rf"and(#[0-9]{{2,7}}|#x[0-9A-Fa-f]{{2,6}}|{_GREEK}|{_GREEK.title()}|{_COMMON});")

# The first byte of a UTF-8 sequence read as Latin-1 or Windows-1252, and the byte that follows it.
_DOUBLED = re.compile("[Â-ô][\x80-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|[\x80-\x9f]")
_FTFY = ftfy.TextFixerConfig(restore_byte_a0=False, replace_lossy_sequences=False, unescape_html=False)
_CERTAIN = {
    ("encode", "latin-1"), ("encode", "sloppy-windows-1252"), ("decode", "utf-8"), ("decode", "windows-1252"),
    ("apply", "decode_inconsistent_utf8"), ("apply", "fix_c1_controls"), ("decode", "sloppy-windows-1252"),
}  # fmt: skip

_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    + "".join(chr(plane << 16 | low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "]"
)


def is_null(printed: str) -> bool:
    """Whether a value says that there is none: empty, a lone space, `Not available`, `@@MISSING-DATA`."""
    text = printed.strip()
    if len(text) > 60:
        return False
    return text.casefold() in _NULLS or ("@@" in text and _MARKED.fullmatch(text) is not None)


def mend(printed: str, *, lines: bool = False) -> tuple[str, tuple[str, ...]]:
    """The text mended, and what was done to it; padding is taken off without a word.

    With `lines`, line breaks and empty lines between paragraphs stay; else they are spaces.

    >>> mend("TNF-andalpha; &GT; 5\\u00a0mg ")
    ('TNF-α > 5 mg', ('character entities replaced', 'lost ampersands of entities put back'))
    """
    if _is_plain(printed):
        return printed.strip(), ()
    text, done = printed, dict[str, None]()
    for needed, step, what in _STEPS * 2:  # what one step lays bare may be work for another
        if needed(text):
            mended = step(text)
            if mended != text:
                done[what] = None
                text = mended
    if not text.isprintable() or text != text.strip() or "  " in text:
        text = _spaced(text, lines)
    return text, tuple(done)


def _is_plain(text: str) -> bool:
    """Whether a text shows at a glance that there is nothing to mend: most do, and half a million are read."""
    return (
        text.isascii()
        and text.isprintable()
        and "&" not in text
        and "  " not in text
        and "@@" not in text
        and not _LOST.search(text)
    )


def excerpt(before: str, after: str | None, length: int = 200) -> tuple[str, str | None]:
    """At most `length` characters of each of two texts, around the place where they begin to differ."""
    if after is None:
        return before[:length], None
    pairs = zip(before, after, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(before), len(after)))
    start = 0 if max(len(before), len(after)) <= length else max(0, at - length // 3)
    return before[start : start + length], after[start : start + length]


def _entities(text: str) -> str:
    for _ in range(3):  # `&amp;amp;lt;` has been escaped more than once
        replaced = _ENTITY.sub(_character, text)
        if replaced == text:
            break
        text = replaced
    return text


def _character(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return html5.get(name + ";") or html5.get(name.lower() + ";") or found.group()
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if 0x80 <= code < 0xA0:  # written by a program that took Windows-1252 for Unicode
        return bytes([code]).decode("windows-1252", errors="ignore")
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _lost(text: str) -> str:
    return _entities(_LOST.sub(r"&\1;", text))


def _undoubled(text: str) -> str:
    fixed, steps = ftfy.fix_encoding_and_explain(text, _FTFY)
    return str(fixed) if all(tuple(step) in _CERTAIN for step in steps or ()) else text


def _spaced(text: str, lines: bool) -> str:
    if not lines:
        return " ".join(text.split())
    kept = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n")


_STEPS = (
    (lambda text: "&" in text, _entities, "character entities replaced"),
    (lambda text: "and" in text and _LOST.search(text), _lost, "lost ampersands of entities put back"),
    (lambda text: "@@" in text, lambda text: _MISSING.sub(" ", text), "@@MISSING-DATA taken out"),
    (lambda text: not text.isascii() and _DOUBLED.search(text), _undoubled, "double encoding undone"),
    (
        lambda text: not text.isprintable() and _CONTROL.search(text),
        lambda text: _CONTROL.sub("", text),
        "control characters taken out",
    ),
    (
        lambda text: not unicodedata.is_normalized("NFC", text),
        lambda text: unicodedata.normalize("NFC", text),
        "combining accents joined (NFC)",
    ),
)
"""When a step may be needed, the step, and how a remark names it."""
