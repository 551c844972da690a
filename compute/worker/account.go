package worker

import "time"

// account is the time that slots were held, by class, and what evaluations for others may still take of it: a pure function
// of the moments it is told.
//
// Such evaluations go before the search, but while a search has work they take at most a share of the slots' time from it.
// The balance is in slot-seconds: what runs for the node itself adds share, an evaluation costs 1 − share, and one begins
// only while the balance is not negative. Without a search nothing is charged.
type account struct {
	share   float64 // 1: as much as they like
	reserve int     // places that no search may take: evaluations in them are free

	last    time.Duration
	running [classes]int
	seconds [classes]float64
	balance float64
}

// Bounds of the balance, in seconds for each slot held: how long a burst evaluations have saved up for, and how long one that
// took very long is made up for.
const (
	maxBalance = 5
	minBalance = -3600
)

// advance brings the account to a moment, up to which searching said whether a search had work.
func (a *account) advance(now time.Duration, searching bool, slots int) {
	dt := max(now-a.last, 0).Seconds()
	a.last = max(now, a.last)
	for c, n := range a.running {
		a.seconds[c] += dt * float64(n)
	}
	if !searching {
		return
	}
	own := float64(a.running[classSearch] + a.running[classOwn])
	others := float64(max(0, a.running[classEvaluation]-a.reserve))
	a.balance += dt * (a.share*own - (1-a.share)*others)
	a.balance = min(max(a.balance, minBalance*float64(slots)), maxBalance*float64(slots))
}

// admits reports whether an evaluation for others may begin although a search waits.
func (a *account) admits() bool { return a.balance >= 0 || a.running[classEvaluation] < a.reserve }

// busy returns how many seconds slots were held for the node itself and for others.
func (a *account) busy() (own, others float64) {
	return a.seconds[classSearch] + a.seconds[classOwn], a.seconds[classInference] + a.seconds[classEvaluation]
}
