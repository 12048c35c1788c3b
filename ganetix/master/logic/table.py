"""The table of units: opcode struct to the unit that does it."""

from collections.abc import Mapping
from typing import Any

from ganetix.master.allocator import Allocator
from ganetix.master.logic.backup_export import BackupExport
from ganetix.master.logic.backup_prepare import BackupPrepare
from ganetix.master.logic.backup_remove import BackupRemove
from ganetix.master.logic.cluster_destroy import ClusterDestroy
from ganetix.master.logic.cluster_master_ip import (
    ClusterActivateMasterIp,
    ClusterDeactivateMasterIp,
)
from ganetix.master.logic.cluster_post_init import ClusterPostInit
from ganetix.master.logic.cluster_query import ClusterConfigQuery, ClusterQuery
from ganetix.master.logic.cluster_redist_conf import ClusterRedistConf
from ganetix.master.logic.cluster_rename import ClusterRename
from ganetix.master.logic.cluster_renew_crypto import ClusterRenewCrypto
from ganetix.master.logic.cluster_repair_disk_sizes import ClusterRepairDiskSizes
from ganetix.master.logic.cluster_set_params import ClusterSetParams
from ganetix.master.logic.cluster_verify import (
    ClusterVerify,
    ClusterVerifyConfig,
    ClusterVerifyGroup,
)
from ganetix.master.logic.cluster_verify_disks import ClusterVerifyDisks, GroupVerifyDisks
from ganetix.master.logic.ext_storage_diagnose import ExtStorageDiagnose
from ganetix.master.logic.group_add import GroupAdd
from ganetix.master.logic.group_assign_nodes import GroupAssignNodes
from ganetix.master.logic.group_evacuate import GroupEvacuate
from ganetix.master.logic.group_remove import GroupRemove
from ganetix.master.logic.group_rename import GroupRename
from ganetix.master.logic.group_set_params import GroupSetParams
from ganetix.master.logic.instance_activate_disks import (
    InstanceActivateDisks,
    InstanceDeactivateDisks,
)
from ganetix.master.logic.instance_change_group import InstanceChangeGroup
from ganetix.master.logic.instance_console import InstanceConsole
from ganetix.master.logic.instance_create import InstanceCreate
from ganetix.master.logic.instance_failover import InstanceFailover
from ganetix.master.logic.instance_grow_disk import InstanceGrowDisk
from ganetix.master.logic.instance_migrate import InstanceMigrateUnit
from ganetix.master.logic.instance_move import InstanceMove
from ganetix.master.logic.instance_multi_alloc import InstanceMultiAlloc
from ganetix.master.logic.instance_query_data import InstanceQueryData
from ganetix.master.logic.instance_reboot import InstanceRebootUnit
from ganetix.master.logic.instance_recreate_disks import InstanceRecreateDisks
from ganetix.master.logic.instance_reinstall import InstanceReinstall
from ganetix.master.logic.instance_remove import InstanceRemove
from ganetix.master.logic.instance_rename import InstanceRename
from ganetix.master.logic.instance_replace_disks import InstanceReplaceDisks
from ganetix.master.logic.instance_set_params import InstanceSetParams
from ganetix.master.logic.instance_shutdown import InstanceShutdownUnit
from ganetix.master.logic.instance_startup import InstanceStartup
from ganetix.master.logic.network_add import NetworkAdd
from ganetix.master.logic.network_connect import NetworkConnect, NetworkDisconnect
from ganetix.master.logic.network_remove import NetworkRemove
from ganetix.master.logic.network_set_params import NetworkSetParams
from ganetix.master.logic.node_add import NodeAdd
from ganetix.master.logic.node_evacuate import NodeEvacuate
from ganetix.master.logic.node_migrate import NodeMigrate
from ganetix.master.logic.node_powercycle import NodePowercycle
from ganetix.master.logic.node_remove import NodeRemove
from ganetix.master.logic.node_set_params import NodeSetParams
from ganetix.master.logic.node_storage import (
    NodeModifyStorage,
    NodeQueryStorage,
    NodeQueryvols,
    RepairNodeStorage,
)
from ganetix.master.logic.oob_command import OobCommand
from ganetix.master.logic.os_diagnose import OsDiagnose
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.query import Query, QueryFields
from ganetix.master.logic.restricted_command import RestrictedCommand
from ganetix.master.logic.tags import TagsDel, TagsGet, TagsSearch, TagsSet
from ganetix.master.logic.test_allocator import TestAllocator
from ganetix.master.logic.test_delay import TestDelay
from ganetix.master.logic.test_jobs import TestJqueue, TestOsParams
from ganetix.master.logic.unit import Unit
from ganetix.opcodes.backup import OpBackupExport, OpBackupPrepare, OpBackupRemove
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.cluster import (
    OpClusterActivateMasterIp,
    OpClusterConfigQuery,
    OpClusterDeactivateMasterIp,
    OpClusterDestroy,
    OpClusterPostInit,
    OpClusterQuery,
    OpClusterRedistConf,
    OpClusterRename,
    OpClusterRenewCrypto,
    OpClusterRepairDiskSizes,
    OpClusterSetParams,
)
from ganetix.opcodes.group import (
    OpGroupAdd,
    OpGroupAssignNodes,
    OpGroupEvacuate,
    OpGroupRemove,
    OpGroupRename,
    OpGroupSetParams,
)
from ganetix.opcodes.instance import (
    OpInstanceConsole,
    OpInstanceCreate,
    OpInstanceMultiAlloc,
    OpInstanceQueryData,
    OpInstanceReinstall,
    OpInstanceRemove,
    OpInstanceRename,
    OpInstanceSetParams,
)
from ganetix.opcodes.instance_disks import (
    OpInstanceActivateDisks,
    OpInstanceDeactivateDisks,
    OpInstanceGrowDisk,
    OpInstanceRecreateDisks,
    OpInstanceReplaceDisks,
)
from ganetix.opcodes.instance_state import (
    OpInstanceChangeGroup,
    OpInstanceFailover,
    OpInstanceMigrate,
    OpInstanceMove,
    OpInstanceReboot,
    OpInstanceShutdown,
    OpInstanceStartup,
)
from ganetix.opcodes.network import (
    OpNetworkAdd,
    OpNetworkConnect,
    OpNetworkDisconnect,
    OpNetworkRemove,
    OpNetworkSetParams,
)
from ganetix.opcodes.node import (
    OpNodeAdd,
    OpNodeEvacuate,
    OpNodeMigrate,
    OpNodePowercycle,
    OpNodeRemove,
    OpNodeSetParams,
    OpOobCommand,
    OpRestrictedCommand,
)
from ganetix.opcodes.node_storage import (
    OpNodeModifyStorage,
    OpNodeQueryStorage,
    OpNodeQueryvols,
    OpRepairNodeStorage,
)
from ganetix.opcodes.os import OpExtStorageDiagnose, OpOsDiagnose
from ganetix.opcodes.query import OpQuery, OpQueryFields
from ganetix.opcodes.tags import OpTagsDel, OpTagsGet, OpTagsSearch, OpTagsSet
from ganetix.opcodes.test import OpTestAllocator, OpTestDelay, OpTestJqueue, OpTestOsParams
from ganetix.opcodes.verify import (
    OpClusterVerify,
    OpClusterVerifyConfig,
    OpClusterVerifyDisks,
    OpClusterVerifyGroup,
    OpGroupVerifyDisks,
)


def units(outside: Outside) -> Mapping[type[OpCode], Unit[Any, Any]]:
    """Return the unit of every opcode that this release has."""
    allocator = Allocator(outside)
    return {
        OpBackupExport: BackupExport(outside),
        OpBackupPrepare: BackupPrepare(outside),
        OpBackupRemove: BackupRemove(),
        OpClusterActivateMasterIp: ClusterActivateMasterIp(),
        OpClusterConfigQuery: ClusterConfigQuery(outside),
        OpClusterDeactivateMasterIp: ClusterDeactivateMasterIp(),
        OpClusterDestroy: ClusterDestroy(),
        OpClusterPostInit: ClusterPostInit(),
        OpClusterQuery: ClusterQuery(outside),
        OpClusterRedistConf: ClusterRedistConf(outside),
        OpClusterRename: ClusterRename(outside),
        OpClusterRenewCrypto: ClusterRenewCrypto(outside),
        OpClusterRepairDiskSizes: ClusterRepairDiskSizes(),
        OpClusterSetParams: ClusterSetParams(outside, allocator),
        OpClusterVerify: ClusterVerify(),
        OpClusterVerifyConfig: ClusterVerifyConfig(outside),
        OpClusterVerifyDisks: ClusterVerifyDisks(),
        OpClusterVerifyGroup: ClusterVerifyGroup(),
        OpExtStorageDiagnose: ExtStorageDiagnose(),
        OpGroupAdd: GroupAdd(),
        OpGroupAssignNodes: GroupAssignNodes(),
        OpGroupEvacuate: GroupEvacuate(allocator),
        OpGroupRemove: GroupRemove(),
        OpGroupRename: GroupRename(),
        OpGroupVerifyDisks: GroupVerifyDisks(),
        OpGroupSetParams: GroupSetParams(),
        OpInstanceActivateDisks: InstanceActivateDisks(),
        OpInstanceChangeGroup: InstanceChangeGroup(allocator),
        OpInstanceConsole: InstanceConsole(),
        OpInstanceCreate: InstanceCreate(outside, allocator),
        OpInstanceDeactivateDisks: InstanceDeactivateDisks(),
        OpInstanceFailover: InstanceFailover(allocator),
        OpInstanceGrowDisk: InstanceGrowDisk(),
        OpInstanceMigrate: InstanceMigrateUnit(allocator),
        OpInstanceMove: InstanceMove(),
        OpInstanceMultiAlloc: InstanceMultiAlloc(allocator),
        OpInstanceQueryData: InstanceQueryData(),
        OpInstanceReboot: InstanceRebootUnit(),
        OpInstanceRecreateDisks: InstanceRecreateDisks(allocator),
        OpInstanceReinstall: InstanceReinstall(),
        OpInstanceRemove: InstanceRemove(),
        OpInstanceRename: InstanceRename(outside),
        OpInstanceReplaceDisks: InstanceReplaceDisks(allocator),
        OpInstanceSetParams: InstanceSetParams(allocator),
        OpInstanceShutdown: InstanceShutdownUnit(),
        OpInstanceStartup: InstanceStartup(),
        OpNetworkAdd: NetworkAdd(),
        OpNetworkConnect: NetworkConnect(),
        OpNetworkDisconnect: NetworkDisconnect(),
        OpNetworkRemove: NetworkRemove(),
        OpNetworkSetParams: NetworkSetParams(),
        OpNodeAdd: NodeAdd(outside),
        OpNodeEvacuate: NodeEvacuate(allocator),
        OpNodeMigrate: NodeMigrate(),
        OpNodeModifyStorage: NodeModifyStorage(),
        OpNodePowercycle: NodePowercycle(),
        OpNodeQueryStorage: NodeQueryStorage(),
        OpNodeQueryvols: NodeQueryvols(),
        OpOobCommand: OobCommand(),
        OpRepairNodeStorage: RepairNodeStorage(),
        OpRestrictedCommand: RestrictedCommand(),
        OpNodeRemove: NodeRemove(outside),
        OpNodeSetParams: NodeSetParams(outside),
        OpOsDiagnose: OsDiagnose(),
        OpQuery: Query(outside),
        OpQueryFields: QueryFields(),
        OpTagsDel: TagsDel(),
        OpTagsGet: TagsGet(),
        OpTagsSearch: TagsSearch(),
        OpTagsSet: TagsSet(),
        OpTestAllocator: TestAllocator(allocator),
        OpTestJqueue: TestJqueue(),
        OpTestOsParams: TestOsParams(),
        OpTestDelay: TestDelay(),
    }
