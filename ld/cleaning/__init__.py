"""Cleaning: a record as a source printed it, made a thesis; every repair that changes a value is a remark.

Padding, line ends and the canonical spelling of a number or an address are reading, not repair: no remark.
"""

from __future__ import annotations

from ld import iris
from ld.cleaning import agents, dates, urls
from ld.cleaning.access import rights
from ld.cleaning.desk import SUBJECTS, Desk
from ld.record import Access, SourceRecord, Text, Thesis
from ld.settings import Settings
from ld.vocabulary import Vocabulary, load
from ld.vocabulary.licences import license_iri


def clean(record: SourceRecord, known: Vocabulary | None = None) -> Thesis:
    """The thesis that a record describes; values that the shapes must judge stay as they are.

    Its key is its EThOS ID, else the `x-…` key, which it also keeps as `earlier`. `known` has the languages, levels and
    disciplines; they are the same whatever the base.
    """
    desk = Desk(record)
    known = known or load(Settings().base)
    title = _title(desk)
    creator = agents.creators(desk)
    issued, date = _award(desk)
    earlier = iris.earlier_key(title.value if title else None, creator[0].name if creator else None, issued)
    ethos_id = _ethos_id(desk)
    doi, page, file = _addresses(desk, ethos_id)
    access, available = _access(desk)
    discipline, keyword = _subjects(desk, known)
    return Thesis(
        key=ethos_id or earlier,
        title=title,
        creator=creator,
        awarding_body=agents.body(desk, "awardingBody"),
        current_institution=agents.body(desk, "currentInstitution"),
        issued=issued,
        date=date,
        qualification=desk.first("qualification", "qualification"),
        level=_level(desk, known),
        abstract=tuple(dict.fromkeys(Text(*text) for text in desk.texts("abstract", lines=True))),
        discipline=discipline,
        keyword=keyword,
        supervisor=agents.people(desk, "supervisor"),
        sponsor=agents.sponsors(desk),
        language=_languages(desk, known),
        access=access,
        available=available,
        license=_licenses(desk),
        ethos_id=ethos_id,
        doi=doi,
        page=page,
        file=file,
        earlier=(earlier,),
        origins=(record.origin,),
        remarks=tuple(desk.remarks),
    )


def _title(desk: Desk) -> Text | None:
    titles = [Text(*text) for text in desk.texts("title")]
    for other in titles[1:]:
        if other.value != titles[0].value:
            message = "the record has more than one title; the first was taken"
            desk.remark("clash", "title", message, other.value, titles[0].value)
    return titles[0] if titles else None


def _award(desk: Desk) -> tuple[str | None, str | None]:
    """Year and finer date; of several the earliest, since a thesis is issued again but awarded once."""
    printed = [text for text, _ in desk.texts("issued")]
    if not printed:
        return None, None
    awards = []
    for text in printed:
        award = dates.award(text)
        if award.note:
            desk.remark("repair", "issued", award.note, text, award.date or award.issued)
        awards.append(award)
    if len(awards) == 1:
        return awards[0].issued, awards[0].date
    years = [award for award in awards if award.issued.isdecimal()] or awards
    issued = min(award.issued for award in years)
    fine = [award.date for award in years if award.issued == issued and award.date]
    # DSpace sends the date twice: 2014 and 2014-06-25 agree.
    date = min((one for one in fine if not any(other.startswith(one + "-") for other in fine)), default=None)
    chosen = date or issued
    for award in awards:
        if not chosen.startswith(award.date or award.issued):
            message = "the record has several dates of award; the earliest was taken"
            desk.remark("clash", "issued", message, award.date or award.issued, chosen)
    return issued, date


def _ethos_id(desk: Desk) -> str | None:
    """The EThOS ID: from its own field, else from the address to cite."""
    found = [(field, iris.ethos_id_in(value)) for field in ("ethosId", "cite") for value in desk.raw(field)]
    known = [(field, ethos_id) for field, ethos_id in found if ethos_id]
    for field, ethos_id in known[1:]:
        if ethos_id != known[0][1]:
            message = "the record shows two EThOS IDs; the first was taken"
            desk.remark("conflict", field, message, ethos_id, known[0][1])
    for value in desk.raw("ethosId"):
        if not iris.ethos_id_in(value):
            desk.drop("ethosId", "this is no EThOS ID: it reads uk.bl.ethos. and a number", value)
    return known[0][1] if known else None


def _addresses(desk: Desk, ethos_id: str | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """DOIs, pages about the thesis elsewhere, and files of its text."""
    fields = desk.record.fields
    if not (fields.keys() & {"doi", "page", "file"} or (ethos_id is None and "cite" in fields)):
        return (), (), ()
    dois: dict[str, str] = {}
    found: dict[str, dict[str, None]] = {"page": {}, "file": {}}
    for printed in desk.parts("doi"):
        doi = urls.doi(printed)
        if doi:
            dois.setdefault(doi.casefold(), doi)
        else:
            desk.drop("doi", "this is no DOI: it begins with 10., a number and a slash", printed)
    # EThOS's address of today, /concern/…, shows no EThOS ID: it is a page about the thesis.
    wanted = [("page", "page"), ("file", "file")] + ([("page", "cite")] if ethos_id is None else [])
    for kind, field in wanted:
        for printed in (part for value in desk.raw(field) for part in urls.separate(value)):
            if doi := urls.doi(printed):
                dois.setdefault(doi.casefold(), doi)
            elif iris.ethos_id_in(printed) != ethos_id or ethos_id is None:
                _address(desk, field, printed, found[kind])
    return tuple(dois.values()), tuple(found["page"]), tuple(found["file"])


def _address(desk: Desk, field: str, printed: str, into: dict[str, None]) -> None:
    text = printed.replace("&amp;", "&").strip()
    address = urls.absolute(text)
    if address is None:
        desk.drop(field, "this is no absolute http or https address", printed)
        return
    if address != text:
        desk.remark("repair", field, "characters that no address may hold escaped", printed, address)
    into[address] = None


def _level(desk: Desk, known: Vocabulary) -> str | None:
    printed = desk.first("level", "level")
    if printed and not known.level(printed):
        desk.drop("level", "no level is known by this name", printed)
        return None
    return printed


def _subjects(desk: Desk, known: Vocabulary) -> tuple[tuple[str, ...], tuple[Text, ...]]:
    """Disciplines and keywords; a discipline that is none of the 19 is a keyword like any other word."""
    printed = desk.parts("discipline")
    others = [name for name in printed if not known.discipline(name)]
    for other in others:
        message = "this is none of EThOS's 19 disciplines; kept as a keyword"
        desk.remark("repair", "discipline", message, other, other)
    texts = desk.texts("keyword")
    parts = (Text(part.strip(), tag) for text, tag in texts for part in SUBJECTS.split(text) if part.strip())
    return tuple(name for name in printed if name not in others), tuple(dict.fromkeys((*parts, *map(Text, others))))


def _languages(desk: Desk, known: Vocabulary) -> tuple[str, ...]:
    codes: dict[str, None] = {}
    for printed in desk.parts("language"):
        code = known.language(printed)
        if code:
            codes[code] = None
        else:
            desk.drop("language", "no language is known by this code or name", printed)
    return tuple(codes)


def _access(desk: Desk) -> tuple[Access | None, str | None]:
    wordings = desk.parts("access")
    embargoes = [text for text, _ in desk.texts("embargo")]
    if not wordings and not embargoes:
        return None, None
    found = rights(wordings, embargoes)
    for wording in found.unknown:
        desk.drop("access", "this access wording is not known", wording)
    for embargo in found.undated:
        desk.drop("embargo", "this names no day", embargo)
    if found.endless:
        message = "31 Dec 2100 stands for an embargo without an end"
        desk.remark("repair", "access", message, " ; ".join((*wordings, *embargoes)), found.access)
    return found.access, found.available


def _licenses(desk: Desk) -> tuple[str, ...]:
    """Licences by their addresses only: a name may be anybody's idea of a licence."""
    licenses: dict[str, None] = {}
    for printed in desk.raw("license"):
        known = [iri for address in urls.found_in(printed) if (iri := license_iri(address))]
        if not known:
            desk.drop("license", "this is not the address of a licence", printed)
        licenses.update(dict.fromkeys(known))
    return tuple(licenses)
