package stack

import (
	"errors"
	"strings"
	"testing"

	"doin.network/node/chain/protocol"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

func TestCheckLimits(t *testing.T) {
	cfg, _, err := config.Parse("test.json", []byte(`{"domains": [{"domain_id": "d", "evaluate": true, "optimization_plugin": "forecast",
		"param_bounds": {"rate": [0.001, 0.1], "width": [1, 64]},
		"resource_limits": {"max_epochs": 10, "max_batch_size": 32}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := &cfg.Domains[0]
	f := func(parameters, refused string) {
		t.Helper()
		p, err := canon.ParseObject([]byte(parameters))
		if err != nil {
			t.Fatal(err)
		}
		err = CheckLimits(d, p)
		switch {
		case refused == "" && err != nil:
			t.Errorf("CheckLimits(%s) = %v", parameters, err)
		case refused != "" && (!errors.Is(err, protocol.ErrAbstain) || !strings.Contains(err.Error(), `"`+refused+`"`)):
			t.Errorf("CheckLimits(%s) = %v, want ErrAbstain because of %q", parameters, err, refused)
		}
	}
	f(`{}`, "")
	f(`{"rate": 0.1, "width": 64, "epochs": 10, "batch_size": 32}`, "")
	f(`{"rate": 0.11}`, "rate")
	f(`{"rate": 0}`, "rate")
	f(`{"width": 65}`, "width")
	f(`{"width": [8, 64]}`, "")
	f(`{"width": [8, 65]}`, "width")
	f(`{"genome": {"width": 65}}`, "width")
	f(`{"genome": {"batch": 33}}`, "batch")
	f(`{"genome": 5, "batch": 33}`, "batch")
	f(`{"epochs": 11}`, "epochs")
	f(`{"epochs": "many"}`, "") // no number: the domain's to judge
	f(`{"other": 1e300}`, "")
	f(`{"epochs": 1`+strings.Repeat("0", 30)+`}`, "epochs")
	f(`{"epochs": 1`+strings.Repeat("0", 400)+`}`, "epochs") // beyond a double
}
