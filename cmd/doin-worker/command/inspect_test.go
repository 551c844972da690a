package command

import (
	"bytes"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func TestInspect(t *testing.T) {
	const file = "../../../compute/domain/inspect/testdata/us_macro_quarterly.csv"
	f := func(args, want string) {
		t.Helper()
		out, err := output(t, append([]string{"inspect"}, strings.Fields(args)...)...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("inspect %s = %q, %v, want %q", args, out, err, want)
		}
	}
	f(file, `"value_column": "realgdp"`)
	f(file+" --target unemp", `"value_column": "unemp"`)
	f("--target unemp -- "+file, `"value_column": "unemp"`)
	f("--set horizon=4 --set value_column=cpi "+file, `"value_column": "cpi"`)
	f(file+" --task regression --target unemp", "regression by the plugin tabular")
	out, err := output(t, "inspect", file, "--json", "--set", "horizon=4")
	if err != nil {
		t.Fatal(err)
	}
	o, err := canon.ParseObject([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := object(t, string(canon.Default(mustObject(t, o, "config")))).Int("horizon"); err != nil || n != 4 {
		t.Errorf("horizon %d, %v, want 4", n, err)
	}
	refuses := func(args, want string) {
		t.Helper()
		if out, err := output(t, append([]string{"inspect", "--json"}, strings.Fields(args)...)...); err == nil || out != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("inspect %s = %q, %v, want %q", args, out, err, want)
		}
	}
	if out, err := output(t, "inspect", file, "--target", "gold"); err == nil || !strings.Contains(out, "realgdp  number") || strings.Contains(out, "config") {
		t.Errorf("of a file that is refused %q is printed, %v", out, err)
	}
	refuses("", "usage")
	refuses(file+" "+file, "usage")
	refuses("none.csv", "none.csv")
	refuses(file+" --task sums", "must be one of")
	refuses(file+" --target gold", "gold")
	refuses(file+" --set horizon", "KEY=VALUE")
	refuses(file+" --set horizon=no", "horizon")
	refuses(file+" --set horizons=2", `did you mean "horizon"?`)
	refuses(file+" --set decimal=.", "line 2")
}

func mustObject(t *testing.T, o *canon.Object, key string) *canon.Object {
	t.Helper()
	v, err := o.Object(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBar(t *testing.T) {
	var out bytes.Buffer
	b := bar{out: &out, shown: true}
	for done := int64(0); done <= 1000; done++ {
		b.show(done, 1000)
	}
	b.show(1, -1)
	b.end()
	if n := strings.Count(out.String(), "\r"); n != 102 || !strings.Contains(out.String(), "[====================                    ]  50 %") {
		t.Errorf("%d lines: %q", n, out.String())
	}
	hidden := bar{out: &out}
	out.Reset()
	hidden.show(1, 2)
	if hidden.end(); out.Len() > 0 {
		t.Errorf("a hidden bar writes %q", out.String())
	}
}
