"""Live facts as the nodes pushed them."""

import attrs


@attrs.define(eq=False)
class LiveState:
    """What the nodes said last."""
