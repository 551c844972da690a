package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestAgreement: a built-in domain is exact unless it names a model on which machines do not agree bit for bit, and then cannot be.
func TestAgreement(t *testing.T) {
	f := func(members, want, refused string) {
		t.Helper()
		c, _, err := Parse("test", []byte(fmt.Sprintf(`{"domains": [{"domain_id": "d", "evaluate": true, %s}]}`, members)))
		if refused != "" {
			if err == nil || !strings.Contains(err.Error(), refused) {
				t.Errorf("%s: Parse = %v, want %q", members, err, refused)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Domains[0].ClaimAgreement().String(); got != want {
			t.Errorf("%s: %s, want %s", members, got, want)
		}
	}
	f(`"optimization_plugin": "forecast", "optimization_config": {"models": ["mlp", "tcn"]}`, "exact", "")
	f(`"optimization_plugin": "forecast", "optimization_config": {"models": ["mlp", "gru"]}`, "within 1/1000", "")
	f(`"optimization_plugin": "forecast", "optimization_config": {"models": ["mlp", "gru"]}, "agreement": {"within": "1/500"}`, "within 1/500", "")
	f(`"optimization_plugin": "tabular", "optimization_config": {"models": ["attention"]}, "agreement": "exact"`, "", `model "attention"`)
	f(`"optimization_plugin": "exec:./own", "optimization_config": {"models": ["gru"]}, "agreement": "exact"`, "exact", "")
	f(`"optimization_plugin": "exec:./own"`, "within 1/1000", "")
}
