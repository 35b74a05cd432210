"""People, institutions and sponsors as one record prints them, with the numbers that stand beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from ld import isni
from ld.cleaning.desk import OUTSIDE_BRACKETS, Desk
from ld.names import body_key
from ld.record import Body, Person, Sponsor

_ROLE = re.compile(r"\s*\(\s*(?:supervisor|advisor|sponsor|funder|author)\s*\)\s*$", re.IGNORECASE)
_BEFORE_COMMA = re.compile(r"\s+,")
# A stop after a whole word is stray (`Khelaif, Fahad.`); after an initial or an abbreviation it belongs to the name.
_STRAY_STOP = re.compile(r"[^\W\d_.]{3,}\.$")
_ABBREVIATED = re.compile(
    r"\b(?:Geo|Jas|Chas|Thos|Robt|Jno|Benj|Edw|Alex|Alexr|Wilh|Theo|Fred|Saml|Danl|Esq|Prof|Rev|Hon|Mrs|Bart|Snr|Jnr"
    r"|Hum|Const|Nic|Joh|Friedr|Chr)\.$"
)
_NUMBERS = re.compile(r"\s*[;|]\s*|\s+(?=https?:)")
_GRANT = re.compile(r"(?P<body>.*\S)\s*[(\[](?P<grant>[^()\[\]]*[0-9][^()\[\]]*)[)\]]\.?", re.DOTALL)
# A research council's reference, which nothing else looks like, may stand behind the name without brackets.
_COUNCIL = re.compile(r"(?P<body>.*[^\s:,-])[\s:,-]+(?P<grant>[A-Z]{2}/[A-Z]?[0-9]{5,7}[0-9X]?/[0-9])\.?", re.DOTALL)
_WORDS = re.compile(
    r"(?:(?:grant|award|studentship|project|ref)\b[\s.]*)?(?:(?:no|nos|number|ref|reference)\b)?[\s.:#]*", re.I
)
_YEARS = re.compile(r"(?:19|20)[0-9]{2}(?:\s*[-–/]\s*(?:(?:19|20)?[0-9]{2})?)?")

Number = tuple[Literal["isni", "orcid"], str]


def people(desk: Desk, field: str) -> tuple[Person, ...]:
    """The people of a field, in its order, each once."""
    names = []
    for part in desk.parts(field):
        name = _name(part)
        if name != part and name != _BEFORE_COMMA.sub(",", part):
            desk.remark("repair", field, "what does not belong to the name taken off its end", part, name)
        if name.strip(" ,."):
            names.append(name)
        else:
            desk.drop(field, "this is no name", part)
    return tuple(map(Person, dict.fromkeys(names)))


def _name(printed: str) -> str:
    name = _ROLE.sub("", printed) if "(" in printed else printed
    if name.endswith(".") and _STRAY_STOP.search(name) and not _ABBREVIATED.search(name):
        name = name[:-1]
    return _BEFORE_COMMA.sub(",", name) if " ," in name else name


def creators(desk: Desk) -> tuple[Person, ...]:
    """The authors; numbers are an author's only when there is one author."""
    found = people(desk, "creator")
    numbers = [*_numbers(desk, "creatorIsni"), *_numbers(desk, "creatorOrcid")]
    if not numbers:
        return found
    if len(found) != 1:
        why = "whose number this is cannot be told: the record has " + (
            f"{len(found)} authors" if found else "no author"
        )
        for field, printed, _ in numbers:
            desk.drop(field, why, printed)
        return found
    chosen: dict[str, str] = {}
    for field, printed, (kind, number) in numbers:
        if chosen.setdefault(kind, number) != number:
            desk.remark("conflict", field, f"the author has two numbers, the first was taken: {chosen[kind]}", printed)
    return (Person(found[0].name, **chosen),)


def _numbers(desk: Desk, field: str) -> Iterator[tuple[str, str, Number]]:
    """The sound ISNIs and ORCID iDs of a field."""
    for value in desk.raw(field):
        for printed in _NUMBERS.split(value.strip()):
            number = isni.compact(printed)
            if isni.is_valid(number):
                # ORCID iDs are a reserved block of ISNI's numbers: the block decides, not the label.
                kind: Literal["isni", "orcid"] = "orcid" if isni.is_orcid(number) else "isni"
                yield field, printed, (kind, number)
            elif printed:
                desk.drop(field, _complaint(number), printed)


def _complaint(number: str) -> str:
    if re.fullmatch(r"[0-9]{15}[0-9X]", number):
        return f"the check character is wrong: after {number[:15]} comes {isni.check_character(number[:15])}"
    return "this is no ISNI and no ORCID iD: it must have 16 characters, digits with perhaps an X at the end"


def body(desk: Desk, field: str) -> Body | None:
    """The institution of a field, with the ISNI that stood beside it; repeated spellings are one."""
    parts = desk.parts(field)
    isnis = [(f, printed, number) for f, printed, number in _numbers(desk, field + "Isni")]
    if not parts:
        for of, printed, _ in isnis:
            desk.drop(of, "an institution's number without its name", printed)
        return None
    for other in parts[1:]:
        if body_key(other) != body_key(parts[0]):
            desk.remark(
                "clash", field, "the record names more than one institution; the first was taken", other, parts[0]
            )
    sound = []
    for of, printed, (kind, number) in isnis:
        if kind == "orcid":
            desk.drop(of, "an ORCID iD is a person's, not an institution's", printed)
        elif number not in sound:
            sound.append(number)
    for number in sound[1:]:
        desk.remark("conflict", field + "Isni", "the institution has two ISNIs, the first was taken", number, sound[0])
    return Body(parts[0], sound[0] if sound else None)


def sponsors(desk: Desk) -> tuple[Sponsor, ...]:
    """The sponsors, each with its grant; a sponsor of two grants stands twice.

    `Research Council (RC) (RC/1/2)` is a name with an abbreviation, and a grant number.
    """
    found = []
    for part in desk.parts("sponsor", OUTSIDE_BRACKETS):
        printed = _ROLE.sub("", part)
        if printed != part:
            desk.remark("repair", "sponsor", "what does not belong to the name taken off its end", part, printed)
        name, grants = _granted(printed)
        found += [Sponsor(Body(name), grant) for grant in grants] or [Sponsor(Body(name))]
    return tuple(dict.fromkeys(found))


def _granted(printed: str) -> tuple[str, list[str]]:
    for pattern in (_GRANT, _COUNCIL):
        match = pattern.fullmatch(printed)
        if match:
            grants = [_WORDS.sub("", grant, count=1).strip() for grant in re.split(r"\s*[;,]\s*", match["grant"])]
            grants = [grant for grant in grants if any(map(str.isdigit, grant))]
            if grants and not any(map(_YEARS.fullmatch, grants)):
                return match["body"], grants
    return printed, []
