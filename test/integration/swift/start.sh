#!/usr/bin/env bash
# OpenStack Swift with its S3 API, from Debian's packages: three replicas on three "nodes" and one proxy, all on this
# machine. Prints the S3 endpoint when it answers. What it starts is ended by stop.sh.
# usage: start.sh <new directory> <first of thirty free ports>
set -euo pipefail
mkdir -p "$1"
directory=$(readlink -f "$1")
proxy_port=$2
memcached_port=$((proxy_port + 1))
user=$(id -un)
mkdir -p "$directory"/{etc,run,log}

# The port of a server of one type on one node.
port() {
  case $1 in object) echo $((proxy_port + $2 * 5)) ;; container) echo $((proxy_port + $2 * 5 + 1)) ;; account) echo $((proxy_port + $2 * 5 + 2)) ;; esac
}

cat > "$directory/etc/swift.conf" << CONF
[swift-hash]
swift_hash_path_prefix = prefix
swift_hash_path_suffix = suffix
[storage-policy:0]
name = gold
default = yes
CONF

for node in 1 2 3; do
  mkdir -p "$directory/srv/$node/d1"
  for type in account container object; do
    cat > "$directory/etc/$type-$node.conf" << CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $(port $type $node)
workers = 0
user = $user
swift_dir = $directory/etc
devices = $directory/srv/$node
mount_check = false
disable_fallocate = true
log_level = WARN
log_address = $directory/run/no-syslog
[pipeline:main]
pipeline = $type-server
[app:$type-server]
use = egg:swift#$type
[$type-replicator]
[$type-auditor]
[$type-updater]
CONF
  done
done

cat > "$directory/etc/proxy.conf" << CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $proxy_port
workers = 0
user = $user
swift_dir = $directory/etc
log_level = WARN
log_address = $directory/run/no-syslog
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$memcached_port
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
check_bucket_owner = false
min_segment_size = 1048576
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
CONF

cd "$directory/etc"
for type in account container object; do
  swift-ring-builder $type.builder create 6 3 1 > /dev/null
  for node in 1 2 3; do
    swift-ring-builder $type.builder add r1z$node-127.0.0.1:"$(port $type $node)"/d1 100 > /dev/null
  done
  swift-ring-builder $type.builder rebalance > /dev/null
done

# Runs a server in the background, and keeps its process id for stop.sh.
start() {
  local name=$1
  shift
  "$@" > "$directory/log/$name" 2>&1 &
  echo $! > "$directory/run/$name.pid"
}

as_root=()
[[ $user == root ]] && as_root=(-u root)
start memcached memcached -l 127.0.0.1 -p $memcached_port -m 32 "${as_root[@]}"
for node in 1 2 3; do
  for type in account container object; do
    start $type-$node swift-$type-server "$directory/etc/$type-$node.conf"
  done
done
start proxy swift-proxy-server "$directory/etc/proxy.conf"

for _ in $(seq 300); do
  if curl -sf -o /dev/null "http://127.0.0.1:$proxy_port/healthcheck"; then
    echo "http://127.0.0.1:$proxy_port"
    exit 0
  fi
  sleep 0.2
done
tail -n 5 "$directory"/log/* >&2
exit 1
