package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/valyala/fasthttp"
)

// Tables is what Parts.Stats may answer besides: GET /export/{table}.{format} and GET /stats/export?format.
type Tables interface {
	// ExportTable returns the path of a file of a table, of a state not older than a minute or so, which stays readable once it is
	// open. Errors: ErrNotFound for a table or format that there is none of.
	ExportTable(ctx context.Context, table, format string) (path string, err error)
}

// tableTypes are the formats that a table may be had in, with their content types.
var tableTypes = map[string]string{"parquet": "application/vnd.apache.parquet", "arrow": "application/vnd.apache.arrow.file", "csv": "text/csv; charset=utf-8"}

// exportTable answers GET /export/{table}.{format}, or the part of the file that Range asks for.
func (a *API) exportTable(ctx context.Context, rc *fasthttp.RequestCtx, name string) error {
	table, format, _ := strings.Cut(name, ".")
	return a.sendTable(ctx, rc, table, format)
}

// statsTable answers GET /stats/export?format&table.
func (a *API) statsTable(ctx context.Context, rc *fasthttp.RequestCtx, format string) error {
	table := queryText(rc, "table")
	if table == "" {
		table = "fact_trial"
	}
	return a.sendTable(ctx, rc, table, format)
}

func (a *API) sendTable(ctx context.Context, rc *fasthttp.RequestCtx, table, format string) error {
	tables, ok := a.parts.Stats.(Tables)
	if !ok {
		return recording(ErrDisabled)
	}
	kind, known := tableTypes[format]
	if !known {
		return plainError(fasthttp.StatusNotFound, fmt.Sprintf("no format %.20q: there are arrow, csv and parquet", format))
	}
	path, err := tables.ExportTable(ctx, table, format)
	if errors.Is(err, ErrNotFound) {
		return plainError(fasthttp.StatusNotFound, fmt.Sprintf("no table %.40q", table))
	}
	if err != nil {
		return recording(err)
	}
	d := &download{leave: func() {}}
	if d.file, err = os.Open(path); err != nil {
		return fmt.Errorf("open export: %w", err)
	}
	return sendFile(rc, d, table+"."+format, kind)
}
