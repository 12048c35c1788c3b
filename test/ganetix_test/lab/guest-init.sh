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

# The block after the last record; records are numbered from 1 without a gap.
last_record() {
    number=0
    while [ "$(dd if="$disk" bs=512 skip=$number count=1 2> /dev/null | head -n 1)" = \
        "record $((number + 1))" ]; do
        number=$((number + 1))
    done
    echo $number
}

disk=''
for name in /dev/vda /dev/sda; do
    if [ -b $name ]; then disk=$name && break; fi
done
acpid -c /etc/acpi
say "up on $(uname -r), disk ${disk:-none}"
count=0 written=0
if [ -n "$disk" ]; then
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
