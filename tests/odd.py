"""A source that puts into every field what somebody once put there, or what would break out of a syntax."""

from __future__ import annotations

import csv
import re
from itertools import cycle
from pathlib import Path
from xml.sax.saxutils import escape

from ld import isni
from ld.sources.open_csv import COLUMNS

ODD = (
    'O\'Brien; "Bobby" <b>Tables</b>', "../../etc/passwd", "..", ".ttl", "a/b?c=d#e&f", "%2F%41%zz%", "日本 大学",
    "🎓📚", "Ünïvërsity of Cafe\u0301", "\u202eright to left", "tab\there", "line\nbreak", "back\\slash \\u0041 \\",
    "[x]{y}|^`", "$ ' OR 1=1 --", "{{7*7}} ${7*7}", "<?xml version='1.0'?> ]]> -->", "@en", '"quoted"@en .', "_:b0",
    "<http://a.org/>", "http://a.org/b c", "x" * 400, "The", "the the", "---", "!", "&amp;amp; &lt;script&gt;", "null",
    "0", "٢٠١٤", "\u200bzero width\u200b", "\ufeffbom", "\u00a0", "index", "context.jsonld",
    "ab\x00cd\x1b\x7f\x85", "\ufffe\U000fffff",
)  # fmt: skip
NAMESPACES = (
    'xmlns:u="http://naca.central.cranfield.ac.uk/ethos-oai/2.0/" '
    'xmlns:t="http://naca.central.cranfield.ac.uk/ethos-oai/terms/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
)


def _isni(number: int) -> str:
    """A well-formed ISNI that nobody was given for these tests."""
    digits = f"{number:015}"
    return next(digits + check for check in "0123456789X" if isni.is_valid(digits + check))


def write_odd(folder: Path) -> Path:
    """A folder with the three layouts, each full of odd values."""
    folder.mkdir()
    _write_csv(folder / "odd.csv")
    _write_pages(folder / "odd.txt")
    _write_xml(folder / "odd.xml")
    return folder


def _write_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS, restval=" ")
        rows.writeheader()
        for number, odd in enumerate(ODD):
            text = odd.replace("\x00", "")  # no CSV reader takes it
            row = {
                "Title": f"Study of {text}", "DOI": f"https://doi.org/10.1000/{text}", "Author": f"{text}, {text}",
                "Institution": text, "Date": "2001", "Qualification": f"Thesis ({text})", "Abstract": text,
                "Subject Discipline": "Law", "Supervisor(s)": f"{text} ; {text}, X.", "Funder(s)": f"{text} ({text})",
                "IR URL": f"https://repository.example.org/{text}",
            }  # fmt: skip
            if number % 2:
                row["EThOS URL"] = f"https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.{900_000 + number}"
            if number % 3:
                row["Author ISNI"] = f"https://isni.org/isni/{_isni(40_000 + number // 3)}"  # two authors on each
            if number % 5 == 0:
                row["Institution ISNI"] = f"https://isni.org/isni/{_isni(80_000 + number)}"
            rows.writerow(row)


def _write_pages(path: Path) -> None:
    pages = []
    for number, odd in enumerate(ODD):
        text = " ".join(odd.split())
        pages.append(
            f"Use this URL to cite or link to this record in EThOS:\nTitle: Page about {text}\nAuthor: {text}\n"
            f"Awarding Body: {text} University\nCurrent Institution: {text}\nDate of Award: 19{number % 100:02}\n"
            f"Access from Institution: http://a.example/{text}\nSupervisor: {text}, A. Sponsor: {text} (EP/{text}/1)\n"
            f"Qualification Name: {text} Qualification Level: Doctoral\nEThOS ID:  DOI: {text}\nKeywords: {text}\n"
        )
    path.write_text("\n".join(pages), encoding="utf-8")


def _write_xml(path: Path) -> None:
    tags = cycle(["cy", "en-GB", "de", ""])
    records = []
    for number, (odd, tag) in enumerate(zip(ODD, tags, strict=False)):
        text = escape(re.sub(r"[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", odd))
        lang = f' xml:lang="{tag}"' if tag else ""
        records.append(
            f"<record><header><identifier>oai:eprints.example.org:{number}</identifier></header>"
            f"<metadata><u:uketddc {NAMESPACES}>"
            f"<dc:title{lang}>XML of {text}</dc:title><dc:creator>{text}, Zoë</dc:creator>"
            f"<t:institution>{text}</t:institution><dcterms:issued>2014-07</dcterms:issued>"
            f"<dcterms:abstract{lang}>{text}</dcterms:abstract><dc:subject{lang}>{text}</dc:subject>"
            f"<dc:language>{text}</dc:language><dc:rights>{text}</dc:rights><t:sponsor>{text}</t:sponsor>"
            f"<dcterms:isReferencedBy>http://a.example/{text}</dcterms:isReferencedBy>"
            f"<dc:identifier>http://a.example/files/{text}.pdf</dc:identifier></u:uketddc></metadata></record>"
        )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>'
        + "".join(records)
        + "</ListRecords></OAI-PMH>",
        encoding="utf-8",
    )
