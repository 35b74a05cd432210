"""Degrees, levels, disciplines, languages and licences: every spelling met finds its way, and no unknown one does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ld import resources
from ld.errors import VocabularyError
from ld.names import slug
from ld.vocabulary import Vocabulary, load
from ld.vocabulary.languages import Languages

BASE = "http://localhost:8000/"
DEGREE = "https://w3id.org/thesis-ld/degree/"
LEVEL = "https://w3id.org/thesis-ld/level/"
QUALIFICATIONS = Path(__file__).parent.parent.parent / "shared/data/authorities/qualification_names.yml"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load(BASE)


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("Thesis (Ph.D.)", "ph-d"),
        ("Thesis (PhD)", "ph-d"),
        ("Ph.D.", "ph-d"),
        ("Ph.D", "ph-d"),
        ("PhD", "ph-d"),
        ("phd", "ph-d"),
        (" Ph. D. ", "ph-d"),
        ("PhD thesis", "ph-d"),
        ("Doctor of Philosophy", "ph-d"),
        ("Thesis (D.Phil.)", "d-phil"),
        ("DPhil.", "d-phil"),
        ("Thesis (D.Psy.)", "d-psy"),
        ("Thesis (Psy.D.)", "psy-d"),
        ("Thesis (D.Clin.Pysch.)", "d-clin-psy"),
        ("D Clin Psy", "d-clin-psy"),
        ("Thesis (D.Crim.J.)_doc", "d-crim-j"),
        ("Thesis (D.Sc.(Med.))", "d-sc-med"),
        ("Thesis (DSc.)", "d-sc"),
        ("dsc", "d-sc"),
        ("Thesis (D.S.C.)", "d-s-c"),
        ("Thesis (D.H.S.C.)", "d-h-s-c"),
        ("Thesis (D.H.Sc.)", "d-health-sci"),
        ("Thesis (D.V. & M.S.)", "d-v-m-s"),
        ("Thesis ( LL.D.)", "ll-d"),
        ("mphil", "m-phil"),
        ("Thesis (post-doctoral)", "post-doctoral"),
        ("Thesis (other)", "other"),
    ],
)
def test_a_qualification_as_printed_names_its_degree(vocabulary: Vocabulary, printed: str, found: str) -> None:
    degree = vocabulary.degree(printed)
    assert degree is not None
    assert degree.iri == DEGREE + found


@pytest.mark.parametrize("printed", ["", "Thesis", "Thesis ()", "Doctoral", "Not available", "Thesis (Q.Q.Q.)"])
def test_what_is_no_known_degree_names_none(vocabulary: Vocabulary, printed: str) -> None:
    assert vocabulary.degree(printed) is None


def test_a_spelling_that_could_be_two_degrees_names_none(vocabulary: Vocabulary) -> None:
    assert vocabulary.degree("dhsc") is None  # D.H.S.C., or D.H.Sc.


def test_every_degree_has_an_address_made_of_its_abbreviation_and_a_known_level(vocabulary: Vocabulary) -> None:
    for degree in vocabulary.degrees:
        assert degree.iri == DEGREE + slug(degree.label)
        assert degree.level is not None
        assert vocabulary.describe(degree.level)


def test_every_spelling_of_every_degree_leads_back_to_it(vocabulary: Vocabulary) -> None:
    for degree in vocabulary.degrees:
        spellings = [
            t.object.value for t in vocabulary.describe(degree.iri) if t.predicate.value.endswith(("Label", "label"))
        ]
        assert degree.label in spellings
        assert [vocabulary.degree(spelling) for spelling in spellings] == [degree] * len(spellings)


@pytest.mark.skipif(not QUALIFICATIONS.exists(), reason="the shared data is not here")
def test_every_qualification_of_the_ethos_list_is_known(vocabulary: Vocabulary) -> None:
    terms = re.findall(r"^    term: (.+)$", QUALIFICATIONS.read_text("utf-8"), re.MULTILINE)
    assert len(terms) == 259
    assert [term for term in terms if vocabulary.degree(term) is None] == []


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("Doctoral", "doctoral"),
        ("doctoral", "doctoral"),
        ("Masters", "masters"),
        ("Master's", "masters"),
        ("undergraduate", "bachelors"),
        ("postdoctoral", "post-doctoral"),
        ("post-doctoral", "post-doctoral"),
        ("Other", "other"),
    ],
)
def test_a_level_as_printed_is_found(vocabulary: Vocabulary, printed: str, found: str) -> None:
    assert vocabulary.level(printed) == LEVEL + found


def test_an_unknown_level_or_discipline_is_none(vocabulary: Vocabulary) -> None:
    assert vocabulary.level("") is None
    assert vocabulary.level("PhD student") is None
    assert vocabulary.discipline("") is None
    assert vocabulary.discipline("Astrology") is None


DISCIPLINES = """
Agriculture & Veterinary Sciences; Architecture, Building & Planning; Biological Sciences; Business & Administrative
Studies; Computer Science; Creative Arts & Design; Education; Engineering & Technology; History & Archaeology; Language
& Literature; Law; Librarianship & Information Science; Mathematics & Statistics; Medicine & Health; Music; Philosophy,
Psychology & Religious Studies; Physical Sciences; Social, Economic & Political Studies; Sport & Recreation
"""


def test_each_of_the_19_disciplines_is_found_by_its_name(vocabulary: Vocabulary) -> None:
    names = " ".join(DISCIPLINES.split()).split("; ")
    found = [vocabulary.discipline(name) for name in names]
    assert found == [f"https://w3id.org/thesis-ld/discipline/{slug(name)}" for name in names]
    assert len(set(found)) == 19
    assert vocabulary.discipline("medicine and health") == vocabulary.discipline("Medicine & Health")


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("en", "eng"),
        ("eng", "eng"),
        ("English", "eng"),
        ("english ", "eng"),
        ("en_GB", "eng"),
        ("en-GB", "eng"),
        ("cy", "cym"),
        ("wel", "cym"),
        ("cym", "cym"),
        ("Welsh", "cym"),
        ("Cymraeg", "cym"),
        ("ger", "deu"),
        ("deu", "deu"),
        ("fre", "fra"),
        ("Scottish Gaelic", "gla"),
        ("Greek, Modern (1453-)", "ell"),
        ("zh-Hans", "zho"),
        ("", None),
        ("xx", None),
        ("und", None),
        ("Not available", None),
        ("@@MISSING-DATA", None),
    ],
)
def test_a_language_as_printed_becomes_its_iso_639_3_code(
    vocabulary: Vocabulary, printed: str, code: str | None
) -> None:
    assert vocabulary.language(printed) == code


def test_a_language_has_an_iri_and_a_name(vocabulary: Vocabulary) -> None:
    assert vocabulary.language_iri("cym") == "http://lexvo.org/id/iso639-3/cym"
    assert vocabulary.language_label("cym") == "Welsh"


def test_the_language_table_refuses_a_code_that_stands_twice() -> None:
    with pytest.raises(VocabularyError, match="'wel' stands for cym and wlm"):
        Languages(["cym\tcy wel\tWelsh\n", "wlm\twel\tMiddle Welsh\n"])


CC = "https://creativecommons.org/"


@pytest.mark.parametrize(
    ("printed", "iri"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", CC + "licenses/by/4.0/"),
        ("http://creativecommons.org/licenses/by/4.0", CC + "licenses/by/4.0/"),
        ("//creativecommons.org/licenses/by-nc/4.0/legalcode", CC + "licenses/by-nc/4.0/"),
        ("http://creativecommons.org/licenses/by-nc-sa/2.0/uk/", CC + "licenses/by-nc-sa/2.0/uk/"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.en", CC + "licenses/by-sa/4.0/"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", CC + "publicdomain/zero/1.0/"),
        ("CC BY 4.0", CC + "licenses/by/4.0/"),
        ("CC-BY-NC-ND 4.0", CC + "licenses/by-nc-nd/4.0/"),
        ("cc_by_nc_nd_4", CC + "licenses/by-nc-nd/4.0/"),
        ("Creative Commons Attribution 4.0 International", CC + "licenses/by/4.0/"),
        ("Attribution-NonCommercial-NoDerivatives 4.0 International (CC BY-NC-ND 4.0)", CC + "licenses/by-nc-nd/4.0/"),
        ("Creative Commons BY-SA Attribution-ShareAlike 4.0 International", CC + "licenses/by-sa/4.0/"),
        (
            "Creative Commons: Attribution-Noncommercial-No Derivative Works 2.0 UK: England & Wales",
            CC + "licenses/by-nc-nd/2.0/uk/",
        ),
        ("Attribution-NonCommercial 3.0 United States", CC + "licenses/by-nc/3.0/us/"),
        ("CC0 1.0 Universal", CC + "publicdomain/zero/1.0/"),
        ("Public Domain Mark 1.0", CC + "publicdomain/mark/1.0/"),
        ("All rights reserved", "http://rightsstatements.org/vocab/InC/1.0/"),
        ("CC BY-NC-ND", None),  # which version?
        ("Attribution-OnlyOnSundays 4.0 International", None),
        ("https://example.org/my-own-licence", None),
        ("", None),
    ],
)
def test_a_licence_as_printed_becomes_its_canonical_iri(vocabulary: Vocabulary, printed: str, iri: str | None) -> None:
    assert vocabulary.license(printed) == iri


def test_the_folders_that_travel_with_the_package_are_found() -> None:
    assert (resources.vocab_dir() / "context.jsonld").is_file()
    assert resources.shapes_dir().is_dir()


def test_a_missing_folder_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "ld")
    with pytest.raises(VocabularyError, match=r"vocab_data: no such folder\. Install"):
        resources.vocab_dir()
