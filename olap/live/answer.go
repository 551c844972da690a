package live

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
)

// Answer is what a view shows.
type Answer struct {
	// Binary says that Body has the form of Columns; else it is JSON.
	Binary bool
	Body   []byte
	// Version is the state of the file that it was made of.
	Version int64
}

// view answers one kind of question: with *Columns, or what encoding/json takes.
type view func(*DB, context.Context, *question) (any, error)

// views lists them by name.
var views = map[string]view{
	"runs": (*DB).runList, "history": (*DB).history,
	"trials": (*DB).trials, "trial": (*DB).trial, "family": (*DB).family, "curves": (*DB).curves,
	"claims": (*DB).claims, "votes": (*DB).votes, "migrations": (*DB).migrations, "generations": (*DB).generations,
	"champions": (*DB).champions, "decisions": (*DB).decisions, "nodes": (*DB).nodes, "blocks": (*DB).blocks, "timeline": (*DB).timeline,
	"parallel": (*DB).parallel, "importance": (*DB).importance, "slice": (*DB).slice,
}

// answers keeps the last answers, as long as nothing has changed.
type answers struct {
	mu    sync.Mutex
	of    map[string]*Answer
	bytes int
}

// maxKept bounds the answers that are kept.
const maxKept = 4 << 20

func (a *answers) get(key string, version int64) *Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := a.of[key]; found != nil && found.Version == version {
		return found
	}
	return nil
}

func (a *answers) put(key string, made *Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bytes+len(made.Body)+len(key) > maxKept {
		clear(a.of)
		a.bytes = 0
	}
	if a.of[key] == nil {
		a.bytes += len(made.Body) + len(key)
	} else {
		a.bytes += len(made.Body) - len(a.of[key].Body)
	}
	a.of[key] = made
}

// Answer answers a question. Errors match ErrNoView, ErrInvalid and ErrBudget.
func (db *DB) Answer(ctx context.Context, name string, args url.Values) (*Answer, error) {
	v, ok := views[name]
	if !ok {
		return nil, ErrNoView
	}
	version := db.Version()
	key := name + "?" + args.Encode()
	if kept := db.answers.get(key, version); kept != nil {
		return kept, nil
	}
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	value, err := v(db, ctx, &question{args: args})
	switch {
	case err == nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, ErrBudget
	case errors.Is(err, ErrInvalid):
		return nil, err
	default:
		return nil, fmt.Errorf("olap/live: %s: %w", name, err)
	}
	a := &Answer{Version: version}
	if c, ok := value.(*Columns); ok {
		a.Binary = true
		a.Body, err = c.encode()
	} else {
		a.Body, err = encodeJSON(value)
	}
	if err != nil {
		return nil, fmt.Errorf("olap/live: %s: %w", name, err)
	}
	if len(key) < 4*maxText {
		db.answers.put(key, a)
	}
	return a, nil
}

func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// table is a list of rows as JSON: the names once, then the values.
type table struct {
	Names []string `json:"names"`
	Rows  [][]any  `json:"rows"`
	// Total is the number of rows that there are, More that Total counts no further.
	Total int64 `json:"total"`
	More  bool  `json:"more,omitempty"`
	// Note says what the table is of, where that is less than all.
	Note string `json:"note,omitempty"`
	// Missing says why there is nothing.
	Missing string `json:"missing,omitempty"`
}

// notRecorded is the answer where the file lacks a table.
func notRecorded(name string) *table {
	return &table{Names: []string{}, Rows: [][]any{}, Missing: "the file has no table " + name}
}

// query returns rows as they are; text that is JSON stays text.
func (db *DB) query(ctx context.Context, text string, args ...any) (*table, error) {
	rows, err := db.sql.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	t := &table{Names: names, Rows: [][]any{}}
	for rows.Next() {
		row, err := scan(rows, len(names))
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
	}
	t.Total = int64(len(t.Rows))
	return t, rows.Err()
}

func scan(rows *sql.Rows, n int) ([]any, error) {
	row, targets := make([]any, n), make([]any, n)
	for i := range row {
		targets[i] = &row[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return nil, err
	}
	for i, v := range row {
		if b, ok := v.([]byte); ok {
			row[i] = string(b)
		}
	}
	return row, nil
}
