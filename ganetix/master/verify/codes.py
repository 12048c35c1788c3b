"""The codes of verify, each with the kind of object that it is about.

Source: the reference's table of verify codes.
"""

from collections.abc import Mapping
from typing import Final

CODES: Final[Mapping[str, str]] = {
    "ECLUSTERCERT": "cluster",
    "ECLUSTERCFG": "cluster",
    "ECLUSTERCLIENTCERT": "cluster",
    "ECLUSTERDANGLINGINST": "node",
    "ECLUSTERDANGLINGNODES": "node",
    "ECLUSTERFILECHECK": "cluster",
    "EEXTAGS": "node",
    "EGROUPDIFFERENTPVSIZE": "group",
    "EINSTANCEBADNODE": "instance",
    "EINSTANCEDOWN": "instance",
    "EINSTANCEFAULTYDISK": "instance",
    "EINSTANCELAYOUT": "instance",
    "EINSTANCEMISSINGCFGPARAMETER": "instance",
    "EINSTANCEMISSINGDISK": "instance",
    "EINSTANCEPOLICY": "instance",
    "EINSTANCESPLITGROUPS": "instance",
    "EINSTANCEUNSUITABLENODE": "instance",
    "EINSTANCEWRONGNODE": "instance",
    "ENODEDRBD": "node",
    "ENODEDRBDHELPER": "node",
    "ENODEDRBDVERSION": "node",
    "ENODEFILECHECK": "node",
    "ENODEFILESTORAGEPATHS": "node",
    "ENODEFILESTORAGEPATHUNUSABLE": "node",
    "ENODEGLUSTERSTORAGEPATHUNUSABLE": "node",
    "ENODEHOOKS": "node",
    "ENODEHV": "node",
    "ENODELVM": "node",
    "ENODEN1": "node",
    "ENODENET": "node",
    "ENODEOOBPATH": "node",
    "ENODEORPHANINSTANCE": "node",
    "ENODEORPHANLV": "node",
    "ENODEOS": "node",
    "ENODERPC": "node",
    "ENODESETUP": "node",
    "ENODESHAREDFILESTORAGEPATHUNUSABLE": "node",
    "ENODESSH": "node",
    "ENODETIME": "node",
    "ENODEUSERSCRIPTS": "node",
    "ENODEVERSION": "node",
}
