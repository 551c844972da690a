package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// attackLists sends nested lists, objects and keys to every route that takes a body, from sixteen addresses at once: first
// 8 MiB each, which nobody may send, then as much as each route takes. Parsed, they would be gigabytes.
func attackLists(t *testing.T, e *enemy) {
	routes := []string{"/inference", "/tasks/claim", "/tasks/complete", "/message"}
	body := func(unit string, size int) []byte {
		head := `{"domain_id":"quadratic","task_id":"x","evaluator_id":"y","input_data":{"x":[`
		return []byte(head + strings.Repeat(unit, (size-len(head)-10)/len(unit)) + `0]}}`)
	}
	for _, size := range []int{8 << 20, 512 << 10, 64 << 10} {
		bodies := [][]byte{body("[],", size), body(`{"a":{}},`, size), body(`"",`, size)}
		var senders sync.WaitGroup
		for i := range 32 {
			own := newEnemy(t, e.host, fmt.Sprintf("127.0.3.%d", 1+i/2), e.friend, e.network)
			senders.Go(func() {
				for j := range 4 {
					res, err := own.client.Post("http://"+e.endpoint()+routes[(i+j)%len(routes)], "application/json", bytes.NewReader(bodies[i%len(bodies)]))
					if err != nil {
						continue // cut off, or closed before it was read
					}
					res.Body.Close()
					if res.StatusCode == http.StatusInternalServerError || size == 8<<20 && res.StatusCode == http.StatusOK {
						t.Errorf("%d bytes to %s: %d", size, routes[(i+j)%len(routes)], res.StatusCode)
					}
				}
			})
		}
		senders.Wait()
	}
	if mem := resident(t, e.cmd.Process.Pid); mem > attackedMemory {
		t.Errorf("resident memory is %d MiB", mem>>20)
	}
}
