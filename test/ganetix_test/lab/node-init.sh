#!/bin/sh
# The first process of a lab node, a User-Mode Linux kernel whose root is this machine's files,
# read-only. It lays an overlay over them that keeps the node's own files on its own disk, moves
# there, and starts what a node has. The kernel's command line gives it LAB_DIR (the lab's
# directory), LAB_NAME, LAB_ADDRESS, LAB_PYTHON (directory of the programs) and LAB_SOURCE.
set -e
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
self=$LAB_SOURCE/test/ganetix_test/lab/node-init.sh

lay_overlay() {
    mount -n -t proc proc /proc
    mountpoint -q /dev || mount -n -t devtmpfs devtmpfs /dev
    insmod "/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko"
    mount -n -t tmpfs tmpfs /mnt
    mkdir /mnt/own /mnt/root
    mount -n -t ext4 -o noatime /dev/ubda /mnt/own
    mkdir -p /mnt/own/upper /mnt/own/work
    mount -n -t overlay -o lowerdir=/,upperdir=/mnt/own/upper,workdir=/mnt/own/work overlay /mnt/root
    for name in proc dev; do
        mount -n --move /$name /mnt/root/$name
    done
    cd /mnt/root
    mount -n --move . /
    exec chroot . /bin/sh "$self" inside
}

mount_all() {
    mount -t sysfs sysfs /sys
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
    for name in /dev/shm /run /tmp; do
        mount -t tmpfs -o mode=1777 tmpfs $name
    done
    mkdir -p /run/lock /run/sshd /run/lvm /run/libvirt
    [ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
    mkdir -p /dev/net
}

load_modules() {
    mkdir -p /lib/modules
    [ -e "/lib/modules/$(uname -r)" ] || ln -s "/usr/lib/uml/modules/$(uname -r)" /lib/modules/
    modprobe -a dm-mod dm-snapshot hmac fuse loop bridge tun veth
    modprobe drbd minor_count=64 usermode_helper=/bin/true
    [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
}

# A bridge, so that guests have the network that their node has.
set_up_network() {
    hostname "$LAB_NAME"
    ip link set lo up
    ip link add br0 type bridge
    ip link set br0 address "$(cat /sys/class/net/eth0/address)"
    ip link set eth0 master br0 up
    ip addr add "$LAB_ADDRESS/24" dev br0
    ip link set br0 up
}

add_account() {
    grep -q "^$1:" /etc/group || echo "$1:x:$2:" >> /etc/group
    grep -q "^$1:" /etc/passwd || echo "$1:x:$2:$2::/run:/bin/false" >> /etc/passwd
}

add_accounts() {
    add_account gnt-masterd 890
    add_account gnt-rapi 891
    add_account gnt-confd 892
    add_account sshd 893
    for group in gnt-daemons:880 gnt-admin:881; do
        grep -q "^${group%:*}:" /etc/group ||
            echo "${group%:*}:x:${group#*:}:gnt-masterd,gnt-rapi,gnt-confd" >> /etc/group
    done
}

# What is done once in a node's life.
furnish() {
    add_accounts
    cp -rT "$LAB_DIR/etc" /etc
    chmod 600 /etc/ssh/ssh_host_*_key
    # The interpreter may be below root's home; the master daemon does not run as root.
    chmod 711 /root
    rm -rf /root/.ssh /root/.bash* /etc/ganeti /var/lib/ganeti /var/log/ganeti /srv/ganeti
    mkdir -m 700 /root/.ssh
    cp "$LAB_DIR/key" /root/.ssh/id_ed25519
    cp "$LAB_DIR/key.pub" /root/.ssh/authorized_keys
    cp "$LAB_DIR/known_hosts" /root/.ssh/known_hosts
    chmod 600 /root/.ssh/*
    printf 'PATH="%s:%s"; export PATH\ncd /root\n' "$LAB_PYTHON" "$PATH" > /root/.profile
    echo "SetEnv PYTHONPYCACHEPREFIX=$PYTHONPYCACHEPREFIX PYTHONPATH=$PYTHONPATH" \
        "DM_DISABLE_UDEV=1 LANG=C.UTF-8" >> /etc/ssh/sshd_config
    mkdir -p /etc/ganeti
    printf '/srv/ganeti/file-storage\n/srv/ganeti/shared-file-storage\n' \
        > /etc/ganeti/file-storage-paths
    pvcreate -q -f /dev/ubdb
    vgcreate -q xenvg /dev/ubdb
    : > /etc/lab-furnished
}

inside() {
    mount_all
    load_modules
    set_up_network
    # Compiled modules are the same for all nodes, and made once.
    export DM_DISABLE_UDEV=1 LANG=C.UTF-8 PYTHONPATH=$LAB_SOURCE
    export PYTHONPYCACHEPREFIX="${LAB_DIR%/*}/.pycache"
    [ -e /etc/lab-furnished ] || furnish
    mkdir -p /srv/ganeti/shared-file-storage
    mount -n -t hostfs -o "$LAB_DIR/shared" hostfs /srv/ganeti/shared-file-storage
    /usr/sbin/sshd
    virtlogd -d
    libvirtd -d
    if [ -e /var/lib/ganeti/server.pem ]; then
        # An old master refuses to be one when there is a new one.
        "$LAB_PYTHON/daemon-util" start-all || :
    fi
    echo "lab: $LAB_NAME is ready"
    # A shell that waits takes care of every orphan.
    while :; do sleep 1000000; done
}

if [ "$1" = inside ]; then inside; else lay_overlay; fi
