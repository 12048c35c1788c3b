"""Errors as the remote API tells them: a status code, and a body that explains."""

import html
from http import HTTPStatus
from typing import Final

from ganetix import errors


class HttpFault(Exception):
    """A request that is answered with *status* and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        """Keep what the body says."""
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence

    def body(self) -> dict[str, object]:
        """Return the body; texts are escaped as for a page of HTML."""
        return {
            "code": int(self.status),
            "message": html.escape(self.status.phrase),
            "explain": html.escape(self.sentence),
        }


_BY_CLASS: Final[tuple[tuple[type[errors.GanetiError], HTTPStatus], ...]] = (
    (errors.JobLost, HTTPStatus.NOT_FOUND),
    (errors.JobQueueFull, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.ParameterError, HTTPStatus.BAD_REQUEST),
    (errors.ParseError, HTTPStatus.BAD_REQUEST),
    (errors.QueryFilterParseError, HTTPStatus.BAD_REQUEST),
    (errors.TypeEnforcementError, HTTPStatus.BAD_REQUEST),
    (errors.LuxiError, HTTPStatus.BAD_GATEWAY),
)


def fault_of(error: errors.GanetiError) -> HttpFault:
    """Return how *error* is told."""
    if isinstance(error, errors.OpPrereqError) and error.kind == errors.NOENT:
        return HttpFault(HTTPStatus.NOT_FOUND, error.message)
    for cls, status in _BY_CLASS:
        if isinstance(error, cls):
            return HttpFault(status, error.message)
    return HttpFault(HTTPStatus.INTERNAL_SERVER_ERROR, error.message)


def bad_request(sentence: str) -> HttpFault:
    """Return the fault of a request that does not fit."""
    return HttpFault(HTTPStatus.BAD_REQUEST, sentence)


def not_found(sentence: str) -> HttpFault:
    """Return the fault of something that is not there."""
    return HttpFault(HTTPStatus.NOT_FOUND, sentence)
