package task

import (
	"errors"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

func TestCreatedMessage(t *testing.T) {
	reported := -4.5
	sent := &Task{
		Type: Verification, DomainID: "d", Status: Pending, RequesterID: "r", OptimaeID: "o",
		Parameters: canon.NewObject("x", []any{1.0}), ReportedPerformance: &reported, CreatedAt: timestamp.FromMicro(7),
	}
	sent.ID = sent.ComputeID()
	got, err := FromCreated(sent.Created(), timestamp.FromMicro(9))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != sent.ID || got.CreatedAt.Micro() != 9 || got.Status != Pending || *got.ReportedPerformance != reported {
		t.Errorf("FromCreated = %+v", got)
	}
	same(t, "payload", got.Created(), sent.Created())

	payload := canon.NewObject("task_type", Inference, "domain_id", "d", "requester_id", "r")
	got, err = FromCreated(payload, timestamp.FromMicro(9))
	if err != nil || got.ID != got.ComputeID() || got.Priority != PriorityInference || got.Parameters.Len() != 0 {
		t.Errorf("FromCreated with defaults = %+v, %v", got, err)
	}
}

func TestFromCreatedRefuses(t *testing.T) {
	at := timestamp.FromMicro(9)
	f := func(text string) {
		t.Helper()
		o := must(canon.ParseObject([]byte(text)))
		if tk, err := FromCreated(o, at); !errors.Is(err, ErrInvalid) {
			t.Errorf("FromCreated(%s) = %+v, %v, want ErrInvalid", text, tk, err)
		}
	}
	const rest = `"domain_id":"d","requester_id":"r"`
	f(`{}`)
	f(`{` + rest + `}`)
	f(`{"task_type":"mining",` + rest + `}`)
	f(`{"task_type":"inference_request","requester_id":"r"}`)
	f(`{"task_type":"inference_request","parameters":null,` + rest + `}`)
	f(`{"task_type":"inference_request","parameters":[],` + rest + `}`)
	f(`{"task_type":"inference_request","metric_evidence":1,` + rest + `}`)
	f(`{"task_type":"inference_request","priority":0.5,` + rest + `}`)
	f(`{"task_type":"inference_request","reported_performance":[],` + rest + `}`)
	f(`{"task_type":"inference_request","optimae_id":[],` + rest + `}`)
	o := must(canon.ParseObject([]byte(`{"task_type":"inference_request","task_id":"",` + rest + `}`)))
	if tk, err := FromCreated(o, at); err != nil || tk.ID != tk.ComputeID() {
		t.Errorf("FromCreated without an id = %+v, %v", tk, err)
	}
	if tk, err := FromCreated(o, timestamp.Time{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("FromCreated without a time = %+v, %v, want ErrInvalid", tk, err)
	}
}

func FuzzFromCreated(f *testing.F) {
	f.Add([]byte(`{"task_type":"inference_request","domain_id":"d","requester_id":"r","priority":"3"}`))
	f.Add([]byte(`{"task_type":"optimae_verification","domain_id":"d","requester_id":"r","task_id":"x","parameters":{"x":[1.0]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		tk, err := FromCreated(o, timestamp.FromMicro(9))
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("error %v does not match ErrInvalid", err)
			}
			return
		}
		again, err := FromCreated(tk.Created(), tk.CreatedAt)
		if err != nil || !canon.Equal(again.Object(), tk.Object()) {
			t.Fatalf("round trip of %s: %v", canon.Default(tk.Object()), err)
		}
	})
}
