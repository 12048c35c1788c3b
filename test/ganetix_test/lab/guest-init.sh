#!/bin/sh
# The first process of a lab's guest. It says on the console that it is up, counts in memory, and
# writes a numbered record a block to its first disk; a record is told only once it is on the disk.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do
    insmod "/modules/$module.ko"
done

say() {
    echo "guest: $*" > /dev/console
}

# Records are numbered from 1 without a gap; 8192 of them fit in what is looked at.
last_record() {
    dd if="$disk" bs=64k count=64 2> /dev/null | tr -d '\000' |
        awk '$0 != "record " NR { exit } { last = NR } END { print last + 0 }'
}

disk=''
for name in /dev/vda /dev/sda; do
    if [ -b $name ]; then disk=$name && break; fi
done
acpid -c /etc/acpi
say "up on $(uname -r), disk ${disk:-none}"
count=0 written=0
if [ -n "$disk" ]; then
    say "disk of $(($(cat "/sys/block/${disk#/dev/}/size") / 2048)) MiB"
    written=$(last_record)
    say "found $written"
fi
while :; do
    count=$((count + 1))
    if [ -n "$disk" ]; then
        if printf 'record %d\n' $((written + 1)) | dd of="$disk" bs=512 seek=$written count=1 \
            conv=sync,notrunc,fsync 2> /dev/null; then
            written=$((written + 1))
        else
            say "failed $((written + 1))"
        fi
    fi
    say "count $count wrote $written"
    sleep 0.2
done
