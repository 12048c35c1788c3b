"""What cloud-init's NoCloud source wants to know of an instance, from a script's environment. Pure.

The files are YAML by being JSON, which every YAML reader takes.
"""

import io
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pycdlib

LABEL: Final = "cidata"
DEFAULT_USER: Final = "admin"
_KEY: Final = re.compile(r"(ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+ [A-Za-z0-9+/=]+( .*)?")
_HEAD: Final = "#cloud-config\n"


def ssh_keys(env: Mapping[str, str]) -> list[str]:
    """Return the public keys in the parameter ``ssh_keys``, one a line or parted by semicolons.

    Raise ValueError for what is no public key.
    """
    given = re.split(r"[;\n]", env.get("OSP_SSH_KEYS", ""))
    keys = [line.strip() for line in given if line.strip()]
    for key in keys:
        if not _KEY.fullmatch(key):
            raise ValueError(
                f"'{key[:40]}' in ssh_keys is no public key, such as 'ssh-ed25519 ...'"
            )
    return keys


def user_data(env: Mapping[str, str]) -> str:
    """Return who may log in, by key alone."""
    user = {
        "name": env.get("OSP_USER") or DEFAULT_USER,
        "lock_passwd": True,
        "shell": "/bin/bash",
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "ssh_authorized_keys": ssh_keys(env),
    }
    name = env["INSTANCE_NAME"]
    config = {
        "hostname": name.partition(".")[0],
        "fqdn": name,
        "prefer_fqdn_over_hostname": False,
        "ssh_pwauth": False,
        "users": [user],
    }
    return _HEAD + _text(config)


def meta_data(env: Mapping[str, str]) -> str:
    """Return who the instance is: a new name makes cloud-init set it at the next boot."""
    return _text({"instance-id": env["INSTANCE_UUID"], "local-hostname": env["INSTANCE_NAME"]})


def network_config(env: Mapping[str, str]) -> str:
    """Return the network, by MAC addresses: the NICs' addresses in their networks, else DHCP."""
    ethernets = {f"nic{n}": _nic(env, f"NIC_{n}_") for n in range(int(env["NIC_COUNT"]))}
    return _text({"version": 2, "ethernets": ethernets})


def _nic(env: Mapping[str, str], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {"match": {"macaddress": env[f"{prefix}MAC"].lower()}}
    address = env.get(f"{prefix}IP", "")
    subnet = env.get(f"{prefix}NETWORK_SUBNET6" if ":" in address else f"{prefix}NETWORK_SUBNET")
    gateway = env.get(f"{prefix}NETWORK_GATEWAY6" if ":" in address else f"{prefix}NETWORK_GATEWAY")
    if not address or (not subnet and env.get(f"{prefix}MODE") != "routed"):
        return found | {"dhcp4": True}
    # Alone behind a route an address has no neighbours.
    width = (
        ipaddress.ip_network(subnet).prefixlen
        if subnet
        else ipaddress.ip_network(address).prefixlen
    )
    found["addresses"] = [f"{address}/{width}"]
    if gateway:
        found["routes"] = [{"to": "default", "via": gateway}]
    return found


def seed(env: Mapping[str, str]) -> bytes:
    """Return the image of the disc that cloud-init looks for."""
    disc = pycdlib.PyCdlib()
    disc.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    for name, text in (
        ("meta-data", meta_data(env)),
        ("network-config", network_config(env)),
        ("user-data", user_data(env)),
    ):
        data = text.encode()
        plain = name.replace("-", "_").upper()
        disc.add_fp(
            io.BytesIO(data), len(data), f"/{plain}.;1", rr_name=name, joliet_path=f"/{name}"
        )
    made = io.BytesIO()
    disc.write_fp(made)
    disc.close()
    return made.getvalue()


def _text(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
