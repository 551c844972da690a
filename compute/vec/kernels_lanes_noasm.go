//go:build !amd64 || purego

package vec

// laneTiles, panelCall and fewCalls are what assembly would be called with.
type (
	laneTiles struct{}
	panelCall struct{}
	fewCalls  struct{}
)

func (*laneTiles) run() {}

func (*panelCall) run() {}

func (*fewCalls) run() {}

func cutLanes(ISA, *LaneProduct) []laneTiles { return nil }

func cutPanels(ISA, []float32, int, []float32, int, int, []float32, int, int, int, int) []panelCall {
	return nil
}

func cutFew(ISA, []float32, int, []float32, int, int, []float32, int, int, int, int) *fewCalls {
	return nil
}
