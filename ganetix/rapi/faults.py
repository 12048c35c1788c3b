"""Errors as the remote API tells them: a status code, and a body that explains."""

import html
from http import HTTPStatus
from typing import Final

from ganetix import errors
from ganetix.luxi.messages import RequestRefused


class HttpFault(Exception):
    """A request that is answered with *status* and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        """Keep what the body says."""
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence

    def body(self) -> dict[str, object]:
        """Return the body; texts are escaped as for a page of HTML.

        The message is about this request, the explanation about the status in general.
        """
        return {
            "code": int(self.status),
            "message": html.escape(self.sentence),
            "explain": html.escape(self.status.description or self.status.phrase),
        }


_BY_KIND: Final = {
    errors.NOENT: HTTPStatus.NOT_FOUND,
    errors.INVAL: HTTPStatus.BAD_REQUEST,
}
_BY_CLASS: Final[tuple[tuple[type[errors.GanetiError], HTTPStatus], ...]] = (
    (errors.ParseError, HTTPStatus.BAD_REQUEST),
    (RequestRefused, HTTPStatus.BAD_REQUEST),  # the client's values do not fit; the rest is ours
    (errors.LuxiError, HTTPStatus.BAD_GATEWAY),
)


def fault_of(error: errors.GanetiError) -> HttpFault:
    """Return how *error* is told."""
    if isinstance(error, errors.OpPrereqError) and error.kind in _BY_KIND:
        return HttpFault(_BY_KIND[error.kind], error.message)
    for cls, status in _BY_CLASS:
        if isinstance(error, cls):
            return HttpFault(status, error.message)
    return HttpFault(HTTPStatus(error.http_status), error.message)


def bad_request(sentence: str) -> HttpFault:
    """Return the fault of a request that does not fit."""
    return HttpFault(HTTPStatus.BAD_REQUEST, sentence)


def forbidden(sentence: str) -> HttpFault:
    """Return the fault of something that this user, or nobody, may do here."""
    return HttpFault(HTTPStatus.FORBIDDEN, sentence)


def not_found(sentence: str) -> HttpFault:
    """Return the fault of something that is not there."""
    return HttpFault(HTTPStatus.NOT_FOUND, sentence)
