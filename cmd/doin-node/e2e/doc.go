// Package e2e holds the end-to-end tests of the programs: they build doin-node and doin-worker once, run them as real
// processes on loopback and look at them from outside, as a user, a peer, an enemy and a crash would. It has no code of
// its own beside its tests.
//
// Every test has processes, ports and directories of its own; "go test -short" skips them all. A test that fails prints
// the last lines of its processes' logs. DOIN_E2E_TMPFS names a small mounted file system for the test of a full disk;
// without it the test mounts a tmpfs itself, and says so loudly where it may not.
//
// Split, slow and lossy networks are namespaces joined by a switch in the test's own process, which needs root and
// iproute2. Hostile clients have addresses of their own in 127.0.0.0/8. DOIN_SOAK_KILLS and DOIN_SOAK_WORKER_KILLS are
// how many nodes and workers TestSoak kills, DOIN_SOAK_FOR how long it may take, DOIN_SOAK_OUT where its figures go:
// "make soak" sets them. DOIN_MONTHS is how long TestMonths runs, DOIN_MONTHS_OUT where its figures go: "make soak-months" sets them.
package e2e
