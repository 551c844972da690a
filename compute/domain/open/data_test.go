package open

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/domain/tabular"
	"doin.network/node/internal/canon"
)

// A bad data file is named with its line, and a missing one is an error of the configuration.
func TestNewNamesTheFile(t *testing.T) {
	for plugin, file := range map[string]string{
		forecast.Plugin: "month,v\n2000-01,1\n2000-02,x\n",
		tabular.Plugin:  "a,v\n1,1\nx,2\n2,1\n",
	} {
		path := filepath.Join(t.TempDir(), "bad.csv")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := New(plugin, canon.NewObject("data", path))
		if d != nil || !errors.Is(err, supervised.ErrData) || !strings.Contains(err.Error(), path+": data: line 3") {
			t.Errorf("%s: error %v, want ErrData with the path and line 3", plugin, err)
		}
		d, err = New(plugin, canon.NewObject("data", path+".none"))
		if d != nil || !errors.Is(err, os.ErrNotExist) || !errors.Is(err, domain.ErrConfig) {
			t.Errorf("%s: missing file: error %v", plugin, err)
		}
	}
}

// Keys of somebody else in the same object are left alone, and suggested.
func TestOthers(t *testing.T) {
	for plugin, data := range map[string]string{
		forecast.Plugin: "../../../examples/co2/mauna_loa_co2_monthly.csv", tabular.Plugin: "../../../examples/iris/iris.csv", "quadratic": "",
	} {
		config := func(key string) *canon.Object {
			o := canon.NewObject(key, 12)
			if data != "" {
				o.Set("data", data)
			}
			return o
		}
		if _, err := New(plugin, config("elites"), "population", "elites"); err != nil {
			t.Errorf("%s: %v", plugin, err)
		}
		for key, want := range map[string]string{"populaton_size": "population_size", "elitez": "elites", "param_bound": "param_bounds"} {
			_, err := New(plugin, config(key), "population", "elites")
			if !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), `did you mean "`+want+`"?`) {
				t.Errorf("%s: %s: error %v, want ErrConfig with %q", plugin, key, err, want)
			}
		}
	}
}
