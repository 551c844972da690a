package inspect

import (
	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// readOptions reads the settings of a file's text.
func readOptions(settings *canon.Object) (o data.Options, err error) {
	r := domain.NewReader(settings)
	r.Text("separator", &o.Separator)
	r.Text("decimal", &o.Decimal)
	r.Text("thousands", &o.Thousands)
	return o, r.Err(settings.Keys()...)
}
