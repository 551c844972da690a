package command

import (
	"testing"

	"doin.network/node/internal/canon"
)

// FuzzTask: no task file panics.
func FuzzTask(f *testing.F) {
	f.Add([]byte(`{"contract":"c","domain":"forecast","genome":{"layers":1},"data_hash":"ab","seed":7,"config":{}}`))
	f.Add([]byte(`{"model":{"inputs":2,"layers":[{"dense":3}]},"seed":"18446744073709551615","data":{"x":[[1,2]],"y":[[3]]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		_, _ = parseTask(o)
		_, _ = readTraining(nil, o)
	})
}
