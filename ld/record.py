"""Records: what a source said, and the thesis that it describes.

A reader of `ld.sources` yields `SourceRecord`, `Unreadable` or `Deletion`; `ld.cleaning` turns a `SourceRecord` into a
`Thesis`; `ld.merging` unites several `Thesis` of one key into one. All are frozen values that survive JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Layout = Literal["page", "csv", "uketd", "ethos-feed"]
"""Record page; open CSV; UKETD_DC as a university sends it; UKETD_DC as EThOS's own feed sends it."""

FIELDS = (
    "title", "creator", "creatorIsni", "creatorOrcid", "awardingBody", "currentInstitution", "currentInstitutionIsni",
    "issued", "qualification", "level", "abstract", "discipline", "keyword", "supervisor", "sponsor", "language",
    "access", "embargo", "license", "ethosId", "cite", "doi", "page", "file",
)  # fmt: skip
"""Every field a reader may fill, in the words of `vocab/context.jsonld` where it has one.

`cite` is the address that EThOS asks people to cite, `page` a landing page elsewhere, `file` the full text itself,
`access` the access wording as printed, `embargo` its end, `keyword` a free subject term, `discipline` one of the 19.
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stands: the file as the user named it (`a.zip!b.csv` inside an archive), and its first line."""

    source: str
    line: int
    layout: Layout

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record as read: values as printed, nulls of the layout already left out, nothing cleaned.

    `languages` holds the `xml:lang` of values whose source tags that very text, as {(field, index): tag}.
    """

    origin: Origin
    fields: Mapping[str, tuple[str, ...]]
    languages: Mapping[tuple[str, int], str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    """What the reader had to repair or leave out to read the record at all."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that could not be read; the rest of its source goes on."""

    origin: Origin
    field: str | None
    problem: str
    way_out: str
    raw: str = ""
    """At most the first 2,000 characters of what was there."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A source says that a record is gone (OAI-PMH `status="deleted"`)."""

    origin: Origin
    key: str


RemarkKind = Literal["repair", "dropped", "clash", "conflict"]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something done to a value, or seen about it, that a cataloguer should know; never silent.

    repair: a value was changed and kept. dropped: a value was unusable and left out (a warning). clash: two sources of
    one thesis disagree and a rule chose (a warning). conflict: two identifications disagree (a warning).
    """

    kind: RemarkKind
    field: str
    message: str
    before: str
    after: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Text:
    """A text and the language tag that its source gave to that very text."""

    value: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as named on one record, `Surname, Forenames`, with canonical identifiers (16 characters each)."""

    name: str
    isni: str | None = None
    orcid: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation as printed on one record, with the ISNI that stood beside it."""

    name: str
    isni: str | None = None


@dataclass(frozen=True, slots=True)
class Sponsor:
    """A funder as printed, and the grant number that followed its name."""

    body: Body
    grant: str | None = None


Access = Literal["open", "embargoed", "restricted", "metadata-only"]


@dataclass(frozen=True, slots=True)
class Thesis:
    """One thesis, cleaned. A value that the shapes must judge (a year `20l4`) is kept as it stands.

    issued: the year of award, `YYYY`; date: the finer date when the source has one, `YYYY-MM` or `YYYY-MM-DD`.
    language: ISO 639-3 codes (three letters, `cym`, never `wel`). available: the embargo's end, `YYYY-MM-DD`.
    license, page, file: absolute IRIs. doi: bare, `10.…`. ethos_id: `uk.bl.ethos.<n>`.
    earlier: the `x-…` keys that parts of this thesis had, or would have had, without an EThOS ID.
    renamed: those of them that it really was published or sent under.
    """

    key: str
    title: Text | None = None
    creator: tuple[Person, ...] = ()
    awarding_body: Body | None = None
    current_institution: Body | None = None
    issued: str | None = None
    date: str | None = None
    qualification: str | None = None
    level: str | None = None
    abstract: tuple[Text, ...] = ()
    discipline: tuple[str, ...] = ()
    keyword: tuple[Text, ...] = ()
    supervisor: tuple[Person, ...] = ()
    sponsor: tuple[Sponsor, ...] = ()
    language: tuple[str, ...] = ()
    access: Access | None = None
    available: str | None = None
    license: tuple[str, ...] = ()
    ethos_id: str | None = None
    doi: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def from_elsewhere(self) -> bool:
        """Whether only a university's own feed told of it, so that EThOS is not whom to name for the record."""
        return bool(self.origins) and all(origin.layout == "uketd" for origin in self.origins)

    @property
    def origin(self) -> Origin:
        """Where the first record of it stands."""
        return next(iter(self.origins), Origin("", 0, "uketd"))


def to_json(value: Any) -> Any:
    """A record as plain JSON data, fields left out that are as they would be anyway.

    >>> to_json(Person("Andersson, Henrike", isni="0000000453606890"))
    {'name': 'Andersson, Henrike', 'isni': '0000000453606890'}
    """
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if not hasattr(value, "__dataclass_fields__"):
        return value
    pairs = ((f, getattr(value, f.name)) for f in fields(value))
    return {f.name: to_json(item) for f, item in pairs if item != f.default}


_PARTS: dict[str, Any] = {
    "title": Text, "creator": Person, "awarding_body": Body, "current_institution": Body, "abstract": Text,
    "keyword": Text, "supervisor": Person, "sponsor": Sponsor, "origins": Origin, "remarks": Remark,
    "origin": Origin, "body": Body,
}  # fmt: skip


def _build(kind: Any, data: dict[str, Any]) -> Any:
    made: dict[str, Any] = {}
    for name, value in data.items():
        part = _PARTS.get(name)
        if isinstance(value, list):
            made[name] = tuple(_build(part, item) if part else item for item in value)
        else:
            made[name] = _build(part, value) if part and isinstance(value, dict) else value
    return kind(**made)


def thesis_from_json(data: dict[str, Any]) -> Thesis:
    """The thesis that `to_json` wrote."""
    thesis: Thesis = _build(Thesis, data)
    return thesis
