package live

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// busy is how many trainings ran at a time, by device and status, in buckets: what single trials would take is not kept.
type busy struct {
	mu    sync.RWMutex
	lanes map[string]*lane
	last  int64 // rowid of the last row read
}

// lane is a device's buckets, of which the first begins at start. When they become too many, two become one.
type lane struct {
	start, width float64   // in seconds
	seconds      []float32 // of trainings, in each bucket
	failed       int64
	trials       int64
	low, high    float64 // ends of trainings
}

const (
	mostLanes    = 32
	mostBuckets  = 8192
	firstWidth   = 0.25 // seconds
	trialsAtOnce = 20_000
	others       = "others"
)

// loadBusy reads the next trials; more says that there are others.
func (db *DB) loadBusy(ctx context.Context) (more bool, err error) {
	if !db.has("fact_trial") {
		return false, nil
	}
	b := &db.busy
	b.mu.RLock()
	last := b.last
	b.mu.RUnlock()
	read, err := db.readTrainings(ctx, last)
	if err != nil {
		return false, err
	}
	b.mu.Lock() // only now: nobody waits for the disk
	defer b.mu.Unlock()
	for i := range read {
		t := &read[i]
		b.last = t.rowid
		if t.known {
			b.add(t.device, t.end, t.seconds, t.failed)
		}
	}
	return len(read) == trialsAtOnce, nil
}

// training is what is kept of a row; known is false where it has no time.
type training struct {
	rowid         int64
	device        string
	end, seconds  float64
	failed, known bool
}

// readTrainings reads the rows after a rowid, at most trialsAtOnce.
func (db *DB) readTrainings(ctx context.Context, last int64) ([]training, error) {
	rows, err := db.sql.QueryContext(ctx, "SELECT rowid, timestamp_utc, seconds, device, status FROM fact_trial WHERE rowid > ? ORDER BY rowid LIMIT ?",
		last, trialsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []training
	for rows.Next() {
		var t training
		var when, status string
		var seconds *float64
		var device *string
		if err := rows.Scan(&t.rowid, &when, &seconds, &device, &status); err != nil {
			return nil, err
		}
		if t.end, t.known = moment(when); t.known && seconds != nil {
			t.seconds, t.device, t.failed = *seconds, name(device), status == "failed"
		} else {
			t.known = false
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// name is a device's.
func name(device *string) string {
	if device == nil || *device == "" {
		return "processor"
	}
	return *device
}

// moment reads a time of the file as seconds since 1970.
func moment(text string) (float64, bool) {
	text = strings.Replace(strings.TrimSuffix(text, "Z"), " ", "T", 1)
	text = strings.TrimSuffix(text, "+00:00")
	t, err := time.Parse("2006-01-02T15:04:05.999999999", text)
	if err != nil {
		return 0, false
	}
	return float64(t.UnixMicro()) / 1e6, true
}

func (b *busy) add(device string, end, seconds float64, failed bool) {
	l := b.lanes[device]
	if l == nil {
		if len(b.lanes) >= mostLanes {
			device = others
		}
		if l = b.lanes[device]; l == nil {
			l = &lane{start: end - max(0, seconds), width: firstWidth, low: math.Inf(1), high: math.Inf(-1)}
			b.lanes[strings.Clone(device)] = l
		}
	}
	l.trials++
	l.failed += int64(btoi(failed))
	from := max(end-max(0, seconds), l.start) // what began before the first one's start is counted from there
	l.low, l.high = min(l.low, from), max(l.high, end)
	for end-l.start >= l.width*mostBuckets {
		l.halve()
	}
	for at := from; at < end; {
		k := int((at - l.start) / l.width)
		until := min(end, l.start+float64(k+1)*l.width)
		if until <= at {
			break // as far as numbers can tell
		}
		for len(l.seconds) <= k {
			l.seconds = append(l.seconds, 0)
		}
		l.seconds[k] += float32(until - at)
		at = until
	}
}

// halve makes buckets twice as wide.
func (l *lane) halve() {
	l.width *= 2
	half := l.seconds[:0]
	for i := 0; i < len(l.seconds); i += 2 {
		v := l.seconds[i]
		if i+1 < len(l.seconds) {
			v += l.seconds[i+1]
		}
		half = append(half, v)
	}
	l.seconds = half
}

// mostBars bounds the single trainings of a picture.
const mostBars = 3000

// timeline answers with how many trainings ran at a time on each device: columns x and one for each lane. Of a range with few
// trainings it has them all: columns start, end (seconds since head.low) and lane, by the number in head.lanes.
func (db *DB) timeline(ctx context.Context, q *question) (any, error) {
	width := q.integer("width", 800, fewestPixel, mostPixels)
	from, to := q.number("from", math.Inf(-1)), q.number("to", math.Inf(1))
	if q.err != nil {
		return nil, q.err
	}
	if !db.has("fact_trial") {
		return notRecorded("fact_trial"), nil
	}
	out := &Columns{Head: map[string]any{}}
	low, high, names := db.busy.draw(out, from, to, min(width, 1024))
	if names == nil {
		return out, nil
	}
	return out, db.bars(ctx, out, low, high, names)
}

// draw appends the lanes between from and to and returns the ends of what is drawn.
func (b *busy) draw(out *Columns, from, to float64, places int) (low, high float64, names []string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	low, high = math.Inf(1), math.Inf(-1)
	for id, l := range b.lanes {
		names = append(names, id)
		low, high = min(low, l.low), max(high, l.high)
	}
	slices.Sort(names)
	heads := []any{}
	out.Head["low"], out.Head["high"] = orNull(low), orNull(high)
	low, high = max(low, from), min(high, to)
	step := (high - low) / float64(places)
	if !(step > 0) {
		out.Head["lanes"] = heads
		return low, high, nil
	}
	for _, id := range names { // no finer than the buckets
		step = max(step, b.lanes[id].width)
	}
	places = max(1, int((high-low)/step))
	step = (high - low) / float64(places)
	x := make([]float64, places)
	for i := range x {
		x[i] = low + (float64(i)+0.5)*step
	}
	out.F64("x", x)
	for _, id := range names {
		l := b.lanes[id]
		y := make([]float64, places)
		for i := range y {
			y[i] = l.between(low+float64(i)*step, low+float64(i+1)*step) / step
		}
		out.F32(id, y)
		heads = append(heads, map[string]any{"name": id, "trials": l.trials, "failed": l.failed})
	}
	out.Head["lanes"], out.Head["step"] = heads, step
	return low, high, names
}

// between returns the seconds of trainings between two moments; parts of buckets count by their width.
func (l *lane) between(from, to float64) (sum float64) {
	a, b := max(0, (from-l.start)/l.width), min((to-l.start)/l.width, float64(len(l.seconds)))
	for k := int(a); float64(k) < b; k++ {
		share := min(b, float64(k+1)) - max(a, float64(k))
		sum += share * float64(l.seconds[k])
	}
	return sum
}

// bars appends single trainings, where there are few between from and to: rows lie in the order of their ends, so that the
// place of a moment is found by halving.
func (db *DB) bars(ctx context.Context, out *Columns, from, to float64, names []string) error {
	first, err := db.rowAt(ctx, from)
	if err != nil {
		return err
	}
	last, err := db.rowAt(ctx, to)
	if err != nil || last-first > mostBars {
		return err
	}
	t, err := db.query(ctx, fmt.Sprintf(`SELECT timestamp_utc, seconds, device, trial_id, score, status FROM fact_trial
		WHERE rowid BETWEEN ? AND ? AND seconds IS NOT NULL ORDER BY rowid LIMIT %d`, mostBars), first, last)
	if err != nil {
		return err
	}
	var start, end []float64
	var at []uint8
	ids := []any{}
	for _, row := range t.Rows {
		when, _ := row[0].(string)
		e, ok := moment(when)
		seconds, numeric := float(row[1])
		if !ok || !numeric {
			continue
		}
		var device *string
		if s, ok := row[2].(string); ok {
			device = &s
		}
		k := slices.Index(names, name(device))
		if k < 0 {
			k = slices.Index(names, others)
		}
		start, end, at = append(start, e-seconds), append(end, e), append(at, uint8(max(0, k)))
		if len(ids) < 500 {
			ids = append(ids, row[3])
		}
	}
	out.F64("start", start)
	out.F64("end", end)
	out.U8("lane", at)
	out.Head["trials"] = ids
	return nil
}

// rowAt returns the first rowid of fact_trial whose training ended at a moment or later.
func (db *DB) rowAt(ctx context.Context, at float64) (int64, error) {
	var low, high int64
	if err := db.sql.QueryRowContext(ctx, "SELECT "+ends).Scan(&low, &high); err != nil {
		return 0, err
	}
	for high++; low < high; {
		mid := low + (high-low)/2
		var when string
		if err := db.sql.QueryRowContext(ctx, "SELECT timestamp_utc FROM fact_trial WHERE rowid >= ? ORDER BY rowid LIMIT 1", mid).Scan(&when); err != nil {
			return 0, err
		}
		if t, ok := moment(when); ok && t < at {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, nil
}

// float is a value of the file as a number.
func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		return float64(btoi(v)), true
	}
	return math.NaN(), false
}
