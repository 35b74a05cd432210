"""The elements of UKETD_DC: which field each fills, in a university's feed and in EThOS's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ld.iris import ethos_id_in
from ld.record import Deletion, Layout, Origin, Remark, SourceRecord, Unreadable

ELEMENTS = {
    "title": "title",
    "creator": "creator",
    "advisor": "supervisor",
    "issued": "issued",  # what EThOS shows as date of award
    "abstract": "abstract",
    "subject": "keyword",
    "qualificationname": "qualification",
    "qualificationlevel": "level",
    "language": "language",
    "sponsor": "sponsor",
    "embargodate": "embargo",
    "accessrights": "access",
    "license": "license",
    "isreferencedby": "page",
    "hasformat": "file",
}
"""Local name in lower case → field, in every feed."""

BODIES: dict[Layout, dict[str, str]] = {
    # `institution` means two things: who awarded the degree, and in EThOS's own feed who holds the thesis today.
    "uketd": {"institution": "awardingBody"},
    "ethos-feed": {"institution": "currentInstitution", "publisher": "awardingBody"},
}

INSTEAD = (
    ("dateaccepted", "issued"),
    ("date", "issued"),
    ("description", "abstract"),
    ("publisher", "awardingBody"),
    ("type", "qualification"),  # the feed of 2026 has `Thesis (Ph.D.)` here
)
"""Elements that fill a field only when nothing else did."""

_QUALIFICATION = re.compile(r"Thesis \(.+\)", re.IGNORECASE)
_CODES = frozenset({"ddc", "lcc", "udc"})
"""`xsi:type` of subjects that are class marks, not words."""
_ROLE = re.compile(r"\(\s*(?:(?P<supervisor>supervisor|advisor)|(?P<sponsor>sponsor|funder))\s*\)\s*$", re.IGNORECASE)
_DOI = re.compile(r"\s*(?:https?://(?:dx\.|www\.)?doi\.org/|(?:info:)?doi[:/]?\s*)?10\.[0-9]{4,9}/\S", re.IGNORECASE)
_FILE = re.compile(r"/bitstreams?/|/download/?$|\.(?:pdf|docx?|odt|rtf|tex|ps|txt|zip|html?)(?:$|[?#])", re.IGNORECASE)
_LICENCE = re.compile(
    r"https?://(?:[\w-]+\.)*(?:creativecommons|rightsstatements|opendatacommons)\.org/\S+", re.IGNORECASE
)
_ETHOS_OAI = re.compile(r"oai:ethos\.bl\.uk:(?:uk\.bl\.ethos\.)?([0-9]{1,9})$")


@dataclass(slots=True)
class Element:
    """One element of a record: its local name, the local name of its `xsi:type`, its own `xml:lang`, its text."""

    name: str
    type: str = ""
    language: str | None = None
    overlong: bool = False
    _parts: list[str] = field(default_factory=list)
    _length: int = 0

    @classmethod
    def of(cls, name: str, attributes: dict[str, str]) -> Element:
        """The element that a start tag opens."""
        kind = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "type"), "")
        return cls(name.casefold(), kind.rpartition(":")[2].casefold(), attributes.get("xml:lang"))

    def add(self, text: str, cap: int) -> None:
        """Take in text, at most `cap` characters of it."""
        self._length += len(text)
        if self._length > cap:
            self.overlong = True
        else:
            self._parts.append(text)

    @property
    def text(self) -> str:
        """The text between the tags."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""


@dataclass(slots=True)
class Header:
    """One record of a feed: where it stands, what its OAI-PMH header says, the elements of its `uketddc`."""

    source: str
    line: int
    identifier: Element | None = None
    deleted: bool = False
    elements: list[Element] | None = None
    size: int = 0

    @property
    def oai(self) -> str:
        """The OAI-PMH identifier, or nothing."""
        return self.identifier.text.strip() if self.identifier else ""

    @property
    def layout(self) -> Layout:
        """Whose feed this is from: EThOS's own says so in its header; without one, by the address it identifies by."""
        if self.oai:
            return "ethos-feed" if self.oai.startswith("oai:ethos.bl.uk:") else "uketd"
        named = (e.text for e in self.elements or () if e.name in ("identifier", "source"))
        return "ethos-feed" if any("://ethos.bl.uk/" in text for text in named) else "uketd"


def describe(record: Header, max_field: int) -> SourceRecord | Unreadable | Deletion:
    """The record in our fields."""
    origin = Origin(record.source, record.line, record.layout)
    ethos = _ETHOS_OAI.match(record.oai)
    if record.deleted:
        return Deletion(origin, f"uk.bl.ethos.{ethos.group(1)}" if ethos else record.oai)
    if record.elements is None:
        way_out = "Ask the repository with metadataPrefix=uketd_dc."
        return Unreadable(origin, None, "the record holds no uketddc element", way_out, record.oai)
    overlong = next((element for element in record.elements if element.overlong), None)
    if overlong or record.size > 4 * max_field:
        return Unreadable(
            origin,
            overlong.name if overlong else None,
            f"the {'field' if overlong else 'record'} is longer than {max_field:,} characters",
            "Shorten it, or allow longer fields (--max-field).",
            _raw(record.elements),
        )
    fields: dict[str, list[str]] = {}
    languages: dict[tuple[str, int], str] = {}
    for name, element in _values(record.elements, origin.layout):
        values = fields.setdefault(name, [])
        if element.language:
            languages[name, len(values)] = element.language
        values.append(element.text)
    if ethos and not any(map(ethos_id_in, (*fields.get("ethosId", ()), *fields.get("cite", ())))):
        fields["ethosId"] = [f"uk.bl.ethos.{ethos.group(1)}"]
    remarks = _tie_grants(fields, record.elements, origin)
    return SourceRecord(origin, {name: tuple(values) for name, values in fields.items()}, languages, remarks)


def _values(elements: list[Element], layout: Layout) -> Iterator[tuple[str, Element]]:
    """Each value with the field that it fills."""
    filled = set()
    table = ELEMENTS | BODIES[layout]
    for element in elements:
        if not element.text.strip():
            continue
        sort = _SORTED.get(element.name)
        name = sort(element) if sort else table.get(element.name)
        if name:
            filled.add(name)
            yield name, element
    for source, name in INSTEAD:
        if name in filled:
            continue
        for element in elements:
            if element.name == source and element.text.strip() and (source != "type" or _is_qualification(element)):
                filled.add(name)
                yield name, element


def _is_qualification(element: Element) -> bool:
    return bool(_QUALIFICATION.fullmatch(element.text.strip()))


def _identifier(element: Element) -> str | None:
    """An identifier is typed loosely or not at all: what it says decides."""
    text = element.text.strip()
    if ethos_id_in(text):
        return "cite" if "://" in text else "ethosId"
    if element.type == "doi" or _DOI.match(text):
        return "doi"
    if element.type == "uri" or text.casefold().startswith(("http:", "https:", "/")):
        return "file" if _FILE.search(text) else "page"
    return None  # ISBN, ISTC, shelf marks


def _source(element: Element) -> str | None:
    """`dc:source` is a handle (2015) or the EThOS ID (2026); a citation is neither."""
    text = element.text.strip()
    if ethos_id_in(text):
        return "cite" if "://" in text else "ethosId"
    return "page" if text.startswith(("http://", "https://")) and "ethos.bl.uk" not in text else None


def _author_identifier(element: Element) -> str | None:
    orcid = element.type == "orcid" or "orcid.org" in element.text
    return "creatorOrcid" if orcid else "creatorIsni"


def _by_role(usual: str | None) -> Callable[[Element], str | None]:
    """Sorts people and bodies by the role that some feeds append: `Smith, Ann (Supervisor)`."""

    def sort(element: Element) -> str | None:
        found = _ROLE.search(element.text)
        return found.lastgroup if found else usual

    return sort


def _subject(element: Element) -> str | None:
    return None if element.type in _CODES else "keyword"


def _rights(element: Element) -> str | None:
    """Rights are free text; only a licence's address says something that a program can use."""
    return "license" if _LICENCE.search(element.text) else None


_SORTED: dict[str, Callable[[Element], str | None]] = {
    "identifier": _identifier,
    "source": _source,
    "authoridentifier": _author_identifier,
    "advisor": _by_role("supervisor"),
    "sponsor": _by_role("sponsor"),
    "contributor": _by_role(None),
    "subject": _subject,
    "rights": _rights,
}
"""Elements whose field depends on what they say."""


def _tie_grants(fields: dict[str, list[str]], elements: list[Element], origin: Origin) -> tuple[Remark, ...]:
    """Put grant numbers behind the sponsor, as a record page prints them, where there is one sponsor only."""
    grants = [element.text.strip() for element in elements if element.name == "grantnumber" and element.text.strip()]
    if not grants:
        return ()
    sponsors = fields.get("sponsor", [])
    if len(sponsors) == 1 and ";" not in sponsors[0]:
        fields["sponsor"] = [f"{sponsors[0].strip()} ({grant})" for grant in dict.fromkeys(grants)]
        return ()
    message = "a grant number was left out: the record does not say which sponsor gave it"
    return tuple(Remark("dropped", "sponsor", message, grant[:200], None, origin) for grant in grants)


def _raw(elements: list[Element]) -> str:
    return "\n".join(f"{element.name}: {element.text[:500]}" for element in elements[:50])[:2000]
