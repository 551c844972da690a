// Package score reads what a champion and the models beside it are worth out of metrics: which error they have in common, and
// its values on the validation cases and on the test.
package score

import (
	"fmt"
	"strings"

	"doin.network/node/internal/canon"
)

// What metrics begin with, of the parts of the data.
const (
	validation = "val_"
	test       = "test_"
)

// relative is no model: the champion's own error in units of the baseline's is called val_relative_ERROR.
const relative = "relative"

// crossEntropy is the one error with a name of two words.
const crossEntropy = "cross_entropy"

// Score is one model's error: numbers, int64 or float64, nil where they are not told.
type Score struct {
	Name             string // of a baseline; "" for the champion
	Validation, Test any
}

// Read returns the error that a champion and the baselines have in common, the shortest name of several, and its values. metrics
// are the champion's, nil for none; baselines those of the models beside it, which may be the same object: a champion's
// metrics hold them too. Where there is no champion, the error is that of the first baseline, and own is nil. kind is "" where nothing
// is measured.
func Read(metrics, baselines *canon.Object) (kind string, own *Score, others []Score) {
	if kind = common(metrics, baselines); kind == "" {
		return "", nil, nil
	}
	if v := Number(metrics, validation+kind); v != nil {
		own = &Score{Validation: v, Test: Number(metrics, test+kind)}
	}
	for _, key := range baselines.Keys() {
		if name, ok := model(key, kind); ok {
			others = append(others, Score{name, Number(baselines, key), Number(baselines, test+name+"_"+kind)})
		}
	}
	return kind, own, others
}

// Best is the score with the smallest validation error, nil for none.
func Best(list []Score) (best *Score) {
	for i := range list {
		v, ok := Float(list[i].Validation)
		if !ok {
			continue
		}
		if best == nil {
			best = &list[i]
		} else if w, _ := Float(best.Validation); v < w {
			best = &list[i]
		}
	}
	return best
}

func common(metrics, baselines *canon.Object) (kind string) {
	for _, key := range baselines.Keys() {
		rest, ok := strings.CutPrefix(key, validation)
		if !ok {
			continue
		}
		if metrics == nil {
			if strings.HasSuffix(rest, "_"+crossEntropy) {
				return crossEntropy
			}
			return rest[strings.LastIndexByte(rest, '_')+1:]
		}
		for _, own := range metrics.Keys() {
			k, ok := strings.CutPrefix(own, validation)
			if _, measured := model(key, k); ok && measured && k != "accuracy" && (kind == "" || len(k) < len(kind)) {
				kind = k
			}
		}
	}
	return kind
}

// model returns the name of the baseline whose error of a kind a key tells.
func model(key, kind string) (name string, ok bool) {
	rest, ok1 := strings.CutPrefix(key, validation)
	name, ok2 := strings.CutSuffix(rest, "_"+kind)
	return name, ok1 && ok2 && name != "" && kind != "" && name != relative
}

// String is the pair "validation (test)".
func (s Score) String() string {
	if s.Test == nil {
		return Figure(s.Validation)
	}
	return fmt.Sprintf("%s (%s)", Figure(s.Validation), Figure(s.Test))
}

// Figure shows a number; what is none is a dash.
func Figure(v any) string {
	switch v := v.(type) {
	case int64:
		return fmt.Sprint(v)
	case float64:
		return fmt.Sprintf("%.6g", v)
	}
	return "–"
}

// Number returns a member that is a number, else nil. The object may be nil.
func Number(o *canon.Object, key string) any {
	v, _ := o.Get(key)
	switch v.(type) {
	case int64, float64:
		return v
	}
	return nil
}

// Float returns what Number has returned.
func Float(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
