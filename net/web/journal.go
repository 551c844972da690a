package web

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Journal keeps the newest lines of a log in memory, for /web/log. It is safe for concurrent use.
type Journal struct {
	mu    sync.Mutex
	lines []Entry // a ring
	next  int64   // number of the next line, from 1
}

// Entry is one line of the log.
type Entry struct {
	Number  int64  `json:"number"`
	Time    string `json:"time"`
	Level   string `json:"level"`
	Message string `json:"message"`
	// Text is the attributes as key=value.
	Text string `json:"text"`
}

const (
	maxEntry = 2 << 10 // bytes of one line's attributes
	maxLines = 1 << 14
)

// NewJournal returns a journal of n lines, from 1 to maxLines.
func NewJournal(n int) *Journal {
	return &Journal{lines: make([]Entry, min(max(n, 1), maxLines)), next: 1}
}

// Handler returns a handler that writes to next, and keeps what it writes.
func (j *Journal) Handler(next slog.Handler) slog.Handler { return &recorder{journal: j, next: next} }

// After returns the lines after a number, the oldest first.
func (j *Journal) After(number int64) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := []Entry{}
	n := int64(len(j.lines))
	for i := max(number+1, j.next-n, 1); i < j.next; i++ {
		out = append(out, j.lines[i%n])
	}
	return out
}

func (j *Journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.Number = j.next
	j.lines[j.next%int64(len(j.lines))] = e
	j.next++
}

// recorder is a handler with a journal; text are the attributes of With, groups those of WithGroup.
type recorder struct {
	journal *Journal
	next    slog.Handler
	text    string
	groups  string
}

// Enabled implements slog.Handler.
func (r *recorder) Enabled(ctx context.Context, l slog.Level) bool { return r.next.Enabled(ctx, l) }

// Handle implements slog.Handler.
func (r *recorder) Handle(ctx context.Context, rec slog.Record) error {
	var b strings.Builder
	b.WriteString(r.text)
	rec.Attrs(func(a slog.Attr) bool {
		write(&b, r.groups, a)
		return b.Len() < maxEntry
	})
	text := b.String()
	if len(text) > maxEntry {
		text = strings.ToValidUTF8(text[:maxEntry], "") + "…"
	}
	r.journal.add(Entry{Time: rec.Time.UTC().Format(time.RFC3339Nano), Level: rec.Level.String(), Message: rec.Message, Text: strings.TrimPrefix(text, " ")})
	return r.next.Handle(ctx, rec)
}

func write(b *strings.Builder, groups string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups += a.Key + "."
		}
		for _, one := range v.Group() {
			write(b, groups, one)
		}
		return
	}
	b.WriteString(" " + groups + a.Key + "=")
	if s := v.String(); strings.ContainsAny(s, " \"\n=") {
		b.WriteString(`"` + strings.NewReplacer("\n", " ", `"`, "'").Replace(s) + `"`)
	} else {
		b.WriteString(s)
	}
}

// WithAttrs implements slog.Handler.
func (r *recorder) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		write(&b, r.groups, a)
	}
	return &recorder{r.journal, r.next.WithAttrs(attrs), r.text + b.String(), r.groups}
}

// WithGroup implements slog.Handler.
func (r *recorder) WithGroup(name string) slog.Handler {
	groups := r.groups
	if name != "" {
		groups += name + "."
	}
	return &recorder{r.journal, r.next.WithGroup(name), r.text, groups}
}
