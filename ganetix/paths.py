"""Where every file lives, on a real machine and under a virtual cluster's root.

Source: the path table of the interface reference. In a virtual cluster each path gets the root as
prefix; paths sent to another node travel as virtual paths and are resolved by the receiver.
"""

import posixpath
from typing import Final, NamedTuple

VIRTUAL_PREFIX: Final = "/###-VIRTUAL-PATH-###,"


def shown(sent: str) -> str:
    """Return *sent*, a path as it travels between nodes, for a person to read."""
    return sent.removeprefix(VIRTUAL_PREFIX)


class Paths(NamedTuple):
    """The files of one node. *root* is empty on a real machine; *hostname* is this node's name.

    *share* is the directory of the package's own OS definitions and other shipped data.
    (A named tuple, because the commands that list things have no time to import attrs.)
    """

    root: str
    hostname: str
    share: str = "/usr/share/ganeti"

    @property
    def virtual(self) -> bool:
        """Whether this is a node of a virtual cluster."""
        return bool(self.root)

    def at(self, path: str) -> str:
        """Return the absolute *path* below this node's root."""
        return f"{self.root}{path}" if self.root else path

    def outgoing(self, local: str) -> str:
        """Return *local* as it is sent to another node."""
        if not self.root:
            return local
        if not local.startswith(f"{self.root}/"):
            raise ValueError(f"Path {local} is outside of this node's directory {self.root}.")
        return VIRTUAL_PREFIX + local.removeprefix(self.root)

    def incoming(self, sent: str) -> str:
        """Return the local path for *sent*, a path from another node or from the configuration."""
        bare = sent.removeprefix(VIRTUAL_PREFIX)
        if self.root and (bare == self.root or bare.startswith(f"{self.root}/")):
            return posixpath.normpath(bare)
        return self.at(posixpath.normpath(bare))

    @property
    def data_dir(self) -> str:
        """Cluster state: configuration, certificates, ssconf."""
        return self.at("/var/lib/ganeti")

    @property
    def config_file(self) -> str:
        """The configuration as of the last checkpoint."""
        return f"{self.data_dir}/config.data"

    @property
    def journal_file(self) -> str:
        """Changes of configuration and jobs since the last checkpoint."""
        return f"{self.data_dir}/journal"

    @property
    def epoch_file(self) -> str:
        """The highest mastership epoch that this node has obeyed, with the master's name."""
        return f"{self.data_dir}/mastership"

    @property
    def queue_dir(self) -> str:
        """Job files."""
        return f"{self.data_dir}/queue"

    @property
    def archive_dir(self) -> str:
        """Archived job files, a directory for every 10,000 jobs."""
        return f"{self.queue_dir}/archive"

    @property
    def serial_file(self) -> str:
        """The last job id."""
        return f"{self.queue_dir}/serial"

    @property
    def drain_file(self) -> str:
        """Exists while the queue takes no new jobs."""
        return f"{self.queue_dir}/drain"

    @property
    def run_dir(self) -> str:
        """Sockets and pid files."""
        return self.at("/var/run/ganeti")

    @property
    def socket_dir(self) -> str:
        """Unix sockets."""
        return f"{self.run_dir}/socket"

    @property
    def luxi_socket(self) -> str:
        """The LUXI server's socket (Ganeti's query socket)."""
        return f"{self.socket_dir}/ganeti-query"

    def manhole_socket(self, daemon: str) -> str:
        """The console socket of *daemon* (``masterd``, ``noded`` or ``rapid``).

        Its directory is the daemon's own: each runs as another user.
        """
        return f"{self.run_dir}/manhole-{daemon}/socket"

    def manhole_key_file(self, daemon: str) -> str:
        """The SSH host key of the console of *daemon*, where SSH is asked for."""
        return f"{self.data_dir}/manhole-{daemon}.key"

    @property
    def manhole_users_file(self) -> str:
        """The public keys that may open consoles by SSH."""
        return self.at("/etc/ganeti/manhole_authorized_keys")

    def pid_file(self, daemon: str) -> str:
        """The pid file of *daemon*, such as ``ganeti-noded``."""
        return f"{self.run_dir}/{daemon}.pid"

    @property
    def log_dir(self) -> str:
        """Logs of daemons; OS scripts log to a directory below."""
        return self.at("/var/log/ganeti")

    @property
    def os_log_dir(self) -> str:
        """Output of OS scripts, a file for each run."""
        return f"{self.log_dir}/os"

    @property
    def export_dir(self) -> str:
        """Exports of instances, a directory for each."""
        return f"{self.data_dir}/export"

    @property
    def hooks_dir(self) -> str:
        """Base of the hook directories."""
        return self.at("/etc/ganeti/hooks")

    @property
    def file_storage_paths_file(self) -> str:
        """Base directories in which file disks may live."""
        return self.at("/etc/ganeti/file-storage-paths")

    @property
    def restricted_commands_dir(self) -> str:
        """Commands that the cluster may run on this node."""
        return self.at("/etc/ganeti/restricted-commands")

    @property
    def master_ip_script(self) -> str:
        """The administrator's own script that turns the master IP up and down."""
        return self.at("/etc/ganeti/scripts/master-ip-setup")

    @property
    def authority_key_file(self) -> str:
        """The cluster authority's key: only on the master and in-sync candidates, mode 0600."""
        return f"{self.data_dir}/authority.key"

    @property
    def authority_cert_file(self) -> str:
        """The cluster authority's certificate, on every node."""
        return f"{self.data_dir}/authority.pem"

    @property
    def node_cert_file(self) -> str:
        """This node's key and certificate, one PEM file."""
        return f"{self.data_dir}/server.pem"

    @property
    def rapi_cert_file(self) -> str:
        """Key and certificate of the remote API."""
        return f"{self.data_dir}/rapi.pem"

    @property
    def rapi_users_file(self) -> str:
        """Users of the remote API."""
        return f"{self.data_dir}/rapi/users"

    @property
    def ssh_public_keys_file(self) -> str:
        """The nodes' public ssh keys, a line ``<node uuid> <key>`` for each."""
        return f"{self.data_dir}/ganeti_pub_keys"

    @property
    def known_hosts_file(self) -> str:
        """SSH host keys under the cluster's name."""
        return f"{self.data_dir}/known_hosts"

    @property
    def ext_storage_search_path(self) -> tuple[str, ...]:
        """Directories of external storage providers; the first match wins."""
        real = (
            "/srv/ganeti/extstorage",
            "/usr/local/lib/ganeti/extstorage",
            "/usr/lib/ganeti/extstorage",
            "/usr/share/ganeti/extstorage",
        )
        own = (self.at(real[0]),) if self.virtual else ()
        return (*own, *real)

    @property
    def os_search_path(self) -> tuple[str, ...]:
        """Directories of OS definitions; in a virtual cluster the node's own comes first."""
        real = (
            "/srv/ganeti/os",
            "/usr/local/lib/ganeti/os",
            "/usr/lib/ganeti/os",
            "/usr/share/ganeti/os",
        )
        head = (self.at("/srv/ganeti/os"),) if self.root else ()
        return (*head, *real, f"{self.share}/os")

    @property
    def iallocator_search_path(self) -> tuple[str, ...]:
        """Directories of allocator programs; in a virtual cluster the node's own comes first."""
        real = ("/usr/local/lib/ganeti/iallocators", "/usr/lib/ganeti/iallocators")
        head = (self.at(real[0]),) if self.root else ()
        return (*head, *real, f"{self.share}/iallocators")

    def ssconf(self, key: str) -> str:
        """The file of the simple configuration value *key*."""
        return f"{self.data_dir}/ssconf_{key}"

    def job(self, job_id: int) -> str:
        """The live file of job *job_id*."""
        return f"{self.queue_dir}/job-{job_id}"

    def archived_job(self, job_id: int) -> str:
        """The archived file of job *job_id*."""
        return f"{self.archive_dir}/{job_id // 10000}/job-{job_id}"
