"""Who gets in, and who may command."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ganetix.rpc.call import Role
from ganetix.rpc.interfaces import IdentityOf
from ganetix.tls.identity import NODE, Identity, NotIdentified


@attrs.frozen
class Admission:
    """Judges peers by their certificates.

    *candidates* returns the list of master candidates as it is now, node uuid to certificate
    digest; *identity* says who is at the other end of a transport.
    """

    candidates: Callable[[], Mapping[str, str]]
    identity: IdentityOf

    def admit(self, transport: Any) -> Identity:
        """Return who the peer is; raise `NotIdentified` if it is no node of this cluster."""
        who = self.identity(transport)
        if NODE not in who.roles:
            raise NotIdentified(
                f"The certificate of {who.uuid} is not a node's (its roles:"
                f" {', '.join(sorted(who.roles)) or 'none'})."
            )
        return who

    def may_command(self, who: Identity) -> bool:
        """Whether *who* is in the list of master candidates, with this very certificate.

        While certificates are renewed the list has the old and the new one, with a comma between.
        """
        return who.digest in self.candidates().get(who.uuid, "").split(",")

    def role_of(self, who: Identity) -> Role:
        """Return what *who* is while it claims nothing."""
        return "candidate" if self.may_command(who) else "node"
