"""Every option of the programs, with good and bad values: one line for each.

Only what the reference can be asked without a cluster: `-L`, `-m`, `-X` and what goes with them are
tried on virtual clusters.
"""

from typing import Final

# {file}: a cluster, {request}: a request on it, {node} and {instance}: one of each, {loads}:
# loads of instances, {mond}: reports of monitoring daemons.
LOADING: Final = """
-t{file}
--text-data={file}
--text-data=/none
-I{request}
--ialloc-src={request}
--ialloc-src=/none
-t{file} -O{node}
-t{file} --offline={node}
-t{file} --offline=nope
"""
NODES: Final = """
-t{file} -p
-t{file} --print-nodes
-t{file} --print-nodes=name,tmem
-t{file} --print-nodes=+pcnt
-t{file} --print-nodes=bogus
"""
SAYING: Final = """
-t{file} -q
-t{file} --quiet
-t{file} --verbose
-t{file} --no-such-option
-t{file} --verbose=1
-t{file} more
-t
--help-completion
"""
SAVING: Final = """
-t{file} -S{saved}
-t{file} --save={saved}
-t{file} --save=/none/saved
"""
KVM: Final = """
-t{file} --static-kvm-node-memory=0
-t{file} --static-kvm-node-memory=2048
-t{file} --static-kvm-node-memory=x
"""
LIMITS: Final = """
-t{file} -l0
-t{file} -l1
-t{file} --max-length=3
-t{file} --max-length=-1
-t{file} --max-length=x
-t{file} --max-length=1.5
-t{file} --max-cpu=0.5
-t{file} --max-cpu=4
-t{file} --max-cpu=x
-t{file} --max-cpu=0
-t{file} --max-cpu=-1
-t{file} --min-disk=0.1
-t{file} --min-disk=0.9
-t{file} --min-disk=2
-t{file} --min-disk=-1
-t{file} --min-disk=x
"""
BALANCING: Final = """
-t{file} -E
-t{file} --evac-mode
-t{file} --restricted-migration
-t{file} -e100
-t{file} --min-score=0
-t{file} --min-score=x
-t{file} -g1
-t{file} --min-gain=0
-t{file} --min-gain=x
-t{file} --min-gain-limit=0
-t{file} --min-gain-limit=100
-t{file} --min-gain-limit=x
-t{file} --no-disk-moves
-t{file} --no-instance-moves
-t{file} --ignore-soft-errors
-t{file} --select-instances={instance}
-t{file} --select-instances={instance},nope
-t{file} --select-instances=
-t{file} --exclude-instances={instance}
-t{file} --exclude-instances=nope
-t{file} --exclude-instances=
-t{file} --exclusion-tags=service
-t{file} --exclusion-tags=x,y
-t{file} --exclusion-tags=
-t{file} -U{loads}
-t{file} --dynu-file={loads}
-t{file} --dynu-file=/none
-t{file} --ignore-dynu
"""
REPORTS: Final = """
-t{file} --mond=no
-t{file} --mond=x
-t{file} --mond-data={mond}
-t{file} --mond-data=/none
"""
PROGRAMS: Final = {
    "hbal": (LOADING, NODES, SAYING, SAVING, KVM, LIMITS, BALANCING, REPORTS, """
-t{file} --print-instances
-t{file} -C
-t{file} --print-commands
-t{file} -C --first-job-group
-t{file} -Ggroup-00
-t{file} --group=group-00
-t{file} --group=nope
-t{file} --reason=because
-t{file} --priority=low
-t{file} --priority=normal
-t{file} --priority=high
-t{file} --priority=urgent
-t{file} --mond-xen
-t{file} --exit-on-missing-mond-data
"""),
    "hcheck": (LOADING, SAYING, LIMITS, BALANCING, """
-t{file} --no-simulation
-t{file} --machine-readable
-t{file} --machine-readable=yes
-t{file} --machine-readable=no
-t{file} --machine-readable=x
-t{file} --independent-groups
-t{file} --accept-existing-errors
-t{file} --no-capacity-checks
"""),
    "hinfo": (LOADING, NODES, SAYING, KVM, REPORTS, """
-t{file} -v
-t{file} --print-instances
-t{file} --ignore-dynu
"""),
    "hroller": (LOADING, SAYING, SAVING, KVM, """
-t{file} -Ggroup-00
-t{file} --group=nope
-t{file} --node-tags=rack
-t{file} --node-tags=rack:one
-t{file} --node-tags=
-t{file} --offline-maintenance
-t{file} --print-moves
-t{file} --full-evacuation
-t{file} --skip-non-redundant
-t{file} --ignore-non-redundant
-t{file} --force
-t{file} --one-step-only
-t{file} --no-headers
"""),
    "hspace": (NODES, SAYING, SAVING, KVM, LIMITS, """
-t{file} -O{node}
-t{file} --offline=nope
-t{file} --machine-readable
-t{file} --machine-readable=x
-t{file} --standard-alloc=102400,2048,2
-t{file} --standard-alloc=100G,2G,2
-t{file} --standard-alloc=102400,2048,2,1
-t{file} --standard-alloc=102400,2048
-t{file} --standard-alloc=x
-t{file} --tiered-alloc=204800,8192,8
-t{file} --tiered-alloc=x
-t{file} --disk-template=drbd
-t{file} --disk-template=plain
-t{file} --disk-template=sharedfile
-t{file} --disk-template=diskless
-t{file} --disk-template=tape
-t{file} --spindle-use=1
-t{file} --spindle-use=3
-t{file} --spindle-use=x
-t{file} --spindle-use=-1
-t{file} --independent-groups
-t{file} --accept-existing-errors
-t{file} --no-capacity-checks
--simulate=p,3,100G,8G,4
--simulate=preferred,3,100G,8G,4,2
--simulate=p,3
--simulate=x,3,100G,8G,4
--simulate=p,some,100G,8G,4
"""),
    "hsqueeze": (SAYING, SAVING, KVM, """
-t{file}
-t{file} -C
-t{file} --minimal-resources=1
-t{file} --minimal-resources=3
-t{file} --minimal-resources=x
-t{file} --target-resources=1.5
-t{file} --target-resources=x
-t{file} --no-headers
"""),
    "hail": ("""
{request}
-t{file} {request}
-p {request}
-q {request}
-v {request}
--ignore-dynu {request}
--ignore-soft-errors {request}
--no-capacity-checks {request}
--restrict-allocation-to={node} {request}
--restrict-allocation-to=nope {request}
-S{saved} {request}
--save=/none/saved {request}
--mond=no {request}
--mond-xen {request}
--static-kvm-node-memory=2048 {request}
--simulate=p,3,1000G,80G,40 {request}
{request} {request}
/none
--no-such-option {request}
--help-completion
""",),
    "harep": ("""
--dry-run more
--job-delay=x
--no-such-option
--help-completion
""",),
    "hscan": ("""
--no-such-option
--help-completion
""",),
}  # fmt: skip
# What is given beside each line, so that it does not take long; a later value counts.
ALWAYS: Final = {
    "hbal": "-l4",
    "hcheck": "-l2",
    "hspace": "--standard-alloc=102400,4096,4 --tiered-alloc=102400,8192,8",
}
COUNTED_TWICE: Final = "the reference counts each instance of a request's cluster twice"
# The last words of lines where the programs differ on purpose, and why; ours succeeds there.
DIFFERS: Final = {
    ("hbal", "--verbose"): "policies are printed as text files have them",
    ("hspace", "-l0"): "the reference ends with an internal error",
    **{
        (program, word): COUNTED_TWICE
        for program in ("hbal", "hcheck", "hinfo")
        for word in ("-I{request}", "--ialloc-src={request}")
    },
}


def lines(program: str) -> list[str]:
    """Return the command lines of *program*."""
    parts = PROGRAMS[program]
    return [line for part in parts for line in part.strip("\n").split("\n")]
