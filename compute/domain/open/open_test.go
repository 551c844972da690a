package open

import (
	"errors"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

func TestNew(t *testing.T) {
	for _, name := range Plugins() {
		config := canon.NewObject()
		switch name {
		case "forecast":
			config.Set("data", "../../../examples/co2/mauna_loa_co2_monthly.csv")
		case "tabular":
			config.Set("data", "../../../examples/iris/iris.csv")
		}
		d, err := New(name, config)
		if err != nil {
			t.Errorf("New(%q): %v", name, err)
			continue
		}
		a := d.Describe()
		if err := a.Space.Validate(); err != nil || len(a.DataHash) != 64 || a.ContractVersion == "" {
			t.Errorf("%s: %+v (%v)", name, a, err)
		}
		_, steps := d.(domain.Stepper)
		if want := a.Strategy == domain.StrategyHillClimber; steps != want {
			t.Errorf("%s: strategy %s, Stepper %v", name, a.Strategy, steps)
		}
		if d.Naive() == nil {
			t.Errorf("%s: no baseline", name)
		}
	}
	if d, err := New("quadratik", nil); d != nil || !errors.Is(err, ErrUnknownPlugin) {
		t.Errorf("New of an unknown plugin = %v, %v", d, err)
	}
	if d, err := New("forecast", nil); d != nil || !errors.Is(err, domain.ErrConfig) {
		t.Errorf("New without data = %v, %v", d, err)
	}
}
