package api

import (
	"fmt"
	"testing"
)

func TestTables(t *testing.T) {
	f := newFake(t)
	a, ask := serve(t, f, nil)
	base := listen(t, a)
	g := func(path string, code int, want, kind string) {
		t.Helper()
		got, h, body := ask("GET", path, "")
		if got != code || body != want && want != "" || kind != "" && h.Get("Content-Type") != kind {
			t.Errorf("GET %s = %d %q %s, want %d %q %s", path, got, body, h.Get("Content-Type"), code, want, kind)
		}
	}
	const parquet = "PAR1 and so on parquet"
	g("/export/fact_trial.parquet", 200, parquet, "application/vnd.apache.parquet")
	g("/export/fact_trial.csv", 200, "PAR1 and so on csv", "text/csv; charset=utf-8")
	g("/stats/export?format=arrow", 200, "PAR1 and so on arrow", "application/vnd.apache.arrow.file")
	g("/stats/export?format=parquet&table=fact_trial", 200, parquet, "")
	g("/stats/export?format=sqlite", 200, "", "application/octet-stream")
	g("/export/fact_trial.xlsx", 404, "", "")
	g("/export/fact_trial", 404, "", "")
	g("/export/passwd.csv", 404, "", "")
	code, h, body := request(t, "GET", base+"/export/fact_trial.parquet", "", map[string]string{"Range": "bytes=0-3"})
	if code != 206 || body != "PAR1" || h.Get("Content-Range") != fmt.Sprintf("bytes 0-3/%d", len(parquet)) {
		t.Errorf("a range = %d %q %q", code, body, h.Get("Content-Range"))
	}
	if code, h, body := ask("HEAD", "/export/fact_trial.parquet", ""); code != 200 || body != "" || h.Get("Content-Length") != fmt.Sprint(len(parquet)) {
		t.Errorf("HEAD = %d %v %q", code, h, body)
	}
}
