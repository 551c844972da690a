package worker

import (
	"math"
	"testing"
	"time"
)

// load is a discrete simulation of slots: of each class some always wait, each run as long as said.
type load struct {
	s    *slots
	now  time.Duration
	wait [classes][]chan struct{}
	runs []run
}

type run struct {
	c   class
	end time.Duration
}

// span runs until a moment with so many of each class in line, and returns the longest that one waited, by class.
func (l *load) span(until time.Duration, line [classes]int, length [classes]time.Duration) {
	for l.now < until {
		for c := range classes {
			for len(l.wait[c]) < line[c] {
				given, _ := l.s.enqueue(c)
				l.wait[c] = append(l.wait[c], given)
			}
		}
		begun := false
		for c := range classes {
			for len(l.wait[c]) > 0 {
				select {
				case <-l.wait[c][0]:
					l.wait[c] = l.wait[c][1:]
					l.runs = append(l.runs, run{c, l.now + length[c]})
					begun = true
					continue
				default:
				}
				break
			}
		}
		if begun {
			continue
		}
		first := 0
		for i := range l.runs {
			if l.runs[i].end < l.runs[first].end {
				first = i
			}
		}
		l.now = l.runs[first].end
		c := l.runs[first].c
		l.runs = append(l.runs[:first], l.runs[first+1:]...)
		l.s.release(c)
	}
}

func newLoad(n, reserve int, share float64) *load {
	l := &load{}
	l.s = newSlots(n, reserve, share, func() time.Duration { return l.now })
	return l
}

// A flood of evaluations takes its share from a search and no more, however long one takes.
func TestShare(t *testing.T) {
	const hours = 20 * time.Hour
	f := func(n int, share float64, evaluation, trial time.Duration) {
		t.Helper()
		l := newLoad(n, 0, share)
		l.span(hours, [classes]int{classEvaluation: 3 * n, classSearch: 2 * n},
			[classes]time.Duration{classEvaluation: evaluation, classSearch: trial})
		own, others := l.s.busy()
		total := float64(n) * l.now.Seconds()
		if got := own / total; got < 1-share-0.03 || got > 1-share+0.03 {
			t.Errorf("%d slots, share %v, evaluations of %v: the search has %.3f, want %.2f", n, share, evaluation, got, 1-share)
		}
		if math.Abs(own+others-total) > 1 {
			t.Errorf("%d slots: %v seconds busy of %v", n, own+others, total)
		}
	}
	f(1, 0.5, time.Second, time.Second)
	f(1, 0.5, 10*time.Minute, 70*time.Millisecond)
	f(2, 0.5, 30*time.Second, time.Second)
	f(8, 0.2, time.Second, 7*time.Second)
	f(8, 0.05, 100*time.Second, time.Second)
}

// Without a search a flood gets everything; a share of 1 is what it was before there were shares.
func TestShareWithoutASearch(t *testing.T) {
	length := [classes]time.Duration{classEvaluation: 3 * time.Second, classSearch: time.Second}
	l := newLoad(4, 0, 0.05)
	l.span(time.Hour, [classes]int{classEvaluation: 8}, length)
	if own, others := l.s.busy(); own != 0 || others < 4*3600 {
		t.Errorf("own %v, others %v, want everything for others", own, others)
	}
	l = newLoad(4, 0, 1)
	l.span(time.Hour, [classes]int{classEvaluation: 8, classSearch: 8}, length)
	if own, _ := l.s.busy(); own != 0 {
		t.Errorf("own %v, want 0 with a share of 1", own)
	}
}

// Evaluations in the reserve take nothing from the search.
func TestShareOfReserve(t *testing.T) {
	l := newLoad(4, 2, 0.1)
	l.span(10*time.Hour, [classes]int{classEvaluation: 20, classSearch: 20},
		[classes]time.Duration{classEvaluation: 20 * time.Second, classSearch: time.Second})
	own, others := l.s.busy()
	if seconds := l.now.Seconds(); own < 3.5*seconds || others < 1.9*seconds {
		t.Errorf("own %.2f, others %.2f places, want about 3.6 and 2.4", own/seconds, others/seconds)
	}
}

// The node's own confirming runs and inferences wait for no share.
func TestOwnAndInferenceGoFirst(t *testing.T) {
	l := newLoad(1, 0, 0.5)
	line := [classes]int{classEvaluation: 5, classSearch: 2}
	length := [classes]time.Duration{classInference: time.Second, classOwn: time.Second, classEvaluation: 10 * time.Second, classSearch: time.Second}
	l.span(time.Hour, line, length)
	before := l.now
	line[classOwn], line[classInference] = 1, 1
	l.span(l.now+1, line, length) // what runs ends
	l.span(l.now+1, [classes]int{classEvaluation: 5, classSearch: 2}, length)
	l.span(l.now+1, [classes]int{classEvaluation: 5, classSearch: 2}, length)
	if a := l.s.account; a.seconds[classInference] < 1 || l.now-before > 30*time.Second {
		t.Errorf("after %v: inference %v s, own %v s", l.now-before, a.seconds[classInference], a.seconds[classOwn])
	}
}
