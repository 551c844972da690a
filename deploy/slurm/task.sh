#!/bin/bash
# One task of doin.sbatch: a node whose databases lie on this machine's own disk, because they are damaged on a shared one.
set -euo pipefail

disk=${SLURM_TMPDIR:-${TMPDIR:-/tmp}}
data=$disk/doin-$SLURM_JOB_ID-$SLURM_PROCID
kept=$RESULTS/node-$SLURM_PROCID.tar
mkdir -p "$data"
if [ -f "$kept" ]; then tar -C "$data" -xf "$kept"; fi # an earlier job's: it goes on

if [ "$SLURM_PROCID" = 0 ]; then
	"$DOIN/doin-node" genesis --config "$CONFIG" --wait $((SLURM_NTASKS - 1)) --data-dir "$data" --port "$PORT" &
else
	"$DOIN/doin-node" join "$FIRST:$PORT" --yes --data-dir "$data" --port "$PORT" &
fi
node=$!
told=
trap 'told=1; kill -TERM $node' TERM INT

while :; do
	status=0
	wait $node || status=$?
	[ -n "$told" ] || break # a signal ends the wait, not the node
	told=
done

if [ "$SLURM_PROCID" = 0 ]; then
	"$DOIN/doin-node" champions --json --config "$CONFIG" --data-dir "$data" >"$RESULTS/champions.json" || true
fi
tar -C "$data" -cf "$kept.new" . && mv "$kept.new" "$kept"
rm -rf "$data"
exit $status
