# What run.sh runs its phases with: each under `timeout`, within what is left of the whole, and noted in a file of lines
# NAME <tab> STATUS <tab> SECONDS <tab> NOTE. STATUS is "ok", "failed", "timed out" or "left out".
#
# Reads TOTAL (seconds of the whole run), WORK (a folder), LOG and PHASES (files); $SECONDS counts from the start. LAST is the
# file with what the last phase printed, empty if it was left out.

# What the numbers of phases are meant for: a run of WHOLE seconds, CHECKS of which are for checks. In a shorter one measurements
# shrink first, and below CHECKS the checks do.
WHOLE=530 CHECKS=230

# budget LEAST CAP RESERVE prints how many seconds a phase may take: CAP at most, and so that RESERVE are left for those behind
# it, both as this run has them, but LEAST where there are as many at all.
budget() {
	local left=$((TOTAL - SECONDS)) cap=$2 reserve=$3
	if [ "$TOTAL" -lt "$CHECKS" ]; then cap=$((cap * TOTAL / CHECKS)); fi
	if [ "$TOTAL" -lt "$WHOLE" ]; then reserve=$((reserve - WHOLE + TOTAL)); fi
	if [ "$reserve" -lt 0 ]; then reserve=0; fi
	if [ "$cap" -lt "$1" ]; then cap=$1; fi
	left=$((left - reserve))
	if [ "$left" -gt "$cap" ]; then left=$cap; fi
	if [ "$left" -lt 0 ]; then left=0; fi
	echo "$left"
}

# note NAME STATUS SECONDS NOTE
note() {
	local text
	text=$(printf '%s' "$4" | tr '\t\n\r' '   ' | cut -c1-300)
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$text" >>"$PHASES"
	printf '[%3d s] %s: %s%s\n' "$SECONDS" "$1" "$2" "${text:+ ($text)}"
}

# phase NAME LEAST CAP RESERVE COMMAND… runs a command, with {for} in its arguments replaced by the seconds after which it should
# stop by itself. It is left out where fewer than LEAST are there; with MUST=1 it runs nevertheless, for LEAST. The status is the
# command's; 1 if it was left out.
phase() {
	local name=$1 least=$2 seconds begun status out
	seconds=$(budget "$2" "$3" "$4")
	shift 4
	LAST=
	if [ "$seconds" -lt "$least" ]; then
		if [ -z "${MUST:-}" ]; then
			note "$name" "left out" 0 "$seconds s left, $least wanted"
			return 1
		fi
		seconds=$least
	fi
	begun=$SECONDS
	out=$(mktemp "$WORK/phase.XXXXXX")
	printf '\n=== %s: %s\n' "$name" "$*" >>"$LOG"
	timeout -k 5 "$seconds" "${@//\{for\}/$((seconds > 10 ? seconds - 5 : seconds / 2))s}" >"$out" 2>&1
	status=$?
	cat "$out" >>"$LOG"
	case $status in
	0) note "$name" ok $((SECONDS - begun)) "" ;;
	124 | 137) note "$name" "timed out" $((SECONDS - begun)) "after $seconds s" ;;
	*) note "$name" failed $((SECONDS - begun)) "status $status: $(grep -v '^[[:space:]]*$' "$out" | tail -n 1)" ;;
	esac
	LAST=$out
	return $status
}
