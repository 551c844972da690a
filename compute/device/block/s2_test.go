package block

import (
	"testing"

	"doin.network/node/compute/nn"
)

// TestS2 pins the shared memory of the workload that the design is made for: three blocks of it on a multiprocessor with
// 228 KiB (Hopper), one with 100 KiB (Ada), a KiB of each being the system's.
func TestS2(t *testing.T) {
	task := small(1, 1000)
	task.Config.Inputs, task.Config.Hidden, task.Config.Batch = 32, []int{64, 64}, 64
	task.Train = samples{task.Key, 4096, 0, nn.MSE, -1}
	p, err := compile(trainingShape(&task), trainNarrow.threads, 227<<10)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", p.sharedBytes)
	if p.streamed || 3*(p.sharedBytes+1024) > 228<<10 {
		t.Errorf("%d bytes of shared memory, streamed: %v", p.sharedBytes, p.streamed)
	}
}
