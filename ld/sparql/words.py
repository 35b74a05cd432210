"""Words of SPARQL: keywords and functions, and what people write in their place."""

from __future__ import annotations

from difflib import get_close_matches

_KEYWORDS = """
    A AS ASC ASK BASE BIND BY CONSTRUCT DESC DESCRIBE DISTINCT EXISTS FALSE FILTER FROM GRAPH GROUP HAVING IN LATERAL
    LIMIT MINUS NAMED NOT OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT SEPARATOR SERVICE SILENT TRUE UNDEF UNION VALUES
    VERSION WHERE
"""
_FUNCTIONS = """
    ABS ADJUST AVG BNODE BOUND CEIL COALESCE CONCAT CONTAINS COUNT DATATYPE DAY ENCODE_FOR_URI FLOOR GROUP_CONCAT
    HASLANG HASLANGDIR HOURS IF IRI ISBLANK ISIRI ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES LCASE MAX
    MD5 MIN MINUTES MONTH NOW OBJECT PREDICATE RAND REGEX REPLACE ROUND SAMETERM SAMPLE SECONDS SHA1 SHA256 SHA384
    SHA512 STR STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID SUBJECT SUBSTR SUM TIMEZONE
    TRIPLE TZ UCASE URI UUID YEAR
"""
KEYWORDS = frozenset(_KEYWORDS.split())
FUNCTIONS = frozenset(_FUNCTIONS.split())
"""Those of SPARQL 1.1, and those of 1.2 that the engine knows."""
AGGREGATES = frozenset({"AVG", "COUNT", "GROUP_CONCAT", "MAX", "MIN", "SAMPLE", "SUM"})
_ARGUMENTS = {
    "ADJUST": "date, zone", "CONTAINS": "text, part", "IF": "condition, then, else", "LANGMATCHES": 'language, "en"',
    "NOW": "", "RAND": "", "REGEX": 'text, "pattern", "i"', "REPLACE": 'text, "pattern", "new"', "SAMETERM": "?x, ?y",
    "STRAFTER": "text, part", "STRBEFORE": "text, part", "STRDT": "text, type", "STRENDS": "text, part",
    "STRLANG": 'text, "en"', "STRLANGDIR": 'text, "en", "ltr"', "STRSTARTS": "text, part", "STRUUID": "",
    "SUBSTR": "text, start, length", "TRIPLE": "subject, property, object", "UUID": "",
    "GROUP_CONCAT": '?x; SEPARATOR = ", "',
}  # fmt: skip
"""Of functions that do not have just one argument."""
UPDATES = frozenset({"ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"})
"""What an update begins with."""
_INSTEAD = {
    "AND": "&&", "OR": "||", "LIKE": "CONTAINS(…) or REGEX(…)", "BETWEEN": "?x >= … && ?x <= …", "JOIN": ".",
    "TOP": "LIMIT", "NULL": "BOUND(?x)", "IS": "=", "LOWER": "LCASE", "UPPER": "UCASE", "LENGTH": "STRLEN",
    "SUBSTRING": "SUBSTR", "REGEXP": "REGEX", "MATCHES": "REGEX", "STARTSWITH": "STRSTARTS", "ENDSWITH": "STRENDS",
    "CONTAINED": "CONTAINS", "EXCEPT": "MINUS", "ELSE": "IF(…, …, …)", "CASE": "IF(…, …, …)", "DESCENDING": "DESC",
    "ASCENDING": "ASC", "AVERAGE": "AVG", "ISNULL": "!BOUND(?x)", "CONCATENATE": "CONCAT", "LET": "BIND(… AS ?x)",
}  # fmt: skip


def form(function: str) -> str:
    """How a function is called.

    >>> form("contains"), form("STRLEN")
    ('contains(text, part)', 'STRLEN(?x)')
    """
    return f"{function}({_ARGUMENTS.get(function.upper(), '?x')})"


def meant(word: str) -> str:
    """What was most likely meant by a word that is none of SPARQL; empty where nothing is near.

    >>> meant("WERE"), meant("groupby"), meant("LIMIT5"), meant("and"), meant("Smith")
    ('WHERE', 'GROUP BY', 'LIMIT 5', '&&', '')
    """
    word = word.upper()
    if word in _INSTEAD:
        return _INSTEAD[word]
    known = KEYWORDS | FUNCTIONS
    for cut in range(1, len(word)):
        first, second = word[:cut], word[cut:]
        if len(first) > 1 and first in known and (second.isdigit() or (len(second) > 1 and second in known)):
            return f"{first} {second}"
    near = get_close_matches(word, sorted(known), 1, 0.78) if 2 < len(word) < 30 else []
    return near[0] if near else ""
