"""The command line of burnin."""

from typing import Final

from ganetix.cli.command import Argument, Command, Option


def _off(flag: str, dest: str, what: str) -> Option:
    return Option((flag,), dest, f"Leave out {what}.", action="store_false", default=True)


COMMAND: Final = Command(
    "burnin.run:burn",
    "Create instances, take them through everything that an instance can go through, and remove "
    "them. Names must be free; with a name check they must resolve.",
    (Argument("instance", 1, None),),
    (
        Option(("-o", "--os"), "os", "Operating system to install.", metavar="OS"),
        Option(
            ("-H", "--hypervisor-parameters"),
            "hypervisor",
            "Hypervisor, with parameters: kvm:kernel_path=/boot/vmlinuz.",
            kind="identkeyval",
        ),
        Option(
            ("-O", "--os-parameters"), "osparams", "Parameters of the OS.", kind="keyval",
            default={},
        ),
        Option(("--disk-size",), "disk_size", "Sizes of the disks, separated by commas.",
               default="1G"),
        Option(("--disk-growth",), "disk_growth", "By how much each disk grows.", default="128m"),
        Option(("--mem-size",), "mem_size", "Memory, both least and most.", kind="unit"),
        Option(("--maxmem-size",), "maxmem_size", "Most memory.", kind="unit", default=256),
        Option(("--minmem-size",), "minmem_size", "Least memory.", kind="unit", default=128),
        Option(("--vcpu-count",), "vcpu_count", "Processors.", kind="int", default=3),
        Option(("-v", "--verbose"), "verbose", "Show the log of each job.", action="store_true"),
        _off("--no-ip-check", "ip_check", "the check that addresses are free"),
        _off("--no-name-check", "name_check", "the check that names resolve"),
        Option(
            ("--early-release",), "early_release",
            "Let go of the old secondary early.", action="store_true",
        ),
        _off("--no-replace1", "do_replace1", "replacing disks on the same nodes"),
        _off("--no-replace2", "do_replace2", "replacing the secondary node"),
        _off("--no-failover", "do_failover", "failing over"),
        _off("--no-migrate", "do_migrate", "live migration"),
        _off("--no-move", "do_move", "moving to another node by copying"),
        _off("--no-importexport", "do_importexport", "export and import"),
        _off("--no-startstop", "do_startstop", "stopping and starting"),
        _off("--no-reinstall", "do_reinstall", "reinstalling"),
        _off("--no-reboot", "do_reboot", "rebooting"),
        _off("--no-renamesame", "do_renamesame", "renaming to the same name"),
        Option(("--reboot-types",), "reboot_types", "Kinds of reboot, separated by commas."),
        _off("--no-activate-disks", "do_activate_disks", "activating and deactivating disks"),
        _off("--no-add-disks", "do_addremove_disks", "adding and removing disks"),
        _off("--no-add-nics", "do_addremove_nics", "adding and removing NICs"),
        Option(
            ("--no-nics",), "nics", "Instances without NICs.", action="store_const", const=[],
            default=[{}],
        ),
        _off("--no-confd", "do_confd_tests", "what needs ganeti-confd (ganetix has none)"),
        Option(("--rename",), "rename", "Rename an instance to this name, and back.",
               metavar="NAME"),
        Option(
            ("-t", "--disk-template"), "disk_template", "Disk template.", kind="choice",
            default="drbd",
            choices=(
                "blockdev", "diskless", "drbd", "ext", "file", "gluster", "plain", "rbd",
                "sharedfile",
            ),
        ),
        Option(("-n", "--nodes"), "nodes", "Only these nodes, separated by commas.", default=""),
        Option(("-I", "--iallocator"), "iallocator", "Let this allocator choose the nodes."),
        Option(("-p", "--parallel"), "parallel", "All instances at once.", action="store_true"),
        Option(("--net-timeout",), "net_timeout", "Seconds for -C.", kind="int", default=15),
        Option(
            ("-C", "--http-check"), "http_check",
            "Ask each started instance for http://NAME/hostname.txt.", action="store_true",
        ),
        Option(
            ("-K", "--keep-instances"), "keep_instances",
            "Keep the instances when something fails.", action="store_true",
        ),
    ),
)  # fmt: skip
