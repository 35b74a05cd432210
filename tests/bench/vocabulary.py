"""What the vocabularies cost a build, in seconds of one core: `python tests/bench/vocabulary.py`.

Reading them once, and looking up what 20,000 records print, which is given as a share of the former too.
"""

from __future__ import annotations

import time

from ld.vocabulary import Vocabulary, load

RECORDS = 20_000


def look_up(vocabulary: Vocabulary) -> None:
    """Asks for what a record prints."""
    for _ in range(RECORDS):
        vocabulary.institution("King's College London (University of London)")
        vocabulary.degree("Thesis (Ph.D.)")
        vocabulary.discipline("Medicine & Health")


def main() -> None:
    """Measures both in one run."""
    began = time.process_time()
    vocabulary = load("http://localhost:8000/")
    read = time.process_time() - began
    look_up(vocabulary)
    asked = time.process_time() - began - read
    print(f"read {read:.2f} s; {RECORDS:,} records looked up {asked:.2f} s, {asked / read:.1f} x reading")


if __name__ == "__main__":
    main()
