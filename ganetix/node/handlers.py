"""Every call of the table that a node answers, and who answers it.

`master_node_name`, `version`, `request_status` and `request_cancel` are answered by the rpc server.
"""

from typing import Final

from ganetix.node.services import NodeServices
from ganetix.rpc import calls
from ganetix.rpc.interfaces import Handlers
from ganetix.rpc.tables import (
    cluster,
    crypto,
    export,
    guests,
    node_care,
    providers,
    storage,
    transfer,
    verify,
)

BY_SERVER: Final = (
    calls.MASTER_INFO,
    calls.VERSION,
    calls.REQUEST_STATUS,
    calls.REQUEST_CANCEL,
)
"""The calls about sessions and requests themselves."""


def handlers(node: NodeServices) -> Handlers:
    """Return call name to handler for everything that *node* does."""
    return {
        calls.NODE_INFO.name: node.checks.node_info,
        calls.NODE_VERIFY.name: node.checks.node_verify,
        calls.NODE_HAS_IP_ADDRESS.name: node.checks.has_ip_address,
        calls.TEST_DELAY.name: node.checks.delay,
        calls.ALL_INSTANCES_INFO.name: node.instances.list_all,
        calls.INSTANCE_INFO.name: node.instances.info,
        calls.INSTANCE_START.name: node.instances.start,
        calls.INSTANCE_SHUTDOWN.name: node.instances.shutdown,
        calls.INSTANCE_REBOOT.name: node.instances.reboot,
        calls.INSTANCE_ACCEPT.name: node.instances.accept,
        calls.INSTANCE_MIGRATE.name: node.instances.migrate,
        calls.INSTANCE_FINALIZE.name: node.instances.finalize,
        guests.HYPERVISOR_VALIDATE_PARAMS.name: node.guests.validate,
        guests.BRIDGES_EXIST.name: node.guests.bridges_exist,
        guests.INSTANCE_ADDRESSES.name: node.guests.addresses,
        guests.HOTPLUG_DEVICE.name: node.instances.hotplug,
        guests.INSTANCE_BALLOON_MEMORY.name: node.instances.balloon,
        calls.BLOCKDEV_CREATE.name: node.disks.create,
        calls.BLOCKDEV_REMOVE.name: node.disks.remove,
        calls.BLOCKDEV_ASSEMBLE.name: node.disks.assemble,
        calls.BLOCKDEV_SHUTDOWN.name: node.disks.shutdown,
        calls.BLOCKDEV_FIND.name: node.disks.find,
        calls.BLOCKDEV_GROW.name: node.disks.grow,
        calls.FILE_STORAGE_DIR_CREATE.name: node.disks.dir_create,
        calls.FILE_STORAGE_DIR_REMOVE.name: node.disks.dir_remove,
        calls.FILE_STORAGE_DIR_RENAME.name: node.disks.dir_rename,
        calls.OS_DIAGNOSE.name: node.oses.diagnose,
        calls.OS_VALIDATE.name: node.oses.validate,
        calls.INSTANCE_OS_ADD.name: node.oses.add,
        calls.INSTANCE_RUN_RENAME.name: node.oses.rename,
        export.EXPORT_LIST.name: node.exports.names,
        export.EXPORT_INFO.name: node.exports.info,
        calls.HOOKS_RUN.name: node.hooks.run,
        calls.SSCONF_UPDATE.name: node.cluster_files.write_ssconf,
        calls.UPLOAD_FILE.name: node.cluster_files.upload,
        calls.NODE_LEAVE_CLUSTER.name: node.cluster_files.leave_cluster,
        calls.NODE_CRYPTO_TOKENS.name: node.roles.crypto_tokens,
        calls.NODE_DEMOTE.name: node.roles.demote,
        calls.JOURNAL_APPEND.name: node.journal.append,
        calls.JOURNAL_SNAPSHOT.name: node.journal.snapshot,
        calls.STORE_POSITION.name: node.journal.store_position,
        storage.MIRROR_STATUS.name: node.storage.mirror_status,
        storage.BLOCKDEV_RENAME.name: node.storage.rename,
        storage.BLOCKDEV_SNAPSHOT.name: node.storage.snapshot,
        storage.BLOCKDEV_WIPE.name: node.storage.wipe,
        storage.BLOCKDEV_CONVERT.name: node.storage.convert,
        storage.BLOCKDEV_RESIZE.name: node.storage.resize,
        storage.BLOCKDEV_CLOSE.name: node.storage.close,
        storage.BLOCKDEV_PAUSE.name: node.storage.pause,
        storage.BLOCKDEV_REMOVECHILDREN.name: node.storage.remove_children,
        storage.BLOCKDEV_ADDCHILDREN.name: node.storage.add_children,
        storage.DRBD_DISCONNECT.name: node.storage.disconnect,
        storage.DRBD_TWO_PRIMARIES.name: node.storage.two_primaries,
        storage.LV_LIST.name: node.storage.volumes,
        cluster.NODE_STOP_MASTER.name: node.duty.stop,
        crypto.CERTIFICATE_REQUEST.name: node.certificates.request,
        crypto.CERTIFICATE_INSTALL.name: node.certificates.install,
        crypto.CERTIFICATE_RESTORE.name: node.certificates.restore,
        crypto.CERTIFICATE_KEEP.name: node.certificates.keep,
        verify.NODE_INSPECT.name: node.inspection.inspect,
        node_care.NODE_POWERCYCLE.name: node.power.powercycle,
        node_care.RUN_OOB.name: node.power.run_oob,
        node_care.RESTRICTED_COMMAND.name: node.restricted.run,
        node_care.STORAGE_LIST.name: node.units.list,
        node_care.STORAGE_MODIFY.name: node.units.modify,
        node_care.STORAGE_EXECUTE.name: node.units.repair,
        node_care.NODE_VOLUMES.name: node.units.volumes,
        cluster.NODE_ACTIVATE_MASTER_IP.name: node.duty.activate_ip,
        cluster.NODE_DEACTIVATE_MASTER_IP.name: node.duty.deactivate_ip,
        providers.EXTSTORAGE_DIAGNOSE.name: node.ext_storage.diagnose,
        export.EXPORT_REMOVE.name: node.exports.remove,
        transfer.EXPORT_FINALIZE.name: node.exports.finalize,
        transfer.X509_CREATE.name: node.transfers.make_key,
        transfer.X509_REMOVE.name: node.transfers.remove_key,
        transfer.IMPORT_START.name: node.transfers.receive,
        transfer.EXPORT_START.name: node.transfers.send,
        transfer.IMPEXP_STATUS.name: node.transfers.status,
        transfer.IMPEXP_ABORT.name: node.transfers.abort,
        transfer.IMPEXP_CLEANUP.name: node.transfers.clean_up,
    }
