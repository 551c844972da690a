package live

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// mostSampled bounds a sample of trials, and sampleTime how long taking it may last: a slow disk gives a smaller one.
	mostSampled = 20_000
	sampleTime  = 700 * time.Millisecond
	sampleBatch = 500
	mostNames   = 128 // parameters that are told apart
	mostLevels  = 64  // words of one parameter
	keepSamples = 4
	// freshFor is how long a sample serves while trials go on.
	freshFor = 20 * time.Second
)

// sample is completed trials with a score, evenly spaced in the order in which they were recorded.
type sample struct {
	domain string
	names  []string    // of parameters, the most common first
	values [][]float32 // by parameter, then trial; NaN: the trial has none. Words are their level's number.
	levels [][]string  // of parameters that are words, else nil
	score  []float32
	total  int64 // trials that it is a sample of
	taken  time.Time
	last   int64 // rowid that it goes up to

	once    sync.Once
	weights []Importance
}

// importance is that of the sample's parameters, weighed once. The caller does not change it.
func (s *sample) importance() []Importance {
	s.once.Do(func() { s.weights = s.weigh() })
	return s.weights
}

// samples keeps the last few.
type samples struct {
	mu   sync.Mutex
	list []*sample
}

// ends are the first and the last rowid of fact_trial, 1 and 0 without a row. In one question over the table SQLite would read all of it.
const ends = "coalesce((SELECT min(rowid) FROM fact_trial), 1), coalesce((SELECT max(rowid) FROM fact_trial), 0)"

// sample returns a sample of a domain's trials.
func (db *DB) sample(ctx context.Context, domain string) (*sample, error) {
	var first, last int64
	if err := db.sql.QueryRowContext(ctx, "SELECT "+ends).Scan(&first, &last); err != nil {
		return nil, err
	}
	s := &db.samples
	s.mu.Lock() // also while it is taken: two who ask for the same wait for one
	defer s.mu.Unlock()
	for _, one := range s.list {
		if one.domain == domain && (one.last == last || time.Since(one.taken) < freshFor) {
			return one, nil
		}
	}
	one, err := db.take(ctx, domain, first, last)
	if err != nil {
		return nil, err
	}
	s.list = slices.DeleteFunc(s.list, func(o *sample) bool { return o.domain == domain })
	s.list = append([]*sample{one}, s.list...)
	s.list = s.list[:min(len(s.list), keepSamples)]
	return one, nil
}

// take reads a sample. The rowids lie evenly; they are read in an order in which every part of the file comes early, so that
// what is there when the time is over is a sample too.
func (db *DB) take(ctx context.Context, domain string, first, last int64) (*sample, error) {
	one := &sample{domain: domain, total: last - first + 1, taken: time.Now(), last: last}
	wanted := min(mostSampled, one.total)
	ids := make([]int64, 0, wanted)
	for i := range wanted {
		ids = append(ids, first+i*one.total/wanted)
	}
	b := builder{sample: one, at: map[string]int{}}
	batches := (len(ids) + sampleBatch - 1) / sampleBatch
	for k := range batches {
		var batch []any
		for i := k; i < len(ids); i += batches { // every batch goes through the whole file
			batch = append(batch, ids[i])
		}
		if err := db.takeBatch(ctx, &b, domain, batch); err != nil {
			return nil, err
		}
		if time.Since(one.taken) > sampleTime {
			break
		}
	}
	b.finish()
	return one, nil
}

func (db *DB) takeBatch(ctx context.Context, b *builder, domain string, batch []any) error {
	marks := strings.TrimSuffix(strings.Repeat("?,", len(batch)), ",")
	rows, err := db.sql.QueryContext(ctx, fmt.Sprintf(`SELECT score, parameters FROM fact_trial WHERE rowid IN (%s) AND score IS NOT NULL
		AND (? = '' OR domain_id = ?)`, marks), append(batch, domain, domain)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var score float64
		var text *string
		if err := rows.Scan(&score, &text); err != nil {
			return err
		}
		if text != nil {
			b.add(score, *text)
		}
	}
	return rows.Err()
}

// builder fills a sample.
type builder struct {
	*sample
	at    map[string]int
	words []map[string]int
	count []int
}

func (b *builder) add(score float64, parameters string) {
	row := len(b.score)
	b.score = append(b.score, float32(score))
	flat(parameters, func(name string, number bool, v float64, s string) {
		j, ok := b.at[name]
		if !ok {
			if len(b.names) >= mostNames {
				return
			}
			j = len(b.names)
			b.at[strings.Clone(name)] = j
			b.names, b.values = append(b.names, strings.Clone(name)), append(b.values, nil)
			b.levels, b.words, b.count = append(b.levels, nil), append(b.words, nil), append(b.count, 0)
		}
		if !number {
			if v, ok = b.level(j, s); !ok {
				return
			}
		}
		for len(b.values[j]) < row {
			b.values[j] = append(b.values[j], float32(math.NaN()))
		}
		if len(b.values[j]) == row {
			b.values[j] = append(b.values[j], float32(v))
			b.count[j]++
		}
	})
}

// level returns the number of a word.
func (b *builder) level(j int, s string) (float64, bool) {
	if b.words[j] == nil {
		b.words[j] = map[string]int{}
	}
	n, ok := b.words[j][s]
	if !ok {
		if n = len(b.levels[j]); n >= mostLevels {
			return 0, false
		}
		s = strings.Clone(s)
		b.words[j][s] = n
		b.levels[j] = append(b.levels[j], s)
	}
	return float64(n), true
}

// finish makes all columns as long as the sample, and leaves out parameters that are the same in all trials.
func (b *builder) finish() {
	var keep []int
	for j := range b.names {
		for len(b.values[j]) < len(b.score) {
			b.values[j] = append(b.values[j], float32(math.NaN()))
		}
		if varies(b.values[j]) {
			keep = append(keep, j)
		}
	}
	slices.SortStableFunc(keep, func(i, j int) int { return cmp.Compare(b.count[j], b.count[i]) })
	names, values, levels := b.names, b.values, b.levels
	b.names, b.values, b.levels = nil, nil, nil
	for _, j := range keep {
		b.names, b.values, b.levels = append(b.names, names[j]), append(b.values, values[j]), append(b.levels, levels[j])
	}
}

func varies(values []float32) bool {
	first := float32(math.NaN())
	for _, v := range values {
		if v == v && first == first && v != first {
			return true
		}
		if first != first {
			first = v
		}
	}
	return false
}

// head is what every answer says of its sample.
func (s *sample) head() map[string]any {
	return map[string]any{"sample": len(s.score), "of": s.total, "names": orEmpty(s.names), "levels": s.levels}
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
