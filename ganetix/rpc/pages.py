"""A whole configuration on its way to a node: 64 KiB pages, one in flight.

Small calls go between the pages, so none waits for more than one of them.
"""

import attrs

from ganetix import errors
from ganetix.rpc.call import INodes
from ganetix.rpc.calls import JOURNAL_SNAPSHOT, SnapshotPage, StorePosition
from ganetix.rpc.codec import PAGE


async def send_snapshot(
    nodes: INodes, node: str, epoch: int, serial: int, data: bytes
) -> StorePosition:
    """Send the configuration *data*, which stands at (*epoch*, *serial*), to *node*.

    Return what the node has on stable storage then; raise what its calls raise.
    """
    position = StorePosition(-1, -1)
    for offset in range(0, max(1, len(data)), PAGE):
        page = SnapshotPage(epoch, serial, offset, data[offset : offset + PAGE], len(data))
        position = await nodes.call(node, JOURNAL_SNAPSHOT, page)
    return position


@attrs.define(eq=False)
class SnapshotAssembly:
    """The receiving end: pages in order, of one snapshot at a time; offset 0 begins anew."""

    _of: tuple[int, int, int] = attrs.field(default=(-1, -1, -1), init=False)
    _data: bytearray = attrs.field(factory=bytearray, init=False)

    def add(self, page: SnapshotPage) -> bytes | None:
        """Take *page*; return the whole when it was the last one.

        A page that comes again is taken once. Raise `errors.ConfigurationError` if one is missing:
        the sender then begins anew.
        """
        if page.offset == 0:
            self._of = (page.epoch, page.serial, page.total)
            self._data = bytearray()
        end = page.offset + len(page.data)
        if self._of != (page.epoch, page.serial, page.total) or page.offset > len(self._data):
            raise errors.ConfigurationError(
                f"The page at {page.offset} of snapshot {page.epoch}.{page.serial} does not follow"
                f" the {len(self._data)} bytes that came before."
            )
        self._data[page.offset : end] = page.data
        return bytes(self._data) if end == page.total else None
