package live

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// question reads the arguments of a view. The first one that is wrong is err; its readers return what is allowed then.
type question struct {
	args url.Values
	err  error
}

// maxText bounds an argument.
const maxText = 256

func (q *question) bad(name, why string) {
	if q.err == nil {
		q.err = fmt.Errorf("%w: %s %s", ErrInvalid, name, why)
	}
}

func (q *question) text(name string) string {
	v := q.args.Get(name)
	if len(v) > maxText {
		q.bad(name, fmt.Sprintf("is longer than %d bytes", maxText))
		return ""
	}
	return strings.ToValidUTF8(v, "�")
}

// texts returns the values of an argument that may come again, at most n.
func (q *question) texts(name string, n int) []string {
	all := q.args[name]
	if len(all) > n {
		q.bad(name, fmt.Sprintf("comes %d times, at most %d", len(all), n))
		return nil
	}
	for _, v := range all {
		if len(v) > maxText {
			q.bad(name, fmt.Sprintf("is longer than %d bytes", maxText))
			return nil
		}
	}
	return all
}

func (q *question) integer(name string, otherwise, low, high int) int {
	v := q.args.Get(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		q.bad(name, fmt.Sprintf("must be an integer in [%d, %d]", low, high))
		return otherwise
	}
	return n
}

func (q *question) number(name string, otherwise float64) float64 {
	v := q.args.Get(name)
	if v == "" {
		return otherwise
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(f) {
		q.bad(name, "must be a number")
		return otherwise
	}
	return f
}

// choice returns one of the words; the first where there is none.
func (q *question) choice(name string, words ...string) string {
	v := q.args.Get(name)
	if v == "" {
		return words[0]
	}
	if !slices.Contains(words, v) {
		q.bad(name, "must be one of "+strings.Join(words, ", "))
		return words[0]
	}
	return v
}
