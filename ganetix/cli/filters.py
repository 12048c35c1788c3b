"""The text form of query filters, as people type it, to the JSON form of the wire.

A recursive-descent parser over the grammar of the interface reference: ``not`` binds closest, then
``and``, then ``or``.
"""

import re
from typing import Any, Final

from ganetix.cli.units import natural
from ganetix.errors import QueryFilterParseError

Filter = list[Any]

_TRIGGERS: Final = frozenset(" \t!\"'()/<=>\\~")
"""A single argument with one of these is a filter."""
# The patterns are compiled when there is a filter to read: most lists have none.
_LEXEMES: Final = r"""\s*(?:
      (?P<op>==|!=|<=|>=|=~|!~|=\*|!\*|=|<|>)
    | (?P<paren>[()])
    | (?P<number>[+-]?\d+(?![\w/.]))
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<word>[A-Za-z][A-Za-z0-9_/.]*)
    )"""
_PATTERN: Final = r"\s*m?([/#^|])((?:\\.|(?!\1).)*)\1([is]*)"
_ORDER: Final = {"=": "==", "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_KEYWORDS: Final = frozenset({"and", "or", "not", "in"})


def parse(text: str) -> Filter:
    """Return the JSON form of the filter *text*; raise `QueryFilterParseError` with the place."""
    try:
        return _Parser(text).whole()
    except RecursionError:
        raise QueryFilterParseError("The filter has too many parentheses in one another.") from None


def from_arguments(
    words: list[str], *, force: bool, field: str = "name", numeric: bool = False
) -> Filter | None:
    """Return the filter that the arguments *words* of a list command mean.

    One filter, or names and globs of *field*; None for everything. With *force* it must be one
    filter. With *numeric* names are whole numbers. Raise `QueryFilterParseError`.
    """
    if force and len(words) != 1:
        raise QueryFilterParseError("With -F give exactly one filter, quoted as one word.")
    if force or (len(words) == 1 and _TRIGGERS.intersection(words[0])):
        return parse(words[0])
    if not words:
        return None
    return ["|", *(_name(word, field, numeric) for word in words)]


def _name(word: str, field: str, numeric: bool) -> Filter:
    if numeric:
        number = natural(word)
        if number is None:
            raise QueryFilterParseError(f"{word!r} is not a number; give the number of a job.")
        return ["==", field, number]
    if "*" in word or "?" in word:
        return ["=~", field, glob(word)]
    return ["==", field, word]


def glob(pattern: str) -> str:
    """Return the regular expression for *pattern*: * and ? stay within one part of a name."""
    parts = {"*": "[^.]*", "?": "[^.]"}
    return "^" + "".join(parts.get(char) or re.escape(char) for char in pattern) + r"(\..*)?$"


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens = re.compile(_LEXEMES, re.VERBOSE)
        self._patterns = re.compile(_PATTERN, re.DOTALL)

    def whole(self) -> Filter:
        found = self._or()
        if self._text[self._at :].strip():
            raise self._wrong("an operator or the end")
        return found

    def _or(self) -> Filter:
        return self._chain("or", "|", self._and)

    def _and(self) -> Filter:
        return self._chain("and", "&", self._not)

    def _chain(self, keyword: str, operator: str, term: Any) -> Filter:
        terms = [term()]
        while self._skip("word", keyword):
            terms.append(term())
        return terms[0] if len(terms) == 1 else [operator, *terms]

    def _not(self) -> Filter:
        if self._skip("word", "not"):
            return ["!", self._primary()]
        return self._primary()

    def _primary(self) -> Filter:
        if self._skip("paren", "("):
            found = self._or()
            if not self._skip("paren", ")"):
                raise self._wrong("a closing parenthesis")
            return found
        kind, token = self._peek()
        if kind == "word" and token not in _KEYWORDS:
            self._take()
            return self._condition(token)
        if kind in {"number", "string"}:
            return self._member(self._value())
        raise self._wrong("a field, a value or an opening parenthesis")

    def _condition(self, field: str) -> Filter:
        kind, token = self._peek()
        if kind != "op":
            return ["?", field]
        self._take()
        if token in _ORDER:
            return [_ORDER[token], field, self._value()]
        found = ["=~", field, self._regex() if "~" in token else glob(self._string())]
        return ["!", found] if token.startswith("!") else found

    def _member(self, value: str | int) -> Filter:
        negated = self._skip("word", "not")
        if not self._skip("word", "in"):
            raise self._wrong("in, and the field that holds the value")
        kind, field = self._peek()
        if kind != "word":
            raise self._wrong("a field")
        self._take()
        found = ["=[]", field, value]
        return ["!", found] if negated else found

    def _value(self) -> str | int:
        kind, token = self._peek()
        if kind == "number":
            number = natural(token.lstrip("+-"))
            if number is None:
                raise self._wrong("a smaller number")
            self._take()
            return -number if token.startswith("-") else number
        return self._string()

    def _string(self) -> str:
        kind, token = self._peek()
        if kind != "string":
            raise self._wrong("a number or a quoted text")
        self._take()
        return token[1:-1]

    def _regex(self) -> str:
        match = self._patterns.match(self._text, self._at)
        if match is None:
            raise self._wrong("a pattern such as m/.../")
        self._at = match.end()
        delimiter, body, flags = match.groups()
        body = body.replace(f"\\{delimiter}", delimiter)
        return f"(?{''.join(sorted(set(flags)))}){body}" if flags else body

    def _peek(self) -> tuple[str | None, str]:
        match = self._tokens.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            return None, ""
        return match.lastgroup, match[match.lastgroup]

    def _take(self) -> None:
        match = self._tokens.match(self._text, self._at)
        assert match is not None  # noqa: S101 - only what _peek has shown is taken
        self._at = match.end()

    def _skip(self, kind: str, token: str) -> bool:
        if self._peek() != (kind, token):
            return False
        self._take()
        return True

    def _wrong(self, expected: str) -> QueryFilterParseError:
        rest = self._text[self._at :].lstrip()
        column = len(self._text) - len(rest) + 1
        found = f"found {rest[:20]!r}" if rest else "it ends"
        return QueryFilterParseError(
            f"The filter {self._text!r} can't be read at character {column}:"
            f" expected {expected}, but {found}."
        )
