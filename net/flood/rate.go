package flood

import "time"

// buckets is a bounded set of token buckets by name. A full set forgets the
// buckets that are full again, which lose nothing by it; when none is, strangers
// share one bucket. Not safe for concurrent use.
type buckets struct {
	rate, burst float64
	max         int
	byName      map[string]*bucket
	strangers   bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

const maxBuckets = 4096

func newBuckets(rate, burst float64, now time.Time) *buckets {
	return &buckets{
		rate: rate, burst: burst, max: maxBuckets,
		byName:    make(map[string]*bucket),
		strangers: bucket{tokens: burst, at: now},
	}
}

// weightBytes is the size up to which a message counts as one.
const weightBytes = 8 << 10

// weight is how many messages a body counts as.
func weight(size int) float64 { return max(1, float64(size)/weightBytes) }

// take takes n tokens of name, at most as many as there can be, and reports whether there were so many.
func (b *buckets) take(name string, n float64, now time.Time) bool {
	k := b.byName[name]
	if k == nil {
		if len(b.byName) >= b.max {
			b.sweep(now)
		}
		if len(b.byName) >= b.max {
			k = &b.strangers
		} else {
			k = &bucket{tokens: b.burst, at: now}
			b.byName[name] = k
		}
	}
	b.fill(k, now)
	if n = min(n, b.burst); k.tokens < n {
		return false
	}
	k.tokens -= n
	return true
}

func (b *buckets) fill(k *bucket, now time.Time) {
	if d := now.Sub(k.at); d > 0 {
		k.tokens = min(b.burst, k.tokens+d.Seconds()*b.rate)
		k.at = now
	}
}

func (b *buckets) sweep(now time.Time) {
	for name, k := range b.byName {
		if b.fill(k, now); k.tokens >= b.burst {
			delete(b.byName, name)
		}
	}
}
